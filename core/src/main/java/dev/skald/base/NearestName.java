package dev.skald.base;

import java.util.Collection;
import java.util.Comparator;

/** The name that a misspelled one was most likely meant to be. */
public final class NearestName {

    private NearestName() {}

    /** The candidate with the smallest edit distance; the first of equals. */
    public static String of(String name, Collection<String> candidates) {
        return candidates.stream()
                .min(Comparator.comparingInt(candidate -> distance(name, candidate)))
                .orElse("");
    }

    /** {@code "; did you mean 'x'?"}, or what there is to choose from if nothing is near. */
    public static String suggestion(String name, Collection<String> candidates) {
        String nearest = of(name, candidates.stream().sorted().toList());
        return !nearest.isEmpty() && distance(name, nearest) <= Math.max(2, name.length() / 3)
                ? "; did you mean '" + nearest + "'?"
                : "; expected one of " + String.join(", ", candidates);
    }

    /** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
    private static int distance(String a, String b) {
        int[][] d = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    d[i][j] = i + j;
                    continue;
                }
                int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                d[i][j] = Math.min(d[i - 1][j - 1] + change, Math.min(d[i - 1][j], d[i][j - 1]) + 1);
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
                }
            }
        }
        return d[a.length()][b.length()];
    }
}
