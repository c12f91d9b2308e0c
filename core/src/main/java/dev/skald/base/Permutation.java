package dev.skald.base;

/**
 * A permutation of {@code 0 .. size - 1} that is computed, not stored: six rounds of a balanced Feistel network over the smallest even number
 * of bits that holds {@code size}, and walking the cycle until the value is below it (Black and Rogaway, "Ciphers with Arbitrary Finite
 * Domains", 2002). The domain is less than four times {@code size}, so a walk takes fewer than four turns on average.
 */
public final class Permutation {

    private static final int ROUNDS = 6;

    private final long size;
    private final int halfBits;
    private final long mask;
    private final long[] keys = new long[ROUNDS];

    /**
     * @param size at least 1
     * @param seed chooses the permutation, together with {@code epoch}
     */
    public Permutation(long size, long seed, long epoch) {
        this.size = size;
        int bits = Math.max(2, Long.SIZE - Long.numberOfLeadingZeros(size - 1));
        halfBits = (bits + 1) / 2;
        mask = (1L << halfBits) - 1;
        long state = mix(mix(seed) + epoch);
        for (int round = 0; round < ROUNDS; round++) {
            state += 0x9e3779b97f4a7c15L;
            keys[round] = mix(state);
        }
    }

    /** Where {@code index} goes. */
    public long of(long index) {
        long at = index;
        do {
            long left = at >>> halfBits;
            long right = at & mask;
            for (long key : keys) {
                long next = left ^ (mix(right + key) & mask);
                left = right;
                right = next;
            }
            at = left << halfBits | right;
        } while (at >= size);
        return at;
    }

    /** The finaliser of SplitMix64 (Steele, Lea and Flood, 2014). */
    public static long mix(long value) {
        long z = value;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }
}
