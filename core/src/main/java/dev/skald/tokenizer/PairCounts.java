package dev.skald.tokenizer;

import java.util.Arrays;

/** The pairs of neighbouring tokens in the pieces of a training: how often each occurs, and in which pieces. */
final class PairCounts {

    private long[] keys = new long[1 << 12];
    private int[] slots = new int[1 << 13];
    private long[] count = new long[1 << 12];
    private int[][] where = new int[1 << 12][];
    private int[] places = new int[1 << 12];
    private int pairs;

    static long key(int left, int right) {
        return (long) left << 32 | right;
    }

    /** The number of the pair, a new one if it was not there. */
    int index(long key) {
        int mask = slots.length - 1;
        int slot = hash(key) & mask;
        while (slots[slot] != 0) {
            if (keys[slots[slot] - 1] == key) {
                return slots[slot] - 1;
            }
            slot = (slot + 1) & mask;
        }
        if (pairs == keys.length) {
            keys = Arrays.copyOf(keys, pairs * 2);
            count = Arrays.copyOf(count, pairs * 2);
            where = Arrays.copyOf(where, pairs * 2);
            places = Arrays.copyOf(places, pairs * 2);
        }
        keys[pairs++] = key;
        slots[slot] = pairs;
        if (pairs * 2 > slots.length) {
            rehash();
        }
        return pairs - 1;
    }

    private void rehash() {
        slots = new int[slots.length * 2];
        int mask = slots.length - 1;
        for (int pair = 0; pair < pairs; pair++) {
            int slot = hash(keys[pair]) & mask;
            while (slots[slot] != 0) {
                slot = (slot + 1) & mask;
            }
            slots[slot] = pair + 1;
        }
    }

    private static int hash(long key) {
        return (int) ((key * 0x9E3779B97F4A7C15L) >>> 32);
    }

    int size() {
        return pairs;
    }

    long key(int pair) {
        return keys[pair];
    }

    long count(int pair) {
        return count[pair];
    }

    void change(int pair, long by) {
        count[pair] += by;
    }

    /** Notes that the pair is in the piece; pieces come in ascending order. */
    void place(int pair, int piece) {
        int n = places[pair];
        if (n > 0 && where[pair][n - 1] == piece) {
            return;
        }
        if (n == 0) {
            where[pair] = new int[2];
        } else if (n == where[pair].length) {
            where[pair] = Arrays.copyOf(where[pair], n + Math.max(2, n >> 1));
        }
        where[pair][n] = piece;
        places[pair] = n + 1;
    }

    /** The pieces that the pair is in, or was. */
    int[] places(int pair) {
        return places[pair] == 0 ? new int[0] : Arrays.copyOf(where[pair], places[pair]);
    }

    /** The pair is no more: its count is 0, its places are forgotten. */
    void remove(int pair) {
        count[pair] = 0;
        places[pair] = 0;
        where[pair] = null;
    }
}
