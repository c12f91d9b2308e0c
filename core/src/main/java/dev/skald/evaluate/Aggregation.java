package dev.skald.evaluate;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeSet;

/**
 * Makes one value of the values of all items. An item's value is one number; or its log-likelihood and the words or bytes it is over; or the right
 * class and the one that was found; or the counts of {@link ChrF}. Formulas are those of lm-evaluation-harness (api/metrics.py), and of scikit-learn
 * for classes.
 */
public enum Aggregation {
    /** The mean. */
    MEAN {
        @Override
        public double of(List<double[]> items) {
            return mean(items, 0);
        }
    },
    /** e to the negative mean. */
    PERPLEXITY {
        @Override
        public double of(List<double[]> items) {
            return Math.exp(-mean(items, 0));
        }
    },
    /** e to the negative sum over the sum of the weights. */
    WEIGHTED_PERPLEXITY {
        @Override
        public double of(List<double[]> items) {
            return Math.exp(-mean(items, 0) / mean(items, 1));
        }
    },
    /** The negative sum in bits over the sum of the weights. */
    BITS_PER_BYTE {
        @Override
        public double of(List<double[]> items) {
            return -mean(items, 0) / mean(items, 1) / Math.log(2);
        }
    },
    /** F1 of class 1; 0 where there is none of it. */
    F1 {
        @Override
        public double of(List<double[]> items) {
            return f1(items, 1);
        }
    },
    /** The mean of the F1 of all classes that are right or found somewhere. */
    F1_MACRO {
        @Override
        public double of(List<double[]> items) {
            TreeSet<Double> classes = new TreeSet<>();
            items.forEach(item -> classes.addAll(List.of(item[0], item[1])));
            return classes.stream()
                    .mapToDouble(each -> f1(items, each))
                    .average()
                    .orElse(0);
        }
    },
    /** Matthews' correlation, by Gorodkin's formula for many classes; 0 where one side is always the same. */
    MCC {
        @Override
        public double of(List<double[]> items) {
            Map<Double, long[]> counts = new HashMap<>();
            long correct = 0;
            for (double[] item : items) {
                counts.computeIfAbsent(item[0], _ -> new long[2])[0]++;
                counts.computeIfAbsent(item[1], _ -> new long[2])[1]++;
                correct += item[0] == item[1] ? 1 : 0;
            }
            double all = items.size();
            double both = 0;
            double right = 0;
            double found = 0;
            for (long[] count : counts.values()) {
                both += (double) count[0] * count[1];
                right += (double) count[0] * count[0];
                found += (double) count[1] * count[1];
            }
            double under = Math.sqrt((all * all - found) * (all * all - right));
            return under == 0 ? 0 : (correct * all - both) / under;
        }
    },
    /** chrF of the summed counts. */
    CHRF {
        @Override
        public double of(List<double[]> items) {
            return ChrF.score(items);
        }
    };

    /** Draws of a bootstrap. */
    static final int DRAWS = 10_000;

    /** The value of all items; at least one. */
    public abstract double of(List<double[]> items);

    /**
     * The standard error of {@link #of}: of a mean by formula, else the deviation of bootstrap draws.
     *
     * @return empty for fewer than 2 items
     */
    public Optional<Double> standardError(List<double[]> items, long seed) {
        int n = items.size();
        if (n < 2) {
            return Optional.empty();
        }
        if (this == MEAN) {
            return Optional.of(Statistics.standardError(
                    items.stream().mapToDouble(item -> item[0]).toArray()));
        }
        return Optional.of(Statistics.deviation(draws(items, seed)));
    }

    /** The values of samples with replacement, each as large as what it is drawn from. */
    double[] draws(List<double[]> items, long seed) {
        int n = items.size();
        SplittableRandom random = new SplittableRandom(seed);
        double[] values = new double[DRAWS];
        double[][] drawn = new double[n][];
        List<double[]> view = java.util.Arrays.asList(drawn);
        for (int draw = 0; draw < DRAWS; draw++) {
            for (int i = 0; i < n; i++) {
                drawn[i] = items.get(random.nextInt(n));
            }
            values[draw] = of(view);
        }
        return values;
    }

    private static double mean(List<double[]> items, int at) {
        double sum = 0;
        for (double[] item : items) {
            sum += item[at];
        }
        return sum / items.size();
    }

    private static double f1(List<double[]> items, double positive) {
        long both = 0;
        long either = 0;
        for (double[] item : items) {
            boolean right = item[0] == positive;
            boolean found = item[1] == positive;
            both += right && found ? 2 : 0;
            either += (right ? 1 : 0) + (found ? 1 : 0);
        }
        return either == 0 ? 0 : (double) both / either;
    }
}
