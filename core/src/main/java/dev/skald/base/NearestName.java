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

    /** What to say about an unknown name: the nearest, if one is near; else all there are, if they are few; else nothing. */
    public static String suggestion(String name, Collection<String> candidates) {
        return suggestion("", name, candidates);
    }

    /** The same for names that are written after something: {@code datasets[0].path}. */
    public static String suggestion(String before, String name, Collection<String> candidates) {
        if (isNear(name, candidates)) {
            return "did you mean '" + before + of(name, candidates) + "'?";
        }
        return candidates.isEmpty() || candidates.size() > 6 ? "" : "expected one of " + String.join(", ", candidates);
    }

    /** Whether a name may be meant to be one of the candidates: a third of it at most is otherwise, or two letters, or one of a short name. */
    public static boolean isNear(String name, Collection<String> candidates) {
        return candidates.stream()
                .anyMatch(each -> distance(name, each) <= (name.length() < 5 ? 1 : Math.max(2, name.length() / 3)));
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
