package dev.skald.compare;

import dev.skald.compare.Comparison.Cell;
import dev.skald.compare.Comparison.Row;
import dev.skald.evaluate.Difference;
import dev.skald.report.Chart;
import dev.skald.report.HtmlPage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** A comparison as a page: a table with a column for each run, a chart for each task, the items that changed. */
public final class ComparisonPage {

    private static final int WIDTH = 400;
    private static final int HEIGHT = 250;

    private static final String STYLE = """
            .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(340px, 100%), 1fr)); gap: 14px }
            .charts section { padding: 6px; margin: 0 }
            th, td { vertical-align: top }
            th:first-child, td:first-child { position: sticky; left: 0; background: var(--paper); white-space: normal; min-width: 8.5em; overflow-wrap: anywhere }
            th { white-space: normal; overflow-wrap: anywhere }
            td small { display: block; color: var(--soft) }
            td .better, td .worse { font-weight: 600 }
            .better { color: #15803d } .worse { color: #b91c1c }
            @media (prefers-color-scheme: dark) { .better { color: #4ade80 } .worse { color: #f87171 } }
            .items td { white-space: pre-wrap; overflow-wrap: anywhere; text-align: left; min-width: 6em }
            .items th { text-align: left }
            .items td:first-child { min-width: 3em }
            .items td .who { display: none }
            @media (max-width: 820px) { table { font-size: 13px } th, td { padding: 4px 5px } th:first-child, td:first-child { min-width: 6em } }
            @media (max-width: 820px) {
              .items table, .items tbody, .items tr, .items td { display: block; border: 0; padding: 1px 0 }
              .items tr { padding: 6px 0; border-bottom: 1px solid var(--line) }
              .items tr:first-child { display: none }
              .items td:first-child { position: static }
              .items td .who { display: inline }
            }
            ul { padding-left: 20px; margin: 4px 0 }
            """;

    /** Of a table with so many columns that it would not fit otherwise. */
    private static final String MANY = """
            table { font-size: 12px } th { font-size: 12px } th, td { padding: 4px 4px } td small { font-size: 10.5px }
            td { white-space: normal; min-width: 5.4em }
            th:first-child, td:first-child { min-width: 7em }
            """;

    private static final int FEW_RUNS = 7;

    private final Comparison comparison;
    private final List<Run> runs;
    private final HtmlPage page;

    private ComparisonPage(Comparison comparison) {
        this.comparison = comparison;
        this.runs = comparison.runs().all();
        String names = runs.size() > 4
                ? runs.size() + " runs"
                : String.join(", ", runs.stream().map(Run::name).toList());
        long tasks = comparison.rows().stream().map(Row::task).distinct().count();
        this.page = new HtmlPage(
                "Comparison of " + names,
                tasks + (tasks == 1 ? " task" : " tasks") + "; differences are to "
                        + comparison.runs().baseline().name(),
                runs.size() > FEW_RUNS ? STYLE + MANY : STYLE,
                0);
    }

    /**
     * The page.
     *
     * @param changed how many items of each kind of change are shown
     */
    public static String of(Comparison comparison, int changed) {
        ComparisonPage page = new ComparisonPage(comparison);
        page.notices();
        page.table();
        page.charts();
        if (changed > 0) {
            page.changed(changed);
        }
        page.method();
        return page.page.toString();
    }

    private void notices() {
        if (comparison.notices().isEmpty()) {
            return;
        }
        page.heading("To know");
        page.add("<section><ul>");
        comparison.notices().forEach(notice -> page.add("<li>%s</li>", HtmlPage.escape(notice.line())));
        page.add("</ul></section>\n");
    }

    private void table() {
        page.heading("Results");
        List<String> head = new ArrayList<>(List.of("Task"));
        runs.forEach(run -> head.add(HtmlPage.escape(run.name())));
        page.startTable(head.toArray(String[]::new));
        for (Row row : comparison.rows()) {
            List<String> cells = new ArrayList<>();
            cells.add(breakable(row.task()) + "<small>" + breakable(row.metric())
                    + (row.higherIsBetter() ? "" : ", less is better") + "</small>");
            for (Run run : runs) {
                cells.add(Optional.ofNullable(row.cells().get(run.name()))
                        .map(cell -> cell(row, cell))
                        .orElse(Numbers.NONE));
            }
            page.row(cells.toArray(String[]::new));
        }
        page.endTable();
    }

