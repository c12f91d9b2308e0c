package dev.skald.tokenizer;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The ids of pieces that were encoded lately. Text repeats its words so much that nearly every piece is found here, at the cost of one line of the
 * processor's cache.
 *
 * <p>An entry is eight longs, 64 bytes: 31 bytes of the piece and its length, then how many ids, and up to seven of them. It has two possible places
 * side by side; a new one takes the first and moves what was there to the second. Not thread-safe.
 */
final class PieceCache {

    /** Longer pieces are not kept. */
    static final int LONGEST = 31;

    private static final int MOST_IDS = 7;
    private static final int WIDTH = 8;
    private static final int BITS = 15;
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final long[] entries = new long[WIDTH << BITS];
    private final byte[] padded = new byte[32];

    /** The piece last looked for. */
    private long key0;

    private long key1;
    private long key2;
    private long key3;
    private int place;

    /**
     * Appends the ids of the piece {@code from <= i < to}, of 1 to {@link #LONGEST} bytes, if it is here; if not, {@link #keep} may follow.
     */
    boolean find(byte[] text, int from, int to, TokenIds out) {
        byte[] bytes = text;
        int at = from;
        int length = to - from;
        if (from > text.length - 32) {
            System.arraycopy(text, from, padded, 0, length);
            bytes = padded;
            at = 0;
        }
        long k0 = (long) LONG.get(bytes, at);
        long k1 = 0;
        long k2 = 0;
        long k3 = (long) length << 56;
        if (length <= 8) {
            k0 &= -1L >>> (64 - 8 * length);
        } else {
            k1 = (long) LONG.get(bytes, at + 8);
            if (length <= 16) {
                k1 &= -1L >>> (128 - 8 * length);
            } else {
                k2 = (long) LONG.get(bytes, at + 16);
                if (length <= 24) {
                    k2 &= -1L >>> (192 - 8 * length);
                } else {
                    k3 |= (long) LONG.get(bytes, at + 24) & (-1L >>> (256 - 8 * length));
                }
            }
        }
        long hash = (k0 ^ (k1 * 0x9E3779B97F4A7C15L) ^ (k2 * 0xC2B2AE3D27D4EB4FL) ^ (k3 * 0xD6E8FEB86659FD93L))
                * 0xFF51AFD7ED558CCDL;
        int first = (int) (hash >>> (64 - BITS)) * WIDTH;
        if (is(first, k0, k1, k2, k3)) {
            append(first, out);
            return true;
        }
        int second = first ^ WIDTH;
        if (is(second, k0, k1, k2, k3)) {
            append(second, out);
            return true;
        }
        key0 = k0;
        key1 = k1;
        key2 = k2;
        key3 = k3;
        place = first;
        return false;
    }

    private boolean is(int entry, long k0, long k1, long k2, long k3) {
        long[] e = entries;
        return ((e[entry] ^ k0) | (e[entry + 1] ^ k1) | (e[entry + 2] ^ k2) | (e[entry + 3] ^ k3)) == 0;
    }

    private void append(int entry, TokenIds out) {
        long[] e = entries;
        long head = e[entry + 4];
        int count = (int) head;
        int[] ids = out.room(MOST_IDS);
        int size = out.size();
        ids[size] = (int) (head >>> 32);
        for (int i = 1; i < count; i += 2) {
            long two = e[entry + 4 + (i + 1) / 2];
            ids[size + i] = (int) two;
            ids[size + i + 1] = (int) (two >>> 32);
        }
        out.grow(count);
    }

    /** Keeps the ids from {@code start} on as those of the piece last looked for, if they are few enough. */
    void keep(TokenIds ids, int start) {
        int count = ids.size() - start;
        if (count > MOST_IDS) {
            return;
        }
        System.arraycopy(entries, place, entries, place ^ WIDTH, WIDTH);
        entries[place] = key0;
        entries[place + 1] = key1;
        entries[place + 2] = key2;
        entries[place + 3] = key3;
        entries[place + 4] = count | id(ids, start, count, 0) << 32;
        for (int i = 1; i < MOST_IDS; i += 2) {
            entries[place + 4 + (i + 1) / 2] = id(ids, start, count, i) | id(ids, start, count, i + 1) << 32;
        }
    }

    private static long id(TokenIds ids, int start, int count, int index) {
        return index < count ? ids.get(start + index) : 0;
    }
}
