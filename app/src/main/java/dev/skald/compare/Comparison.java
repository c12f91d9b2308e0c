package dev.skald.compare;

import dev.skald.InvalidInputException;
import dev.skald.evaluate.Aggregation;
import dev.skald.evaluate.Difference;
import dev.skald.evaluate.Statistics;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * How runs differ from a baseline: of each task and metric their values, the differences with intervals, whether they are more than chance, and the
 * items that changed. A difference is by pairs of items where both runs have samples that add up to their values, else of two standard errors.
 *
 * @param rows those that the baseline and another run have
 * @param notices what is not the same in runs that are compared, and what is missing
 */
public record Comparison(Runs runs, List<Row> rows, List<Notice> notices) {

    /** A difference is said to be one where Holm's probability is below this. */
    static final double LEVEL = 0.05;

    /**
     * A metric of a task.
     *
     * @param cells by the run's name; a run that does not have it has none
     */
    record Row(String task, String metric, boolean higherIsBetter, Map<String, Cell> cells) {

        /** How it is headed. */
        String label() {
            return task + " " + metric;
        }
    }

    /**
     * A run's value.
     *
     * @param stderr NaN where nothing tells
     * @param low lower end of the 95 % interval; NaN where nothing tells
     * @param items -1 where the file does not say
     * @param difference to the baseline; empty for the baseline itself
     * @param holm the difference's probability among all of the run; NaN where there is none
     * @param unlike whether the two were not asked the same: see the notices
     * @param changes items that are right in one run only, of a metric that is right or wrong
     */
    record Cell(
            double value,
            double stderr,
            double low,
            double high,
            int items,
            Optional<Difference> difference,
            double holm,
            boolean unlike,
            Optional<Changes> changes) {

        boolean isSignificant() {
            return holm < LEVEL;
        }

        Cell withHolm(double adjusted) {
            return new Cell(value, stderr, low, high, items, difference, adjusted, unlike, changes);
        }
    }

    /**
     * Compares.
     *
     * @throws InvalidInputException when a run has no task of the baseline, or its samples are damaged
     */
    public static Comparison of(Runs runs) throws IOException {
        Notices notices = new Notices();
        Run baseline = runs.baseline();
        for (Run run : runs.others()) {
            missing(run, baseline, notices);
        }
        List<Row> rows = new ArrayList<>();
        for (String task : baseline.tasks().keySet()) {
            if (runs.others().stream().anyMatch(run -> run.tasks().containsKey(task))) {
                rows.addAll(rows(runs, task, notices));
            }
        }
        for (Run run : runs.others()) {
            adjust(rows, run.name());
        }
        return new Comparison(runs, List.copyOf(rows), notices.all());
    }

    /** Of each task the first metric that is right or wrong: of others the items are nearly the same. */
    List<Row> rowsOfChanges() {
        Map<String, Row> first = new LinkedHashMap<>();
        rows.stream()
                .filter(row -> row.cells().values().stream()
                        .anyMatch(cell -> cell.changes().isPresent()))
                .forEach(row -> first.putIfAbsent(row.task(), row));
        return List.copyOf(first.values());
    }

    private static void missing(Run run, Run baseline, Notices notices) {
        Set<String> own = new LinkedHashSet<>(run.tasks().keySet());
        Set<String> common = new LinkedHashSet<>(own);
        common.retainAll(baseline.tasks().keySet());
        if (common.isEmpty()) {
            throw new InvalidInputException(run.name() + " has no task of " + baseline.name() + ": found " + some(own)
                    + ", expected one of " + some(baseline.tasks().keySet()));
        }
        Set<String> absent = new LinkedHashSet<>(baseline.tasks().keySet());
        absent.removeAll(own);
        absent.forEach(task -> notices.add(run, task, Notice.MISSING, "not there"));
        own.removeAll(common);
        own.forEach(task -> notices.add(run, task, Notice.MISSING, "not compared, the baseline does not have it"));
    }

    private static String some(Set<String> names) {
        List<String> all = List.copyOf(names);
        return String.join(", ", all.subList(0, Math.min(4, all.size()))) + (all.size() > 4 ? ", ..." : "");
    }