    /** A name that may be broken at its underscores. */
    private static String breakable(String name) {
        return HtmlPage.escape(name).replace("_", "_<wbr>");
    }

    private static String cell(Row row, Cell cell) {
        double half = Math.max(cell.value() - cell.low(), cell.high() - cell.value());
        StringBuilder html = new StringBuilder(Numbers.value(cell.value(), half));
        html.append("<small>");
        if (Double.isFinite(cell.low())) {
            html.append(Numbers.value(cell.low(), half)).append(" to ").append(Numbers.value(cell.high(), half));
        }
        html.append("</small>");
        cell.difference().ifPresent(difference -> html.append(difference(row, cell, difference)));
        return html.toString();
    }

    private static String difference(Row row, Cell cell, Difference difference) {
        double half = difference.high() - difference.value();
        boolean better = difference.value() > 0 == row.higherIsBetter();
        String kind = cell.isSignificant() ? (better ? "better" : "worse") : "soft";
        String marks = (cell.isSignificant() ? "*" : "")
                + (cell.unlike() ? "!" : "")
                + (difference.test() == Difference.Test.UNPAIRED ? "u" : "");
        String title = String.format(
                Locale.ROOT,
                "p %s, Holm %s, %s",
                Numbers.probability(difference.p()),
                Numbers.probability(cell.holm()),
                difference.test().key().replace('_', ' '));
        String counts = cell.changes()
                .map(changes -> String.format(
                        Locale.ROOT,
                        "<small>&minus;%d +%d items</small>",
                        changes.lost().size(),
                        changes.gained().size()))
                .orElse("");
        return String.format(
                Locale.ROOT,
                "<span class=\"%s\" title=\"%s\">%s%s%s</span>%s",
                kind,
                title,
                Numbers.signed(difference.value(), half),
                Double.isNaN(half) ? "" : " &plusmn;" + Numbers.half(half),
                marks,
                counts);
    }

    private void charts() {
        page.heading("Charts", "Values with their 95 % intervals; one metric of each task.");
        page.add("<div class=charts>\n");
        Map<String, Row> first = new LinkedHashMap<>();
        for (Row row : comparison.rows()) {
            first.merge(row.task(), row, (a, b) -> b.metric().equals("bits_per_byte") ? b : a);
        }
        first.values()
                .forEach(row ->
                        page.add("<section>").add(chart(row).svg(WIDTH, HEIGHT)).add("</section>\n"));
        page.add("</div>\n");
    }

    /** Over steps where two runs or more have one, those without as level lines; else over names. */
    Chart chart(Row row) {
        List<Run> there =
                runs.stream().filter(run -> row.cells().containsKey(run.name())).toList();
        Map<String, List<Run>> series = new LinkedHashMap<>();
        there.stream()
                .filter(run -> run.step().isPresent())
                .sorted((a, b) -> Long.compare(a.step().orElse(0), b.step().orElse(0)))
                .forEach(run -> series.computeIfAbsent(run.series(), _ -> new ArrayList<>())
                        .add(run));
        boolean steps = series.values().stream().anyMatch(each -> each.size() > 1);
        if (!steps) {
            double[] x = new double[there.size()];
            for (int i = 0; i < x.length; i++) {
                x[i] = i;
            }
            // without a line between what has no order
            List<Chart.Line> points = new ArrayList<>();
            for (int i = 0; i < x.length; i++) {
                points.add(line("", row, List.of(there.get(i)), new double[] {x[i]}));
            }
            return new Chart(
                    row.label(), "", points, there.stream().map(Run::name).toList());
        }
        List<Chart.Line> lines = new ArrayList<>();
        double lowest =
                there.stream().flatMapToLong(run -> run.step().stream()).min().orElse(0);
        double highest =
                there.stream().flatMapToLong(run -> run.step().stream()).max().orElse(0);
        series.forEach((name, of) -> lines.add(line(
                series.size() > 1 ? name : "",
                row,
                of,
                of.stream().mapToDouble(run -> run.step().orElse(0)).toArray())));
        for (Run run : there) {
            if (run.step().isEmpty()) {
                Cell cell = row.cells().get(run.name());
                for (double end : new double[] {cell.low(), cell.high()}) {
                    if (Double.isFinite(end)) {
                        lines.add(level("", lowest, highest, end, true));
                    }
                }
                lines.add(level(run.name(), lowest, highest, cell.value(), false));
            }
        }
        return new Chart(row.label(), "step", lines);
    }

