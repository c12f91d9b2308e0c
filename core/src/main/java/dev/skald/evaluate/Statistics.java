package dev.skald.evaluate;

import java.util.Comparator;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** Means, errors, and many tests at once. */
public final class Statistics {

    /** Groups that {@link #jackknife} makes, at most: its work grows with their number times that of the items. */
    static final int MOST_GROUPS = 1000;

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

    /**
     * The 95 % interval of a share (Wilson 1927), which never leaves 0 to 1 and has a width where all are right.
     *
     * @param share of the items
     * @return its lower and upper end
     */
    public static double[] wilson(double share, int items) {
        double squared = Difference.NORMAL_95 * Difference.NORMAL_95 / items;
        double middle = (share + squared / 2) / (1 + squared);
        double half = Math.sqrt(squared * share * (1 - share) + squared * squared / 4) / (1 + squared);
        return new double[] {Math.max(0, middle - half), Math.min(1, middle + half)};
    }

    /**
     * The standard error of anything that is a smooth function of items, by leaving out each once, or each of {@value #MOST_GROUPS} groups of them
     * (Efron and Tibshirani, An Introduction to the Bootstrap, chapter 11). It draws nothing, so it is the same each time.
     *
     * @param n items
     * @param of what is to be had of the items with these numbers
     * @return NaN for fewer than two items
     */
    public static double jackknife(int n, ToDoubleFunction<int[]> of) {
        int groups = Math.min(n, MOST_GROUPS);
        if (groups < 2) {
            return Double.NaN;
        }
        double[] left = new double[groups];
        for (int out = 0; out < groups; out++) {
            int group = out;
            left[out] = of.applyAsDouble(
                    IntStream.range(0, n).filter(i -> i % groups != group).toArray());
        }
        return deviation(left) * (groups - 1) / Math.sqrt(groups);
    }

    /**
     * Probabilities of tests as if each were the only one (Holm 1979): that any of those below a level is a false alarm has at most that probability,
     * however the tests depend on one another. A NaN is no test and stays.
     */
    public static double[] holm(double[] p) {
        double[] adjusted = p.clone();
        Integer[] order = IntStream.range(0, p.length)
                .filter(i -> !Double.isNaN(p[i]))
                .boxed()
                .sorted(Comparator.comparingDouble(i -> p[i]))
                .toArray(Integer[]::new);
        double highest = 0;
        for (int rank = 0; rank < order.length; rank++) {
            highest = Math.max(highest, Math.min(1, p[order[rank]] * (order.length - rank)));
            adjusted[order[rank]] = highest;
        }
        return adjusted;
    }
}
