package dev.skald.corpus;

import java.util.Arrays;

/**
 * What the language model sees of a text: every word as a whole, the pair it makes with the word before, and its character n-grams of
 * length 1 to 5 with a boundary mark at both ends, each hashed to one of {@link #BUCKETS} buckets. Case, digits and punctuation are not
 * seen. Not thread-safe.
 */
final class LanguageFeatures {

    static final int BUCKETS = 1 << 17;

    private static final int LONGEST_WORD = 40;
    private static final int LONGEST_NGRAM = 5;
    private static final char BOUNDARY = ' ';

    private int[] buckets = new int[1 << 14];
    private int count;
    private int letters;
    private int foreign;
    private final char[] word = new char[LONGEST_WORD + 2];

    /** Forgets the text before. */
    void clear() {
        count = 0;
        letters = 0;
        foreign = 0;
    }

    /** Adds the features of {@code chars[from, to)}; may be called for several pieces of a text. */
    void add(char[] chars, int from, int to) {
        long before = 0;
        int i = from;
        while (i < to) {
            if (!isLetter(chars[i])) {
                i++;
                continue;
            }
            int length = 0;
            word[length++] = BOUNDARY;
            for (; i < to && isLetter(chars[i]); i++) {
                char lower = lower(chars[i]);
                letters++;
                if (lower > 0x24F) {
                    foreign++;
                }
                if (length <= LONGEST_WORD) {
                    word[length++] = lower;
                }
            }
            word[length++] = BOUNDARY;
            before = addWord(length, before);
        }
    }

    private long addWord(int length, long before) {
        reserve(LONGEST_NGRAM * length + 2);
        long whole = 0x57L;
        for (int start = 0; start < length; start++) {
            long hash = 0;
            int end = Math.min(length, start + LONGEST_NGRAM);
            for (int i = start; i < end; i++) {
                hash = (hash + word[i] + 1) * 0x9E3779B97F4A7C15L;
                if (i > start || word[i] != BOUNDARY) {
                    buckets[count++] = bucket(hash + (i - start));
                }
            }
            whole = (whole + word[start]) * 0xD6E8FEB86659FD93L;
        }
        buckets[count++] = bucket(whole);
        if (before != 0) {
            buckets[count++] = bucket(before * 31 + whole);
        }
        return whole;
    }

    private void reserve(int more) {
        if (count + more > buckets.length) {
            buckets = Arrays.copyOf(buckets, Math.max(2 * buckets.length, count + more));
        }
    }

    private static int bucket(long hash) {
        long mixed = (hash ^ (hash >>> 32)) * 0xFF51AFD7ED558CCDL;
        return (int) (mixed >>> 47);
    }

    private static boolean isLetter(char c) {
        return c < 128 ? (c | 32) >= 'a' && (c | 32) <= 'z' : Character.isLetter(c);
    }

    private static char lower(char c) {
        return c < 128 ? (char) (c | 32) : Character.toLowerCase(c);
    }

    /** The buckets, valid in [0, {@link #count}). */
    int[] buckets() {
        return buckets;
    }

    int count() {
        return count;
    }

    int letters() {
        return letters;
    }

    /** Whether most letters are of another script than Latin. */
    boolean isForeignScript() {
        return 2 * foreign > letters;
    }
}
