package dev.skald.corpus;

import java.util.Collection;
import java.util.Comparator;

/** The nearest known name to a mistaken one. */
final class Names {

    private Names() {}

    /** "; did you mean 'x'?", or what there is to choose from if nothing is near. */
    static String suggestion(String found, Collection<String> known) {
        String nearest = known.stream()
                .min(Comparator.comparingInt((String name) -> distance(found, name))
                        .thenComparing(name -> name))
                .orElse("");
        if (!nearest.isEmpty() && distance(found, nearest) <= Math.max(2, found.length() / 3)) {
            return "; did you mean '" + nearest + "'?";
        }
        return "; expected one of " + String.join(", ", known);
    }

    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int changed = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(changed, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
