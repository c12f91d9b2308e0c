package dev.skald.train;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import dev.skald.evaluate.Metric;
import java.util.Locale;

/**
 * What a task or a probe came to after a step; a line of {@code metrics.jsonl}, beside those of the steps.
 *
 * @param step updates done; 0: before the first
 * @param probe the name of the probe, or of the task
 * @param metric by lm-evaluation-harness' name
 * @param items measured
 * @param value of the metric
 * @param stderr its standard error; null for fewer than two items
 * @param drop since step 0, in percent of the value there where less is better, else in points of 100; negative: better. Null for a task of {@code
 *     eval_tasks}, and at step 0
 * @param dropStderr standard error of the drop, paired by item
 * @param dropLow lower end of the drop's 95 % interval
 * @param dropHigh upper end
 * @param verdict what the gate says; null where it says nothing
 * @param inARow checks one after the other whose verdict is to stop, this one included
 */
@JsonNaming(SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ProbeMetrics(
        long step,
        String probe,
        String metric,
        int items,
        double value,
        Double stderr,
        Double drop,
        Double dropStderr,
        Double dropLow,
        Double dropHigh,
        Verdict verdict,
        @JsonProperty("in_a_row") Integer inARow) {

    /** What the gate says. */
    public enum Verdict {
        /** The value that later ones are compared with. */
        BASELINE,
        /** Too early to say: the learning rate has just risen. */
        RECORDED,
        /** As good as at the start, or not worse by as much as a warning is for. */
        KEPT,
        /** Worse by as much as a warning is for. */
        WARN,
        /** Worse by as much as ends a run. */
        STOP
    }

    /** Whether the gate looks at it. */
    public boolean gated() {
        return verdict != null;
    }

    /** Whether drops are percent; else they are points. */
    public boolean inPercent() {
        return Metric.of(metric).map(known -> !known.higherIsBetter()).orElse(false);
    }

    /** The unit of drops. */
    public String unit() {
        return inPercent() ? "%" : "points";
    }

    /** The drop and its interval in words. */
    String dropInWords() {
        return String.format(
                Locale.ROOT,
                "%.2f %s %s (95 %% interval %.2f to %.2f)",
                Math.abs(drop),
                unit(),
                drop >= 0 ? "worse" : "better",
                drop >= 0 ? dropLow : -dropHigh,
                drop >= 0 ? dropHigh : -dropLow);
    }
}
