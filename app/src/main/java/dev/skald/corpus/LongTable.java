package dev.skald.corpus;

import java.util.Arrays;

/**
 * Counts by 64-bit key, in open addressing; emptied and used again without allocating. The key 0 is not allowed. The slots of keys that
 * were counted more than once are listed, so that what repeats is found without a look at the whole table.
 */
final class LongTable {

    private static final int SMALLEST = 1 << 9;

    private long[] keys = new long[0];
    private int[] counts = new int[0];
    private int[] repeated = new int[0];
    private int capacity;
    private int shift;
    private int size;
    private int repeats;

    LongTable() {
        clear(0);
    }

    /** Forgets everything; afterwards there is room for {@code expected} keys. */
    void clear(int expected) {
        capacity = Integer.highestOneBit(Math.max(SMALLEST, expected)) << 2;
        shift = Long.SIZE - Integer.numberOfTrailingZeros(capacity);
        if (capacity > keys.length) {
            keys = new long[capacity];
            counts = new int[capacity];
            repeated = new int[capacity / 2];
        } else {
            Arrays.fill(keys, 0, capacity, 0);
        }
        size = 0;
        repeats = 0;
    }

    /** Adds one to the key's count and returns the key's slot, which it keeps as long as the table holds no more keys than expected. */
    int increment(long key) {
        int slot = slot(key);
        if (keys[slot] == 0) {
            if (2 * size >= capacity) {
                grow();
                return increment(key);
            }
            keys[slot] = key;
            counts[slot] = 1;
            size++;
        } else if (++counts[slot] == 2) {
            repeated[repeats++] = slot;
        }
        return slot;
    }

    /** How often the key of this slot was counted. */
    int count(int slot) {
        return counts[slot];
    }

    /** Makes sure that the key is in the table; returns whether it was new. */
    boolean add(long key) {
        return counts[increment(key)] == 1;
    }

    boolean contains(long key) {
        return keys[slot(key)] != 0;
    }

    int size() {
        return size;
    }

    /** The keys, ascending. */
    long[] sortedKeys() {
        long[] found = new long[size];
        int n = 0;
        for (int slot = 0; slot < capacity; slot++) {
            if (keys[slot] != 0) {
                found[n++] = keys[slot];
            }
        }
        Arrays.sort(found);
        return found;
    }

    /** The sum of the {@code n} largest counts, as far as they are larger than one. */
    long sumOfLargest(int n) {
        int largest = 1;
        for (int i = 0; i < repeats; i++) {
            largest = Math.max(largest, counts[repeated[i]]);
        }
        int[] keysOfCount = new int[largest + 1];
        for (int i = 0; i < repeats; i++) {
            keysOfCount[counts[repeated[i]]]++;
        }
        long sum = 0;
        int left = n;
        for (int count = largest; count > 1 && left > 0; count--) {
            int taken = Math.min(left, keysOfCount[count]);
            sum += (long) taken * count;
            left -= taken;
        }
        return sum;
    }

    /** The upper bits of a product: keys are hashes, whose bits only have to be brought together. */
    private int slot(long key) {
        int slot = (int) (((key ^ (key >>> 32)) * 0xC4CEB9FE1A85EC53L) >>> shift);
        while (keys[slot] != 0 && keys[slot] != key) {
            slot = (slot + 1) & (capacity - 1);
        }
        return slot;
    }

    private void grow() {
        long[] oldKeys = Arrays.copyOf(keys, capacity);
        int[] oldCounts = Arrays.copyOf(counts, capacity);
        clear(2 * size);
        for (int i = 0; i < oldKeys.length; i++) {
            if (oldKeys[i] != 0) {
                int slot = slot(oldKeys[i]);
                keys[slot] = oldKeys[i];
                counts[slot] = oldCounts[i];
                size++;
                if (oldCounts[i] > 1) {
                    repeated[repeats++] = slot;
                }
            }
        }
    }
}
