package dev.skald.evaluate;

import java.util.Arrays;

/** Means and their errors. */
public final class Statistics {

    private Statistics() {}

    /** The mean. */
    public static double mean(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return sum / values.length;
    }

    /** The deviation of a sample, over n - 1; 0 for one value. */
    public static double deviation(double[] values) {
        double mean = mean(values);
        double squares = 0;
        for (double value : values) {
            squares += (value - mean) * (value - mean);
        }
        return values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1));
    }

    /** The standard error of the mean. */
    public static double standardError(double[] values) {
        return deviation(values) / Math.sqrt(values.length);
    }

    /** A quantile, between two values in proportion. */
    public static double quantile(double[] values, double share) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        double at = share * (sorted.length - 1);
        int below = (int) at;
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
    }

    /** How likely a standard normal value is above {@code z}; accurate to 1e-7 (Abramowitz and Stegun 26.2.17). */
    public static double above(double z) {
        if (z < 0) {
            return 1 - above(-z);
        }
        double t = 1 / (1 + 0.2316419 * z);
        double series =
                t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
        return Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI) * series;
    }

    /**
     * McNemar's exact test: how likely counts of disagreement as uneven as these, or more, are by chance.
     *
     * @param onlyFirst items that only the first one has right
     * @param onlySecond items that only the second one has right
     */
    public static double mcNemar(int onlyFirst, int onlySecond) {
        int n = onlyFirst + onlySecond;
        int few = Math.min(onlyFirst, onlySecond);
        double log = -n * Math.log(2);
        double sum = 0;
        for (int i = 0; i <= few; i++) {
            sum += Math.exp(log);
            log += Math.log(n - i) - Math.log(i + 1);
        }
        return Math.min(1, 2 * sum);
    }
}
