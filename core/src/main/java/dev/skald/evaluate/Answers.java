package dev.skald.evaluate;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Compares texts with what they should be. */
final class Answers {

    private static final String PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
    private static final Set<String> ARTICLES = Set.of("a", "an", "the");

    private Answers() {}

    /** What of two texts is left out before they are compared. */
    record Ignored(boolean letterCase, boolean punctuation, boolean numbers) {

        static final Ignored NOTHING = new Ignored(false, false, false);

        String strip(String text) {
            String left = letterCase ? text.toLowerCase(Locale.ROOT) : text;
            return left.codePoints()
                    .filter(c -> !(punctuation && PUNCTUATION.indexOf(c) >= 0) && !(numbers && c >= '0' && c <= '9'))
                    .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                    .toString();
        }
    }

    /** Whether the text is one of the targets. */
    static boolean exactMatch(String text, List<String> targets, Ignored ignored) {
        return targets.stream().anyMatch(target -> ignored.strip(text).equals(ignored.strip(target)));
    }

    /** SQuAD's F1 over words (Rajpurkar et al. 2016, evaluate-v2.0): with the target that it is highest for. */
    static double f1(String text, List<String> targets) {
        return targets.stream().mapToDouble(target -> f1(text, target)).max().orElse(0);
    }

    private static double f1(String text, String target) {
        List<String> found = words(text);
        List<String> right = words(target);
        if (found.isEmpty() || right.isEmpty()) {
            return found.equals(right) ? 1 : 0;
        }
        Map<String, Integer> left = new HashMap<>();
        right.forEach(word -> left.merge(word, 1, Integer::sum));
        int same = 0;
        for (String word : found) {
            int count = left.getOrDefault(word, 0);
            if (count > 0) {
                left.put(word, count - 1);
                same++;
            }
        }
        double precision = (double) same / found.size();
        double recall = (double) same / right.size();
        return same == 0 ? 0 : 2 * precision * recall / (precision + recall);
    }

    /** Lower case, no punctuation, no English article. */
    private static List<String> words(String text) {
        String plain = new Ignored(true, true, false).strip(text);
        List<String> words = new ArrayList<>();
        for (String word : plain.strip().split("[\\s\\h]+", -1)) {
            if (!word.isEmpty() && !ARTICLES.contains(word)) {
                words.add(word);
            }
        }
        return words;
    }
}