    private static Chart.Line level(String name, double from, double to, double y, boolean faint) {
        return new Chart.Line(name, new double[] {from, to}, new double[] {y, y}, faint);
    }

    private static Chart.Line line(String name, Row row, List<Run> of, double[] x) {
        List<Cell> cells = of.stream().map(run -> row.cells().get(run.name())).toList();
        return new Chart.Line(
                name,
                x,
                cells.stream().mapToDouble(Cell::value).toArray(),
                false,
                cells.stream().mapToDouble(Cell::low).toArray(),
                cells.stream().mapToDouble(Cell::high).toArray());
    }

    private void changed(int most) {
        boolean headed = false;
        for (Row row : comparison.rowsOfChanges()) {
            for (Run run : comparison.runs().others()) {
                Optional<Changes> changes =
                        Optional.ofNullable(row.cells().get(run.name())).flatMap(Cell::changes);
                if (changes.isEmpty()
                        || changes.get().lost().size() + changes.get().gained().size() == 0) {
                    continue;
                }
                if (!headed) {
                    page.heading("Items that changed");
                    headed = true;
                }
                items(row, run, changes.get(), most);
            }
        }
    }

    private void items(Row row, Run run, Changes changes, int most) {
        page.add(
                "<section class=items><details><summary>%s, %s: %d right to wrong, %d wrong to right</summary>\n",
                HtmlPage.escape(row.label()),
                HtmlPage.escape(run.name()),
                changes.lost().size(),
                changes.gained().size());
        List<Changes.Change> lost = changes.lost().stream().limit(most).toList();
        List<Changes.Change> gained = changes.gained().stream().limit(most).toList();
        boolean questions = Stream.concat(lost.stream(), gained.stream())
                .anyMatch(each -> !each.model().question().isEmpty());
        List<String> head = new ArrayList<>(List.of("", "Question", "Right"));
        head.add(HtmlPage.escape(comparison.runs().baseline().name()));
        head.add(HtmlPage.escape(run.name()));
        if (!questions) {
            head.remove(1);
        }
        page.add("<table><tr><th>").add(String.join("</th><th>", head)).add("</th></tr>\n");
        lost.forEach(each -> item("<span class=worse>&minus;", each, head));
        gained.forEach(each -> item("<span class=better>+", each, head));
        page.add("</table></details></section>\n");
    }

    private void item(String sign, Changes.Change change, List<String> head) {
        List<String> cells = new ArrayList<>(List.of(
                HtmlPage.escape(change.model().question()),
                HtmlPage.escape(change.model().target()),
                HtmlPage.escape(change.baseline().answer()),
                HtmlPage.escape(change.model().answer())));
        while (cells.size() >= head.size()) {
            cells.removeFirst();
        }
        for (int i = 0; i < cells.size(); i++) {
            // in a narrow window the table's head is not seen
            cells.set(i, "<span class=\"who soft\">" + head.get(i + 1) + ": </span>" + cells.get(i));
        }
        cells.addFirst(sign + "&nbsp;" + change.model().doc() + "</span>");
        page.row(cells.toArray(String[]::new));
    }

    private void method() {
        page.heading("How to read it");
        page.add(
                "<section><p>A cell has a run's value, its 95 %% interval, and below them the difference to %s with half "
                        + "its 95 %% interval. <b>*</b> marks a difference that is not by chance: McNemar's exact test where items "
                        + "are right or wrong, Student's t over items' differences for other means, the jackknife for what is no "
                        + "mean, all by pairs of the same items; Holm's procedure over all differences of a run, at %s. "
                        + "<b>u</b> marks one that has no items and is judged by two standard errors, which sees less. "
                        + "<b>!</b> marks runs that were not asked the same. &minus; and + count items that turned wrong, and "
                        + "right.</p></section>\n",
                HtmlPage.escape(comparison.runs().baseline().name()), Comparison.LEVEL);
    }
}
