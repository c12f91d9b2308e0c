package dev.skald.evaluate;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How a model's result differs from another's, the baseline's, and whether chance alone would do that. Items that both did are pairs: what makes an
 * item hard for both is not in the difference, so its error is smaller than that of two separate results.
 *
 * @param value the model's minus the baseline's
 * @param standardError of the value; NaN where nothing tells
 * @param low the lower end of its 95 % interval; NaN where nothing tells
 * @param high the upper end
 * @param p the probability of a difference at least as large, to either side, if there were none; NaN where nothing tells
 * @param items pairs; 0 for a test without
 */
public record Difference(double value, double standardError, double low, double high, double p, Test test, int items) {

    /** What p is of. */
    public enum Test {
        /** Of items that are right or wrong: those that changed, against a fair coin (McNemar 1947, exact); the error is that of a mean. */
        MCNEMAR,
        /** Of items' values: Student's t of the mean of their differences. */
        PAIRED_T,
        /** Of what is no mean: t of the difference's jackknife error, see {@link Statistics#jackknife}. */
        PAIRED_JACKKNIFE,
        /** Of two standard errors, as of different items: a normal deviate. */
        UNPAIRED;

        /** As results spell it. */
        public String key() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static final double OUTSIDE = 0.05;

    /** Of standard errors as files have them: EuroEval's and lm-evaluation-harness' intervals are so. */
    public static final double NORMAL_95 = 1.96;

    /** Of means over the same items, in the same order. */
    public static Difference ofMeans(double[] model, double[] baseline) {
        int n = model.length;
        double[] differences = new double[n];
        boolean truths = true;
        int gained = 0;
        int lost = 0;
        for (int i = 0; i < n; i++) {
            differences[i] = model[i] - baseline[i];
            truths &= isTruth(model[i]) && isTruth(baseline[i]);
            gained += model[i] > baseline[i] ? 1 : 0;
            lost += model[i] < baseline[i] ? 1 : 0;
        }
        double value = Statistics.mean(differences);
        double error = n < 2 ? Double.NaN : Statistics.standardError(differences);
        Difference student = student(value, error, Test.PAIRED_T, n, n - 1);
        return truths
                ? new Difference(
                        value,
                        error,
                        student.low,
                        student.high,
                        Distributions.coinTails(gained, (long) gained + lost),
                        Test.MCNEMAR,
                        n)
                : student;
    }

    private static boolean isTruth(double value) {
        return value == 0 || value == 1;
    }

    /** Of what is aggregated over the same items, in the same order. */
    public static Difference ofAggregates(List<double[]> model, List<double[]> baseline, Aggregation how) {
        double value = how.of(model) - how.of(baseline);
        int n = model.size();
        double error = Statistics.jackknife(n, left -> how.of(chosen(model, left)) - how.of(chosen(baseline, left)));
        return student(value, error, Test.PAIRED_JACKKNIFE, n, Math.min(n, Statistics.MOST_GROUPS) - 1);
    }

    private static List<double[]> chosen(List<double[]> items, int[] which) {
        List<double[]> chosen = new ArrayList<>(which.length);
        for (int i : which) {
            chosen.add(items.get(i));
        }
        return chosen;
    }

    /** Of two results that no items tell of. */
    public static Difference unpaired(double model, double modelError, double baseline, double baselineError) {
        double value = model - baseline;
        double error = Math.hypot(modelError, baselineError);
        return new Difference(
                value,
                error,
                value - NORMAL_95 * error,
                value + NORMAL_95 * error,
                probability(value, error, Double.POSITIVE_INFINITY),
                Test.UNPAIRED,
                0);
    }

    private static Difference student(double value, double error, Test test, int items, int freedom) {
        double half = Double.isNaN(error) ? Double.NaN : Distributions.studentBound(OUTSIDE, freedom) * error;
        return new Difference(
                value, error, value - half, value + half, probability(value, error, freedom), test, items);
    }

    private static double probability(double value, double error, double freedom) {
        if (Double.isNaN(error)) {
            return Double.NaN;
        }
        if (error == 0) {
            return value == 0 ? 1 : 0;
        }
        double t = value / error;
        return Double.isInfinite(freedom) ? Distributions.normalTails(t) : Distributions.studentTails(t, freedom);
    }
}
