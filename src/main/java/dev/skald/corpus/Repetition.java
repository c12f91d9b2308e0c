package dev.skald.corpus;

import java.util.Arrays;

/**
 * How much a text repeats itself. Word n-gram measures are those of Gopher (Rae et al. 2021, appendix A1) as datatrove computes them: of the
 * most frequent 2- to 4-gram, the share of the text's characters that its occurrences hold; of the 5- to 10-grams seen before, likewise,
 * without counting a character twice. Those of character 10-grams and word 5-grams are of ROOTS (Laurençon et al. 2022). An n-gram's
 * characters are those of its words and one space between them. Not thread-safe.
 */
final class Repetition {

    private static final int FIRST_DUPLICATE = 5;
    private static final int LAST_DUPLICATE = 10;
    /** Character 10-grams are counted in this many characters at most, so that the table has a bound. */
    private static final int MOST_CHARACTERS = 1 << 17;

    private final LongTable table = new LongTable();
    private long[] grams = new long[1 << 13];
    private int[] lengths = new int[1 << 13];

    private TextShape shape;
    private boolean wordsDone;
    private boolean linesDone;
    private final double[] top = new double[FIRST_DUPLICATE];
    private final double[] duplicate = new double[LAST_DUPLICATE + 1];
    private double repeatedFiveGrams;
    private double duplicateLines;
    private double duplicateLineCharacters;
    private double duplicateParagraphs;
    private double duplicateParagraphCharacters;

    void read(TextShape next) {
        shape = next;
        wordsDone = false;
        linesDone = false;
    }

    /** Share of characters in the most frequent n-gram, n of 2 to 4; 0 if none occurs twice. */
    double top(int n) {
        measureWords();
        return top[n];
    }

    /** Share of characters in n-grams seen before, n of 5 to 10. */
    double duplicate(int n) {
        measureWords();
        return duplicate[n];
    }

    /** Share of the word 5-grams that occur more than once. */
    double wordFiveGrams() {
        measureWords();
        return repeatedFiveGrams;
    }

    double lines() {
        measureLines();
        return duplicateLines;
    }

    double lineCharacters() {
        measureLines();
        return duplicateLineCharacters;
    }

    double paragraphs() {
        measureLines();
        return duplicateParagraphs;
    }

    double paragraphCharacters() {
        measureLines();
        return duplicateParagraphCharacters;
    }

    /** Occurrences of the most frequent √d of the d different character 10-grams, as far as they occur twice, per character 10-gram. */
    double characterTenGrams() {
        int total = Math.min(shape.length, MOST_CHARACTERS) - 9;
        if (total <= 0) {
            return 0;
        }
        table.clear(total);
        char[] chars = shape.chars;
        long leading = power(10);
        long hash = 0;
        for (int i = 0; i < total + 9; i++) {
            hash = hash * BASE + chars[i];
            if (i >= 10) {
                hash -= leading * chars[i - 10];
            }
            if (i >= 9) {
                table.increment(hash | Long.MIN_VALUE);
            }
        }
        return (double) table.sumOfLargest((int) Math.sqrt(table.size())) / total;
    }

    private static final long BASE = 0x9E3779B97F4A7C15L;

    private static long power(int exponent) {
        long result = 1;
        for (int i = 0; i < exponent; i++) {
            result *= BASE;
        }
        return result;
    }

    private void measureWords() {
        if (wordsDone) {
            return;
        }
        wordsDone = true;
        int words = shape.words;
        if (grams.length < words) {
            grams = new long[words + words / 4];
            lengths = new int[words + words / 4];
        }
        for (int i = 0; i < words; i++) {
            grams[i] = shape.wordHash[i];
            lengths[i] = shape.wordEnd[i] - shape.wordStart[i];
        }
        repeatedFiveGrams = 0;
        for (int n = 2; n <= LAST_DUPLICATE; n++) {
            int count = words - n + 1;
            for (int i = 0; i < count; i++) {
                grams[i] = grams[i] * BASE + shape.wordHash[i + n - 1];
                lengths[i] += 1 + shape.wordEnd[i + n - 1] - shape.wordStart[i + n - 1];
            }
            if (n < FIRST_DUPLICATE) {
                top[n] = count <= 0 ? 0 : (double) mostFrequent(count) / shape.length;
            } else {
                duplicate[n] = count <= 0 ? 0 : (double) seenBefore(n, count) / shape.length;
            }
            if (n == FIRST_DUPLICATE && count > 0) {
                repeatedFiveGrams = repeated(count);
            }
        }
    }

    private long mostFrequent(int count) {
        table.clear(count);
        int most = 1;
        int longest = 0;
        for (int i = 0; i < count; i++) {
            int times = table.increment(grams[i] | Long.MIN_VALUE);
            if (times > most) {
                most = times;
                longest = lengths[i];
            } else if (times == most && most > 1) {
                longest = Math.max(longest, lengths[i]);
            }
        }
        return most < 2 ? 0 : (long) most * longest;
    }

    private long seenBefore(int n, int count) {
        table.clear(count);
        long characters = 0;
        int i = 0;
        while (i < count) {
            if (table.add(grams[i] | Long.MIN_VALUE)) {
                i++;
            } else {
                characters += lengths[i];
                i += n;
            }
        }
        return characters;
    }

    private double repeated(int count) {
        table.clear(count);
        for (int i = 0; i < count; i++) {
            table.increment(grams[i] | Long.MIN_VALUE);
        }
        return (double) (count - table.histogram(2)[1]) / count;
    }

    private void measureLines() {
        if (linesDone) {
            return;
        }
        linesDone = true;
        duplicateLines = 0;
        duplicateLineCharacters = 0;
        duplicateParagraphs = 0;
        duplicateParagraphCharacters = 0;
        if (shape.lines == 0) {
            return;
        }
        int[] lineOf = new int[shape.lines + 1];
        Arrays.setAll(lineOf, i -> i);
        double[] ofLines = duplicates(lineOf, shape.lines);
        double[] ofParagraphs = duplicates(shape.paragraphLine, shape.paragraphs);
        duplicateLines = ofLines[0];
        duplicateLineCharacters = ofLines[1];
        duplicateParagraphs = ofParagraphs[0];
        duplicateParagraphCharacters = ofParagraphs[1];
    }

    /** Share of the pieces, and of the text's characters in pieces, that were there before; piece i is lines first[i] to first[i + 1]. */
    private double[] duplicates(int[] first, int pieces) {
        table.clear(pieces);
        int repeated = 0;
        long characters = 0;
        int word = 0;
        for (int i = 0; i < pieces; i++) {
            long hash = 1;
            for (int line = first[i]; line < first[i + 1]; line++) {
                for (int end = word + shape.lineWords[line]; word < end; word++) {
                    hash = (hash + shape.wordHash[word]) * BASE;
                }
                hash = Hashes.mix(hash);
            }
            if (!table.add(hash | Long.MIN_VALUE)) {
                repeated++;
                characters += shape.lineEnd[first[i + 1] - 1] - shape.lineStart[first[i]];
            }
        }
        return new double[] {(double) repeated / pieces, (double) characters / shape.length};
    }
}
