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
    private int[] places = new int[1 << 13];
    private int[] slots = new int[1 << 13];
    private int count;

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

    /**
     * Measures the n-grams of all n. An n-gram can only repeat where the (n-1)-grams that it begins and ends with do: from one n to the next
     * only the places where something repeats are kept, which soon are few.
     */
    private void measureWords() {
        if (wordsDone) {
            return;
        }
        wordsDone = true;
        int words = shape.words;
        if (grams.length < words) {
            grams = new long[words + words / 4];
            lengths = new int[words + words / 4];
            places = new int[words + words / 4];
            slots = new int[words + words / 4];
        }
        for (int i = 0; i < words; i++) {
            grams[i] = shape.wordHash[i];
            lengths[i] = shape.wordEnd[i] - shape.wordStart[i];
            places[i] = i;
        }
        count = words;
        for (int n = 2; n <= LAST_DUPLICATE; n++) {
            lengthen(n);
            int most = keepRepeated();
            if (n < FIRST_DUPLICATE) {
                top[n] = Measures.ratio((double) most * longest(most), shape.length);
            } else {
                if (n == FIRST_DUPLICATE) {
                    repeatedFiveGrams = Measures.ratio(count, Math.max(0, words - n + 1));
                }
                duplicate[n] = Measures.ratio((double) seenBefore(n), shape.length);
            }
        }
    }

    /** Makes n-grams of (n-1)-grams, where one place follows the other. */
    private void lengthen(int n) {
        int kept = 0;
        for (int k = 0; k + 1 < count; k++) {
            int place = places[k];
            if (places[k + 1] == place + 1) {
                int last = place + n - 1;
                grams[place] = grams[place] * BASE + shape.wordHash[last];
                lengths[place] += 1 + shape.wordEnd[last] - shape.wordStart[last];
                places[kept++] = place;
            }
        }
        count = kept;
    }

    /** Lets go of the places whose n-gram is nowhere else; returns how often the most frequent one occurs, 0 if all are gone. */
    private int keepRepeated() {
        table.clear(count);
        for (int k = 0; k < count; k++) {
            slots[k] = table.increment(grams[places[k]] | Long.MIN_VALUE);
        }
        int kept = 0;
        int most = 0;
        for (int k = 0; k < count; k++) {
            int times = table.count(slots[k]);
            if (times > 1) {
                slots[kept] = slots[k];
                places[kept++] = places[k];
                most = Math.max(most, times);
            }
        }
        count = kept;
        return most;
    }

    /** Characters of the longest n-gram that occurs {@code times} times. */
    private int longest(int times) {
        int longest = 0;
        for (int k = 0; k < count; k++) {
            if (table.count(slots[k]) == times) {
                longest = Math.max(longest, lengths[places[k]]);
            }
        }
        return longest;
    }

    private long seenBefore(int n) {
        table.clear(count);
        long characters = 0;
        int next = 0;
        for (int k = 0; k < count; k++) {
            int place = places[k];
            if (place >= next && !table.add(grams[place] | Long.MIN_VALUE)) {
                characters += lengths[place];
                next = place + n;
            }
        }
        return characters;
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
