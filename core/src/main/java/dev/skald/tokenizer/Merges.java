package dev.skald.tokenizer;

import dev.skald.InvalidInputException;

/**
 * The merges of a BPE model: a pair of ids to its rank, and a rank to the id of the merged token. A slot of the open-addressing table is one long: left id,
 * right id (21 bits each) and rank + 1 (22 bits).
 */
final class Merges {

    static final int MAX_COUNT = (1 << 22) - 1;

    private static final int RANK_BITS = 22;
    private static final int ID_BITS = 21;

    private final long[] slots;
    private final int[] merged;
    private int count;

    Merges(int capacity) {
        if (capacity > MAX_COUNT) {
            throw new InvalidInputException("model.merges: " + capacity + " merges, at most " + MAX_COUNT);
        }
        slots = new long[Integer.highestOneBit(Math.max(8, capacity) / 2 * 3) * 2];
        merged = new int[capacity];
    }

    /** Adds the merge of the next rank. Of a pair that is there already the new rank counts. */
    void add(int left, int right, int result) {
        long pair = pair(left, right);
        int slot = slot(pair);
        merged[count++] = result;
        slots[slot] = pair << RANK_BITS | count;
    }

    int count() {
        return count;
    }

    /** The rank of the pair, or {@link Integer#MAX_VALUE} if it does not merge. */
    int rank(int left, int right) {
        long found = slots[slot(pair(left, right))];
        return found == 0 ? Integer.MAX_VALUE : (int) (found & MAX_COUNT) - 1;
    }

    /** The id of the token that the merge of this rank makes. */
    int merged(int rank) {
        return merged[rank];
    }

    /** The slot that holds the pair, or the free one where it would be. */
    private int slot(long pair) {
        int mask = slots.length - 1;
        long hash = pair * 0x9E3779B97F4A7C15L;
        int slot = (int) (hash >>> 32) & mask;
        while (slots[slot] != 0 && slots[slot] >>> RANK_BITS != pair) {
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    private static long pair(int left, int right) {
        return (long) left << ID_BITS | right;
    }
}
