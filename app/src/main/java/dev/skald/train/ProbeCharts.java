package dev.skald.train;

import dev.skald.report.Chart;
import dev.skald.report.HtmlPage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/** Tasks and probes on a run's page: a chart for each, and a table. */
final class ProbeCharts {

    /** Half the width of a 95 % interval, in standard errors. */
    private static final double HALF = 1.96;

    private ProbeCharts() {}

    /** One for each probe, of what it has lost since the start with the interval of that; one for each metric of a task, with its own interval. */
    static List<Chart> of(List<ProbeMetrics> probes, TrainerConfig config) {
        List<Chart> charts = new ArrayList<>();
        for (List<ProbeMetrics> each : grouped(probes)) {
            charts.add(
                    each.getFirst().gated() && config.forgettingGate() != null
                            ? drops(each, config.forgettingGate())
                            : values(each));
        }
        return charts;
    }

    private static List<List<ProbeMetrics>> grouped(List<ProbeMetrics> probes) {
        Map<List<Object>, List<ProbeMetrics>> groups = new LinkedHashMap<>();
        for (ProbeMetrics each : probes) {
            groups.computeIfAbsent(List.of(each.probe(), each.metric(), each.gated()), _ -> new ArrayList<>())
                    .add(each);
        }
        return List.copyOf(groups.values());
    }

    private static Chart drops(List<ProbeMetrics> probe, GateConfig gate) {
        ProbeMetrics first = probe.getFirst();
        double[] steps = values(probe, ProbeMetrics::step);
        double[] ends = {steps[0], steps[steps.length - 1]};
        Chart.Line drops = new Chart.Line(
                "worse by",
                steps,
                values(probe, each -> or(each.drop())),
                false,
                values(probe, each -> or(each.dropLow())),
                values(probe, each -> or(each.dropHigh())));
        boolean stops = gate.action() == GateConfig.Action.STOP;
        // One line with a gap, so that both thresholds have one colour.
        Chart.Line thresholds = new Chart.Line(
                stops ? "warn, stop" : "warn",
                new double[] {ends[0], ends[1], ends[1], ends[0], ends[1]},
                new double[] {
                    gate.warnDrop(),
                    gate.warnDrop(),
                    Double.NaN,
                    stops ? gate.stopDrop() : Double.NaN,
                    stops ? gate.stopDrop() : Double.NaN
                },
                false);
        String title = "Forgetting: " + first.probe() + ", " + first.metric() + ", " + first.unit();
        return new Chart(title, "step", List.of(drops, thresholds));
    }

    /** At the start nothing is lost. */
    private static double or(Double drop) {
        return drop == null ? 0 : drop;
    }

    private static Chart values(List<ProbeMetrics> task) {
        ProbeMetrics first = task.getFirst();
        ToDoubleFunction<ProbeMetrics> half = each -> each.stderr() == null ? Double.NaN : HALF * each.stderr();
        Chart.Line line = new Chart.Line(
                "",
                values(task, ProbeMetrics::step),
                values(task, ProbeMetrics::value),
                false,
                values(task, each -> each.value() - half.applyAsDouble(each)),
                values(task, each -> each.value() + half.applyAsDouble(each)));
        return new Chart("Task: " + first.probe() + ", " + first.metric(), "step", List.of(line));
    }

    private static double[] values(List<ProbeMetrics> probes, ToDoubleFunction<ProbeMetrics> value) {
        return probes.stream().mapToDouble(value).toArray();
    }

    static void table(HtmlPage page, List<ProbeMetrics> probes) {
        if (probes.isEmpty()) {
            return;
        }
        page.heading("Tasks and probes");
        page.startTable("Name", "Metric", "Items", "Before step 1", "Last", "Worse by, with 95 % interval", "Gate");
        for (List<ProbeMetrics> group : grouped(probes)) {
            ProbeMetrics first = group.getFirst();
            ProbeMetrics last = group.getLast();
            page.row(Arrays.stream(cells(first, last)).map(HtmlPage::escape).toArray(String[]::new));
        }
        page.endTable();
    }

    private static String[] cells(ProbeMetrics first, ProbeMetrics last) {
        return new String[] {
            last.probe(),
            last.metric(),
            String.format(Locale.ROOT, "%,d", last.items()),
            String.format(Locale.ROOT, "%.4f", first.value()),
            String.format(Locale.ROOT, "%.4f, step %,d", last.value(), last.step()),
            Optional.ofNullable(last.drop())
                    .map(drop -> String.format(
                            Locale.ROOT, "%.2f %s, %.2f to %.2f", drop, last.unit(), last.dropLow(), last.dropHigh()))
                    .orElse(""),
            Optional.ofNullable(last.verdict())
                    .map(verdict -> verdict.name().toLowerCase(Locale.ROOT)
                            + (last.inARow() > 1 ? ", " + last.inARow() + " in a row" : ""))
                    .orElse("")
        };
    }
}
