package dev.skald.compare;

import java.util.Locale;

/** Numbers as they are printed: with as many digits as their interval leaves. */
final class Numbers {

    /** What stands where there is no number. */
    static final String NONE = "-";

    private Numbers() {}

    /** With two digits of the interval's half, or four of its own where there is no interval. */
    static String value(double value, double half) {
        return format("%.*f", value, half);
    }

    /** The same with its sign. */
    static String signed(double value, double half) {
        return format("%+.*f", value, half);
    }

    /** Half an interval. */
    static String half(double half) {
        return half > 0 ? format("%.*f", half, half) : "0";
    }

    private static String format(String pattern, double value, double half) {
        if (Double.isNaN(value)) {
            return NONE;
        }
        double by = half > 0 ? half * 10 : Math.abs(value) / 10;
        int digits = by == 0 ? 3 : (int) Math.ceil(2 - Math.log10(by) - 1e-9);
        return String.format(Locale.ROOT, pattern.replace("*", String.valueOf(Math.clamp(digits, 0, 6))), value);
    }

    /** A probability. */
    static String probability(double p) {
        if (Double.isNaN(p)) {
            return NONE;
        }
        return p < 0.0001
                ? "<0.0001"
                : p < 0.01 ? String.format(Locale.ROOT, "%.4f", p) : String.format(Locale.ROOT, "%.2f", p);
    }
}
