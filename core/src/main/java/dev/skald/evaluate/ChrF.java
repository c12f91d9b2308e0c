package dev.skald.evaluate;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * chrF (Popović 2015): F of character n-grams, 1 to 6, with white space left out. Counts of all texts are added before precision and recall are
 * taken, and orders without n-grams on a side count for nothing ("effective order"), with beta 2: what sacrebleu's {@code corpus_chrf} does by default.
 */
final class ChrF {

    private static final int ORDER = 6;
    private static final double BETA = 2;

    private ChrF() {}

    /** For each order: n-grams of the hypothesis, of the reference, and those in both. */
    static double[] counts(String hypothesis, String reference) {
        double[] counts = new double[3 * ORDER];
        for (int order = 1; order <= ORDER; order++) {
            Map<String, Integer> ours = grams(hypothesis, order);
            Map<String, Integer> theirs = grams(reference, order);
            double both = 0;
            for (Map.Entry<String, Integer> gram : ours.entrySet()) {
                both += Math.min(gram.getValue(), theirs.getOrDefault(gram.getKey(), 0));
            }
            int at = 3 * (order - 1);
            // A side without n-grams of this length leaves the order out, for both sides.
            counts[at] = theirs.isEmpty() ? 0 : sum(ours);
            counts[at + 1] = sum(theirs);
            counts[at + 2] = both;
        }
        return counts;
    }

    /** The score of summed counts, 0 to 100. */
    static double score(List<double[]> items) {
        double[] sums = new double[3 * ORDER];
        for (double[] item : items) {
            for (int i = 0; i < sums.length; i++) {
                sums[i] += item[i];
            }
        }
        double precision = 0;
        double recall = 0;
        int orders = 0;
        for (int order = 0; order < ORDER; order++) {
            double ours = sums[3 * order];
            double theirs = sums[3 * order + 1];
            if (ours > 0 && theirs > 0) {
                precision += sums[3 * order + 2] / ours;
                recall += sums[3 * order + 2] / theirs;
                orders++;
            }
        }
        if (orders == 0 || precision + recall == 0) {
            return 0;
        }
        precision /= orders;
        recall /= orders;
        double weight = BETA * BETA;
        return 100 * (1 + weight) * precision * recall / (weight * precision + recall);
    }

    private static double sum(Map<String, Integer> grams) {
        return grams.values().stream().mapToInt(Integer::intValue).sum();
    }

    private static Map<String, Integer> grams(String text, int order) {
        int[] points = text.codePoints()
                .filter(point -> !Character.isWhitespace(point) && !Character.isSpaceChar(point))
                .toArray();
        Map<String, Integer> grams = new HashMap<>();
        for (int from = 0; from + order <= points.length; from++) {
            grams.merge(new String(points, from, order), 1, Integer::sum);
        }
        return grams;
    }
}
