package dev.skald.evaluate;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Python's {@code random.Random}, so that a seed draws the few-shot examples here that it draws in lm-evaluation-harness: the Mersenne Twister
 * MT19937 of Matsumoto and Nishimura (1998), seeded by {@code init_by_array} as CPython's _randommodule.c does, and {@code sample}, {@code shuffle}
 * and {@code choices} of its random.py. Not thread-safe.
 */
final class PythonRandom {

    private static final int N = 624;
    private static final int M = 397;

    private final int[] state = new int[N];
    private int at = N;

    /** @param seed not negative: Python takes its magnitude */
    PythonRandom(long seed) {
        long magnitude = Math.abs(seed);
        int low = (int) magnitude;
        int high = (int) (magnitude >>> 32);
        int[] key = high == 0 ? new int[] {low} : new int[] {low, high};
        state[0] = 19650218;
        for (int i = 1; i < N; i++) {
            state[i] = 1812433253 * (state[i - 1] ^ (state[i - 1] >>> 30)) + i;
        }
        int i = 1;
        int j = 0;
        for (int k = Math.max(N, key.length); k > 0; k--) {
            state[i] = (state[i] ^ ((state[i - 1] ^ (state[i - 1] >>> 30)) * 1664525)) + key[j] + j;
            i++;
            j = (j + 1) % key.length;
            if (i == N) {
                state[0] = state[N - 1];
                i = 1;
            }
        }
        for (int k = N - 1; k > 0; k--) {
            state[i] = (state[i] ^ ((state[i - 1] ^ (state[i - 1] >>> 30)) * 1566083941)) - i;
            i++;
            if (i == N) {
                state[0] = state[N - 1];
                i = 1;
            }
        }
        state[0] = 0x80000000;
    }

    /** 32 bits. */
    int next() {
        if (at == N) {
            for (int k = 0; k < N; k++) {
                int y = (state[k] & 0x80000000) | (state[(k + 1) % N] & 0x7fffffff);
                state[k] = state[(k + M) % N] ^ (y >>> 1) ^ ((y & 1) == 0 ? 0 : 0x9908b0df);
            }
            at = 0;
        }
        int y = state[at++];
        y ^= y >>> 11;
        y ^= (y << 7) & 0x9d2c5680;
        y ^= (y << 15) & 0xefc60000;
        return y ^ (y >>> 18);
    }

    /** {@code random()}: 53 bits, from 0 to below 1. */
    double nextDouble() {
        int a = next() >>> 5;
        int b = next() >>> 6;
        return (a * 67108864.0 + b) / 9007199254740992.0;
    }

    /** {@code _randbelow}: 0 to {@code bound} - 1. */
    int below(int bound) {
        int bits = Integer.SIZE - Integer.numberOfLeadingZeros(bound);
        int drawn = bound;
        while (drawn >= bound || drawn < 0) {
            drawn = next() >>> (Integer.SIZE - bits);
        }
        return drawn;
    }

    /** {@code sample(items, count)}: so many of them, none twice. */
    <T> List<T> sample(List<T> items, int count) {
        int n = items.size();
        if (count > n) {
            throw new IllegalArgumentException(count + " of " + n);
        }
        int setSize = 21;
        if (count > 5) {
            setSize += (int) Math.pow(4, Math.ceil(Math.log(count * 3.0) / Math.log(4)));
        }
        List<T> sample = new ArrayList<>();
        if (n <= setSize) {
            List<T> pool = new ArrayList<>(items);
            for (int i = 0; i < count; i++) {
                int j = below(n - i);
                sample.add(pool.get(j));
                pool.set(j, pool.get(n - i - 1));
            }
        } else {
            Set<Integer> taken = new HashSet<>();
            for (int i = 0; i < count; i++) {
                int j = below(n);
                while (!taken.add(j)) {
                    j = below(n);
                }
                sample.add(items.get(j));
            }
        }
        return sample;
    }

    /** {@code shuffle(items)}, in place. */
    <T> void shuffle(List<T> items) {
        for (int i = items.size() - 1; i > 0; i--) {
            int j = below(i + 1);
            T item = items.get(i);
            items.set(i, items.get(j));
            items.set(j, item);
        }
    }
}
