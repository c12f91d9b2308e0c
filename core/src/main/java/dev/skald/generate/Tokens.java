package dev.skald.generate;

import java.util.Arrays;

/** The tokens of a text so far, prompt included, and which ids are among them. */
final class Tokens {

    private int[] ids;
    private int length;
    /** Each id once, in the order of their first occurrence. */
    private int[] distinct = new int[64];

    private int distinctCount;
    private long[] seen = new long[16];

    Tokens(int[] prompt) {
        ids = new int[prompt.length + 64];
        for (int id : prompt) {
            add(id);
        }
    }

    void add(int id) {
        if (length == ids.length) {
            ids = Arrays.copyOf(ids, 2 * length);
        }
        ids[length++] = id;
        if (id >> 6 >= seen.length) {
            seen = Arrays.copyOf(seen, Math.max(2 * seen.length, (id >> 6) + 1));
        }
        if ((seen[id >> 6] >> id & 1) == 0) {
            seen[id >> 6] |= 1L << id;
            if (distinctCount == distinct.length) {
                distinct = Arrays.copyOf(distinct, 2 * distinctCount);
            }
            distinct[distinctCount++] = id;
        }
    }

    int length() {
        return length;
    }

    int last() {
        return ids[length - 1];
    }

    int get(int index) {
        return ids[index];
    }

    int distinctCount() {
        return distinctCount;
    }

    int distinct(int index) {
        return distinct[index];
    }

    /** Whether the ids from {@code from} on are those of {@code other} from {@code otherFrom} on, {@code count} of them. */
    boolean equal(int from, int[] other, int otherFrom, int count) {
        return Arrays.equals(ids, from, from + count, other, otherFrom, otherFrom + count);
    }

    /** Whether the ids from {@code from} on are the last ones, {@code count} of them. */
    boolean endsLike(int from, int count) {
        return Arrays.equals(ids, from, from + count, ids, length - count, length);
    }

    /** A copy of the ids from {@code from} on. */
    int[] copy(int from, int end) {
        return Arrays.copyOfRange(ids, from, end);
    }
}
