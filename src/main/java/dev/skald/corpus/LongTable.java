package dev.skald.corpus;

import java.util.Arrays;

/** Counts by 64-bit key, in open addressing; emptied and used again without allocating. The key 0 is not allowed. */
final class LongTable {

    private long[] keys = new long[1 << 10];
    private int[] counts = new int[1 << 10];
    private int mask = (1 << 10) - 1;
    private int size;

    /** Forgets everything; afterwards there is room for {@code expected} keys. */
    void clear(int expected) {
        int capacity = Integer.highestOneBit(Math.max(512, expected)) << 2;
        if (capacity > keys.length) {
            keys = new long[capacity];
            counts = new int[capacity];
        } else {
            Arrays.fill(keys, 0, capacity, 0);
        }
        mask = capacity - 1;
        size = 0;
    }

    /** Adds one to the key's count and returns the new count. */
    int increment(long key) {
        int slot = slot(key);
        if (keys[slot] == 0) {
            if (2 * size > mask) {
                grow();
                return increment(key);
            }
            keys[slot] = key;
            counts[slot] = 1;
            size++;
            return 1;
        }
        return ++counts[slot];
    }

    /** Makes sure that the key is in the table; returns whether it was new. */
    boolean add(long key) {
        return increment(key) == 1;
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
        for (int slot = 0; slot <= mask; slot++) {
            if (keys[slot] != 0) {
                found[n++] = keys[slot];
            }
        }
        Arrays.sort(found);
        return found;
    }

    /** How many keys were counted c times, by c; the last element is for those counted more often too. */
    int[] histogram(int longest) {
        int[] keysOfCount = new int[longest + 1];
        for (int slot = 0; slot <= mask; slot++) {
            if (keys[slot] != 0) {
                keysOfCount[Math.min(longest, counts[slot])]++;
            }
        }
        return keysOfCount;
    }

    /** The sum of the {@code n} largest counts, as far as they are larger than one. */
    long sumOfLargest(int n) {
        int largest = 1;
        for (int slot = 0; slot <= mask; slot++) {
            if (keys[slot] != 0) {
                largest = Math.max(largest, counts[slot]);
            }
        }
        int[] keysOfCount = histogram(largest);
        long sum = 0;
        int left = n;
        for (int count = largest; count > 1 && left > 0; count--) {
            int taken = Math.min(left, keysOfCount[count]);
            sum += (long) taken * count;
            left -= taken;
        }
        return sum;
    }

    private int slot(long key) {
        int slot = (int) Hashes.mix(key) & mask;
        while (keys[slot] != 0 && keys[slot] != key) {
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    private void grow() {
        LongTable larger = new LongTable();
        larger.clear(2 * size);
        for (int slot = 0; slot <= mask; slot++) {
            if (keys[slot] != 0) {
                int at = larger.slot(keys[slot]);
                larger.keys[at] = keys[slot];
                larger.counts[at] = counts[slot];
            }
        }
        keys = larger.keys;
        counts = larger.counts;
        mask = larger.mask;
    }
}
