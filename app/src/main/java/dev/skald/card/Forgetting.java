package dev.skald.card;

import dev.skald.train.GateConfig;
import dev.skald.train.ProbeMetrics;
import dev.skald.train.TrainingRun;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What a run says of tasks, and of what it has not forgotten, in its card. */
final class Forgetting {

    private Forgetting() {}

    /** Empty for a run that measured neither. */
    static Optional<String> of(TrainingRun run) {
        List<TrainingRun.Measured> measured = run.measured();
        if (measured.isEmpty()) {
            return Optional.empty();
        }
        MarkdownTable table = new MarkdownTable(
                "Name",
                "Metric",
                "Items",
                "Before the first update",
                "Last",
                "After update",
                "Worse by",
                "95 % interval");
        for (TrainingRun.Measured each : measured) {
            ProbeMetrics last = each.last();
            boolean compared = last.drop() != null;
            table.row(
                    last.probe(),
                    last.metric(),
                    String.format(Locale.ROOT, "%,d", last.items()),
                    String.format(Locale.ROOT, "%.4f", each.first().value()),
                    String.format(Locale.ROOT, "%.4f", last.value()),
                    String.format(Locale.ROOT, "%,d", last.step()),
                    compared ? String.format(Locale.ROOT, "%.2f %s", last.drop(), last.unit()) : "",
                    compared ? String.format(Locale.ROOT, "%.2f to %.2f", last.dropLow(), last.dropHigh()) : "");
        }
        GateConfig gate = run.config().forgettingGate();
        String explained = gate == null
                ? ""
                : String.format(
                        Locale.ROOT,
                        "Probes are compared with themselves before the first update, item by item. A probe that is worse by more than %s (percent, or points of 100) and %s standard errors in %d checks in a row %s.%n%n",
                        trimmed(gate.stopDrop()),
                        trimmed(gate.stopErrors()),
                        gate.checksInARow(),
                        gate.action() == GateConfig.Action.STOP ? "ends the run" : "is warned of");
        return Optional.of(explained + table);
    }

    private static String trimmed(double number) {
        return number == Math.rint(number) ? Long.toString((long) number) : Double.toString(number);
    }
}
