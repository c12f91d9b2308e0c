package dev.skald.evaluate;

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
}