    private static List<Row> rows(Runs runs, String task, Notices notices) throws IOException {
        TaskResult base = runs.baseline().tasks().get(task);
        List<Item> baseItems =
                base.samples().isPresent() ? Samples.read(base.samples().get()) : List.of();
        Map<String, Map<String, Cell>> cells = new LinkedHashMap<>();
        base.figures().forEach((metric, figure) -> {
            Map<String, Cell> byRun = new LinkedHashMap<>();
            byRun.put(runs.baseline().name(), cell(base, metric, baseItems, Optional.empty(), false, Optional.empty()));
            cells.put(metric, byRun);
        });
        for (Run run : runs.others()) {
            if (run.tasks().containsKey(task)) {
                add(run, runs.baseline(), run.tasks().get(task), base, baseItems, cells, notices);
            }
        }
        List<Row> rows = new ArrayList<>();
        cells.forEach((metric, byRun) -> {
            if (byRun.size() > 1) {
                rows.add(new Row(task, metric, base.figures().get(metric).higherIsBetter(), byRun));
            }
        });
        return rows;
    }

    private static void add(
            Run run,
            Run baseline,
            TaskResult result,
            TaskResult base,
            List<Item> baseItems,
            Map<String, Map<String, Cell>> cells,
            Notices notices)
            throws IOException {
        List<Item> items = result.samples().isPresent() && !baseItems.isEmpty()
                ? Samples.read(result.samples().get())
                : List.of();
        Pairing pairs = Pairing.of(items, baseItems);
        boolean unlike = notices.addDifferences(run, baseline, result, base, items, baseItems, pairs);
        for (String metric : base.figures().keySet()) {
            if (!result.figures().containsKey(metric)) {
                continue;
            }
            double value = result.figures().get(metric).value();
            double other = base.figures().get(metric).value();
            Optional<Aggregation> how = Pairing.aggregation(items, metric, value)
                    .filter(each -> pairs.model().size() > 1)
                    .filter(each -> Pairing.aggregation(baseItems, metric, other)
                            .filter(each::equals)
                            .isPresent());
            Optional<Difference> difference = Optional.of(how.map(each -> pairs.difference(metric, each))
                    .orElseGet(() -> Difference.unpaired(
                            value,
                            result.figures().get(metric).stderr(),
                            other,
                            base.figures().get(metric).stderr())));
            if (how.isEmpty()) {
                notices.addUnpaired(run, result, metric, items, baseItems, pairs);
            }
            Optional<Changes> changes = how.flatMap(each -> Changes.of(pairs, metric));
            cells.get(metric).put(run.name(), cell(result, metric, items, difference, unlike, changes));
        }
    }

    private static Cell cell(
            TaskResult result,
            String metric,
            List<Item> items,
            Optional<Difference> difference,
            boolean unlike,
            Optional<Changes> changes) {
        TaskResult.Figure figure = result.figures().get(metric);
        double error = figure.stderr();
        if (Double.isNaN(error)) {
            error = ofItems(items, metric, figure.value()).orElse(Double.NaN);
        }
        double low = figure.value() - Difference.NORMAL_95 * error;
        double high = figure.value() + Difference.NORMAL_95 * error;
        int n = items.isEmpty() ? result.items() : items.size();
        if (n > 0 && (Changes.areTruths(items, metric) || (error == 0 && figure.value() * (1 - figure.value()) == 0))) {
            double[] ends = Statistics.wilson(figure.value(), n);
            low = ends[0];
            high = ends[1];
        }
        return new Cell(figure.value(), error, low, high, n, difference, Double.NaN, unlike, changes);
    }

    private static OptionalDouble ofItems(List<Item> items, String metric, double value) {
        Optional<Aggregation> how = Pairing.aggregation(items, metric, value);
        if (how.isEmpty() || items.size() < 2) {
            return OptionalDouble.empty();
        }
        List<double[]> values = Pairing.values(items, metric);
        return OptionalDouble.of(Statistics.jackknife(
                values.size(),
                left -> how.get().of(Arrays.stream(left).mapToObj(values::get).toList())));
    }

    /** Holm over all differences of a run. */
    private static void adjust(List<Row> rows, String run) {
        double[] p = rows.stream()
                .mapToDouble(row -> Optional.ofNullable(row.cells().get(run))
                        .flatMap(Cell::difference)
                        .map(Difference::p)
                        .orElse(Double.NaN))
                .toArray();
        double[] adjusted = Statistics.holm(p);
        for (int i = 0; i < p.length; i++) {
            double each = adjusted[i];
            rows.get(i).cells().computeIfPresent(run, (_, cell) -> cell.withHolm(each));
        }
    }
}
