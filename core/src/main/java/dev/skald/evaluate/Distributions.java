package dev.skald.evaluate;

/**
 * Tails of the distributions that tests are made of. The incomplete beta function is the continued fraction of DLMF 8.17.22 by Lentz's method, the
 * gamma function Lanczos' series (g = 7, 9 terms); both are good to about 1e-13.
 */
final class Distributions {

    private static final double[] LANCZOS = {
        0.9999999999998099,
        676.5203681218851,
        -1259.1392167224028,
        771.3234287776531,
        -176.6150291621406,
        12.507343278686905,
        -0.13857109526572012,
        9.984369578019572e-6,
        1.5056327351493116e-7
    };

    private static final double SMALLEST = 1e-300;

    private Distributions() {}

    /** The logarithm of the gamma function, for x of at least 1/2. */
    static double logGamma(double x) {
        double sum = LANCZOS[0];
        for (int i = 1; i < LANCZOS.length; i++) {
            sum += LANCZOS[i] / (x - 1 + i);
        }
        double t = x + 6.5;
        return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum);
    }

    /** The regularized incomplete beta function I_x(a, b). */
    static double beta(double x, double a, double b) {
        if (x <= 0 || x >= 1) {
            return x <= 0 ? 0 : 1;
        }
        if (x > (a + 1) / (a + b + 2)) { // where the fraction is slow
            return 1 - beta(1 - x, b, a);
        }
        double front = Math.exp(
                logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x) - Math.log(a));
        double c = 1;
        double d = 1 / notZero(1 - (a + b) * x / (a + 1));
        double fraction = d;
        for (int m = 1; m < 10_000; m++) {
            double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
            d = 1 / notZero(1 + even * d);
            c = notZero(1 + even / c);
            fraction *= d * c;
            double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
            d = 1 / notZero(1 + odd * d);
            c = notZero(1 + odd / c);
            fraction *= d * c;
            if (Math.abs(d * c - 1) < 1e-16) {
                break;
            }
        }
        return front * fraction;
    }

    private static double notZero(double value) {
        return Math.abs(value) < SMALLEST ? SMALLEST : value;
    }

    /** The probability that Student's t is as far from 0 as this, to either side. */
    static double studentTails(double t, double freedom) {
        return beta(freedom / (freedom + t * t), freedom / 2, 0.5);
    }

    /** The t that Student's t is beyond, to either side, with this probability. */
    static double studentBound(double tails, double freedom) {
        double low = 0;
        double high = 1;
        while (studentTails(high, freedom) > tails) {
            high *= 2;
        }
        for (int i = 0; i < 200 && high - low > 1e-14 * high; i++) {
            double middle = (low + high) / 2;
            if (studentTails(middle, freedom) > tails) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return (low + high) / 2;
    }

    /** The probability that a normal deviate is as far from 0 as this, to either side. */
    static double normalTails(double z) {
        double x = Math.abs(z) / Math.sqrt(2);
        // erfc(x), by the series of DLMF 7.6.1 or the continued fraction of 7.9.1
        if (x < 2) {
            double term = x;
            double sum = x;
            for (int n = 1; Math.abs(term) > 1e-17 * sum; n++) {
                term *= -x * x / n;
                sum += term / (2 * n + 1);
            }
            return 1 - 2 / Math.sqrt(Math.PI) * sum;
        }
        double fraction = 0;
        for (int n = 200; n > 0; n--) {
            fraction = n / 2.0 / (x + fraction);
        }
        return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction);
    }

    /** The probability that of so many throws of a coin heads are as far from half as this, to either side. */
    static double coinTails(long heads, long throwsOfIt) {
        long few = Math.min(heads, throwsOfIt - heads);
        if (2 * few == throwsOfIt) {
            return 1;
        }
        // P(X <= few) = I_{1/2}(n - few, few + 1)
        return Math.min(1, 2 * beta(0.5, throwsOfIt - (double) few, few + 1.0));
    }
}
