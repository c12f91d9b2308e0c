package dev.skald.evaluate;

import java.util.ArrayList;
import java.util.List;

/**
 * Decides whether a model has forgotten something: whether probes are worse than they were at the start of a run, by more than chance and by more than is
 * of interest. A drop is in percent of the value at the start where less is better (bits per byte), else in points (of 100). It counts when it is larger
 * than the threshold, and significant at the level that so many standard errors have under the normal distribution, one-sided, by the paired test
 * of {@link Difference}, after Holm's correction over the probes: of {@code m} probes the most significant has to pass a level {@code m} times as strict,
 * the next one {@code m - 1} times, and so on.
 *
 * @param warn what a warning is for
 * @param stop what ends a run, when it is so in several checks one after the other
 */
public record ForgettingGate(Level warn, Level stop) {

    /**
     * A threshold.
     *
     * @param errors the drop is more than so many standard errors
     * @param drop and larger than this, in percent or points
     */
    public record Level(double errors, double drop) {}

    /** What is thought of a probe. */
    public enum Verdict {
        /** No more than chance, or no more than is of interest. */
        KEPT,
        /** Worse than the warning's threshold. */
        WARN,
        /** Worse than the threshold that ends a run. */
        STOP
    }

    /**
     * How much worse a probe is.
     *
     * @param size in percent of the value at the start, or in points; negative: better
     * @param error its standard error
     * @param low the lower end of its 95 % interval
     * @param high the upper end
     * @param chance the probability of a drop as large as this, if there were none
     */
    public record Drop(double size, double error, double low, double high, double chance) {

        /**
         * Of a metric.
         *
         * @param before its value at the start
         * @param change from there to now
         */
        public static Drop of(Metric metric, double before, Difference change) {
            boolean higher = metric.higherIsBetter();
            double scale = higher ? (metric == Metric.CHRF ? 1 : 100) : 100 / Math.abs(before);
            double size = (higher ? -change.value() : change.value()) * scale + 0.0;
            return new Drop(
                    size,
                    change.standardError() * scale,
                    (higher ? -change.high() : change.low()) * scale + 0.0,
                    (higher ? -change.low() : change.high()) * scale + 0.0,
                    size > 0 ? change.p() / 2 : 1 - change.p() / 2);
        }
    }

    /** The verdicts on the drops of all probes, in their order. */
    public List<Verdict> verdicts(List<Drop> drops) {
        List<Boolean> warned = exceeding(drops, warn);
        List<Boolean> stopped = exceeding(drops, stop);
        List<Verdict> verdicts = new ArrayList<>();
        for (int i = 0; i < drops.size(); i++) {
            verdicts.add(stopped.get(i) ? Verdict.STOP : warned.get(i) ? Verdict.WARN : Verdict.KEPT);
        }
        return List.copyOf(verdicts);
    }

    private static List<Boolean> exceeding(List<Drop> drops, Level level) {
        double[] chances =
                Statistics.holm(drops.stream().mapToDouble(Drop::chance).toArray());
        double significance = Distributions.normalTails(level.errors) / 2;
        List<Boolean> exceeding = new ArrayList<>();
        for (int i = 0; i < chances.length; i++) {
            exceeding.add(chances[i] <= significance && drops.get(i).size > level.drop);
        }
        return exceeding;
    }
}
