package dev.skald.compare;

import dev.skald.compare.Comparison.Cell;
import dev.skald.compare.Comparison.Row;
import dev.skald.evaluate.Difference;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** A comparison for a terminal: a column for each run where that fits, else a line for each run of each task. */
public final class ComparisonText {

    private static final int WIDTH = 100;
    private static final int SHORTEST_LABEL = 14;
    private static final int LONGEST = 120;
    private static final String GAP = "  ";

    private final Comparison comparison;
    private final List<Run> runs;
    private final StringBuilder out = new StringBuilder();

    private ComparisonText(Comparison comparison) {
        this.comparison = comparison;
        this.runs = comparison.runs().all();
    }

    /**
     * The whole of it.
     *
     * @param changed how many items of each kind of change are shown
     */
    public static String of(Comparison comparison, int changed) {
        ComparisonText text = new ComparisonText(comparison);
        if (!text.columns()) {
            text.lines();
        }
        text.legend();
        comparison
                .notices()
                .forEach(notice ->
                        text.out.append("note: ").append(notice.line()).append('\n'));
        if (changed > 0) {
            text.changed(changed);
        }
        return text.out.toString();
    }

    private static String label(Row row) {
        return row.label() + (row.higherIsBetter() ? "" : " ↓");
    }

    private static String value(Cell cell) {
        double half = half(cell);
        return Numbers.value(cell.value(), half) + (Double.isNaN(half) ? "" : " ±" + Numbers.half(half));
    }

    private static double half(Cell cell) {
        return Math.max(cell.value() - cell.low(), cell.high() - cell.value());
    }

    private static String difference(Cell cell) {
        if (cell.difference().isEmpty()) {
            return "";
        }
        Difference difference = cell.difference().get();
        double half = difference.high() - difference.value();
        return Numbers.signed(difference.value(), half)
                + (Double.isNaN(half) ? "" : " ±" + Numbers.half(half))
                + (cell.isSignificant() ? "*" : "")
                + (cell.unlike() ? "!" : "")
                + (difference.test() == Difference.Test.UNPAIRED ? "u" : "");
    }

