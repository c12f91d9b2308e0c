package dev.skald.corpus;

import dev.skald.corpus.Recipe.FuzzyDedup;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Finds texts that share most of their shingles (Broder 1997; banding as in Leskovec, Rajaraman, Ullman, Mining of Massive Datasets,
 * chapter 3). A shingle is a run of words or characters, without case and punctuation. Of each of bands x rows hash functions the smallest
 * value over the text's shingles is kept: two texts have the same one with probability J, the Jaccard similarity of their shingle sets. The
 * values of a band make a key; texts with an equal key are candidates, with probability 1 - (1 - J^rows)^bands. Candidates are then compared
 * by their shingle sets, so a chance match merges nothing. Not thread-safe.
 */
final class MinHash {

    private static final long PRIME = 0x9E3779B97F4A7C15L;

    private final FuzzyDedup settings;
    private final long[] multipliers;
    private final long[] addends;
    private final int[] smallest;
    private final LongTable distinct = new LongTable();
    private long[] units = new long[1 << 13];

    MinHash(FuzzyDedup settings, long seed) {
        this.settings = settings;
        int hashes = settings.bands() * settings.rows();
        SplittableRandom random = new SplittableRandom(seed);
        multipliers = new long[hashes];
        addends = new long[hashes];
        smallest = new int[hashes];
        for (int i = 0; i < hashes; i++) {
            multipliers[i] = random.nextLong() | 1;
            addends[i] = random.nextLong();
        }
    }

    /** The key of each band; texts of different languages never have an equal one. */
    long[] bandKeys(TextShape shape, String language) {
        Arrays.fill(smallest, Integer.MAX_VALUE);
        int count = shingleUnits(shape);
        int size = Math.min(settings.shingleSize(), count);
        for (int i = 0; i + size <= count && size > 0; i++) {
            hashAll(shingle(i, size));
        }
        long whose = Hashes.of(language);
        if (count == 0) { // a text without shingles is like no other
            whose = Hashes.mix(whose, Arrays.hashCode(Arrays.copyOf(shape.chars, shape.length)));
        }
        long[] keys = new long[settings.bands()];
        for (int band = 0; band < keys.length; band++) {
            long key = Hashes.mix(band, whose);
            for (int row = 0; row < settings.rows(); row++) {
                key = Hashes.mix(key, smallest[band * settings.rows() + row]);
            }
            keys[band] = key;
        }
        return keys;
    }

    /** Multiply-add-shift: the upper half of a 64-bit product is universal in its multiplier (Dietzfelbinger et al. 1997). */
    private void hashAll(long shingle) {
        for (int i = 0; i < smallest.length; i++) {
            int hash = (int) ((shingle * multipliers[i] + addends[i]) >>> 32);
            smallest[i] = Math.min(smallest[i], hash);
        }
    }

    /** The text's different shingles as hashes, ascending. */
    long[] shingles(TextShape shape) {
        int count = shingleUnits(shape);
        int size = Math.min(settings.shingleSize(), count);
        distinct.clear(count);
        for (int i = 0; i + size <= count && size > 0; i++) {
            distinct.add(shingle(i, size) | Long.MIN_VALUE);
        }
        return distinct.sortedKeys();
    }

    /** Jaccard similarity of two ascending sets; 0 of empty ones, for texts without a word or letter have nothing in common. */
    static double jaccard(long[] a, long[] b) {
        int i = 0;
        int j = 0;
        int common = 0;
        while (i < a.length && j < b.length) {
            if (a[i] == b[j]) {
                common++;
                i++;
                j++;
            } else if (a[i] < b[j]) {
                i++;
            } else {
                j++;
            }
        }
        int union = a.length + b.length - common;
        return union == 0 ? 0 : (double) common / union;
    }

    /** Fills {@link #units} with the words' hashes or with the characters; returns how many. */
    private int shingleUnits(TextShape shape) {
        boolean words = settings.shingle().equals("word");
        int most = words ? shape.words : shape.length;
        if (units.length < most) {
            units = new long[most + most / 4];
        }
        return words ? wordUnits(shape) : characterUnits(shape);
    }

    private int wordUnits(TextShape shape) {
        int count = 0;
        for (int i = 0; i < shape.words; i++) {
            if (shape.foldedHash[i] != 0) {
                units[count++] = shape.foldedHash[i];
            }
        }
        return count;
    }

    /** Characters in lower case, a run of anything but letters and digits as one space. */
    private int characterUnits(TextShape shape) {
        int count = 0;
        boolean space = true;
        for (int i = 0; i < shape.length; i++) {
            char c = shape.chars[i];
            if (Character.isLetterOrDigit(c) || Character.isSurrogate(c)) {
                units[count++] = Character.toLowerCase(c);
                space = false;
            } else if (!space) {
                units[count++] = ' ';
                space = true;
            }
        }
        return count > 0 && space ? count - 1 : count;
    }

    private long shingle(int from, int size) {
        long hash = size;
        for (int i = from; i < from + size; i++) {
            hash = (hash + units[i]) * PRIME;
        }
        return Hashes.mix(hash);
    }
}
