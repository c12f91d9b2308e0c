package dev.skald.corpus;

import java.util.Arrays;

/** The word n-grams of evaluation sets, as 64-bit hashes: folded words, so that case and punctuation make no difference. */
final class EvaluationGrams {

    private final int n;
    private final LongTable grams = new LongTable();

    /**
     * @param n words in an n-gram
     * @param sorted the hashes that {@link #of} gave
     */
    EvaluationGrams(int n, long[] sorted) {
        this.n = n;
        grams.clear(sorted.length);
        for (long gram : sorted) {
            grams.add(gram);
        }
    }

    /** The n-grams of one text; of a shorter text, its whole as one if it has 5 words at least. */
    static long[] of(TextShape shape, int n) {
        long[] words = folded(shape);
        int size = words.length < n && words.length >= 5 ? words.length : n;
        int count = Math.max(0, words.length - size + 1);
        long[] grams = new long[count];
        for (int i = 0; i < count; i++) {
            grams[i] = gram(words, i, size);
        }
        return grams;
    }

    /** Share of the text's n-grams that an evaluation set holds. */
    double share(TextShape shape) {
        if (grams.size() == 0) {
            return 0;
        }
        long[] found = of(shape, n);
        double hits = Arrays.stream(found).filter(grams::contains).count();
        return Measures.ratio(hits, found.length);
    }

    private static long[] folded(TextShape shape) {
        long[] words = new long[shape.words];
        int count = 0;
        for (int i = 0; i < shape.words; i++) {
            if (shape.foldedHash[i] != 0) {
                words[count++] = shape.foldedHash[i];
            }
        }
        return Arrays.copyOf(words, count);
    }

    private static long gram(long[] words, int from, int n) {
        long hash = 1;
        for (int i = from; i < from + n; i++) {
            hash = (hash + words[i]) * 0x9E3779B97F4A7C15L;
        }
        return Hashes.mix(hash) | Long.MIN_VALUE;
    }
}