    /** Whether it fits. */
    private boolean columns() {
        List<List<String>> table = new ArrayList<>();
        List<String> head = new ArrayList<>(List.of(""));
        for (Run run : runs) {
            head.add(run.name());
            if (table.isEmpty() && head.size() > 2) {
                head.add("");
            }
        }
        for (Row row : comparison.rows()) {
            List<String> line = new ArrayList<>(List.of(label(row)));
            for (int i = 0; i < runs.size(); i++) {
                Optional<Cell> cell =
                        Optional.ofNullable(row.cells().get(runs.get(i).name()));
                line.add(cell.map(ComparisonText::value).orElse(Numbers.NONE));
                if (i > 0) {
                    line.add(cell.map(ComparisonText::difference).orElse(""));
                }
            }
            table.add(line);
        }
        int[] widths = new int[head.size()];
        for (List<String> line : table) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], length(line.get(i)));
            }
        }
        int figures = 0;
        for (int i = 1; i < widths.length; i++) {
            figures += widths[i] + GAP.length();
        }
        if (WIDTH - figures < Math.min(widths[0], SHORTEST_LABEL)) {
            return false;
        }
        widths[0] = Math.min(widths[0], WIDTH - figures);
        out.append(" ".repeat(widths[0]));
        for (int i = 0; i < runs.size(); i++) {
            int width = i == 0 ? widths[1] : widths[2 * i] + GAP.length() + widths[2 * i + 1];
            out.append(GAP)
                    .append(
                            i == runs.size() - 1
                                    ? cut(runs.get(i).name(), width)
                                    : padded(runs.get(i).name(), width));
        }
        end();
        for (List<String> line : table) {
            out.append(padded(line.getFirst(), widths[0]));
            for (int i = 1; i < widths.length; i++) {
                out.append(GAP).append(padded(line.get(i), widths[i]));
            }
            end();
        }
        return true;
    }

    private void lines() {
        int widest = runs.stream().mapToInt(run -> length(run.name())).max().orElse(0);
        int name = Math.min(widest, 36);
        for (Row row : comparison.rows()) {
            out.append(cut(label(row), WIDTH)).append('\n');
            for (Run run : runs) {
                Cell cell = row.cells().get(run.name());
                out.append(GAP).append(padded(run.name(), name)).append(GAP);
                if (cell == null) {
                    out.append(Numbers.NONE);
                    end();
                    continue;
                }
                out.append(padded(value(cell), 16)).append(GAP).append(padded(difference(cell), 20));
                cell.changes()
                        .ifPresent(changes -> out.append(GAP)
                                .append(String.format(
                                        Locale.ROOT,
                                        "-%d +%d items",
                                        changes.lost().size(),
                                        changes.gained().size())));
                end();
            }
        }
    }

    private void end() {
        while (out.length() > 0 && out.charAt(out.length() - 1) == ' ') {
            out.setLength(out.length() - 1);
        }
        out.append('\n');
    }

    private void legend() {
        List<Cell> cells = comparison.rows().stream()
                .flatMap(row -> row.cells().values().stream())
                .toList();
        out.append("±: half a 95 % interval; differences are to ")
                .append(comparison.runs().baseline().name());
        if (comparison.rows().stream().anyMatch(row -> !row.higherIsBetter())) {
            out.append("; ↓ less is better");
        }
        out.append("\n*: not by chance (Holm over a run's differences, ")
                .append(Comparison.LEVEL)
                .append(')');
        if (cells.stream().anyMatch(Cell::unlike)) {
            out.append("; !: not asked the same, see the notes");
        }
        if (cells.stream()
                .anyMatch(cell -> cell.difference()
                        .filter(each -> each.test() == Difference.Test.UNPAIRED)
                        .isPresent())) {
            out.append("; u: not paired by item");
        }
        out.append('\n');
    }

    private void changed(int most) {
        for (Row row : comparison.rowsOfChanges()) {
            for (Run run : comparison.runs().others()) {
                Optional<Changes> changes =
                        Optional.ofNullable(row.cells().get(run.name())).flatMap(Cell::changes);
                if (changes.isEmpty()) {
                    continue;
                }
                List<Changes.Change> lost = changes.get().lost();
                List<Changes.Change> gained = changes.get().gained();
                if (lost.size() + gained.size() > 0) {
                    out.append(String.format(
                            Locale.ROOT,
                            "%n%s, %s: %d right to wrong, %d wrong to right%n",
                            row.label(),
                            run.name(),
                            lost.size(),
                            gained.size()));
                    lost.stream()
                            .limit(most)
                            .forEach(each ->
                                    item("-", each, run.name(), each.model().answer()));
                    gained.stream()
                            .limit(most)
                            .forEach(each -> item(
                                    "+",
                                    each,
                                    comparison.runs().baseline().name(),
                                    each.baseline().answer()));
                }
            }
        }
    }

    /** What was asked, what is right, and what the one that has it wrong says. */
    private void item(String sign, Changes.Change change, String who, String said) {
        Item item = change.model();
        String question = oneLine(item.question());
        out.append(GAP).append(sign).append(' ').append(item.doc()).append(": ");
        if (!question.isEmpty()) {
            out.append(cut(question, LONGEST)).append("\n      ");
        }
        out.append("right: ").append(begin(oneLine(item.target())));
        if (!said.isEmpty()) {
            out.append("\n      ").append(who).append(": ").append(begin(oneLine(said)));
        }
        out.append('\n');
    }

    private static String begin(String text) {
        return length(text) <= LONGEST ? text : text.substring(0, text.offsetByCodePoints(0, LONGEST - 1)) + "…";
    }

    private static String oneLine(String text) {
        return text.replaceAll("[\\s\\p{Cntrl}]+", " ").strip();
    }

    private static int length(String text) {
        return text.codePointCount(0, text.length());
    }

    private static String padded(String text, int width) {
        String shown = cut(text, width);
        return shown + " ".repeat(width - length(shown));
    }

    /** Its end, where it is too long: names differ there. */
    private static String cut(String text, int width) {
        int length = length(text);
        return length <= width ? text : "…" + text.substring(text.offsetByCodePoints(0, length - width + 1));
    }
}
