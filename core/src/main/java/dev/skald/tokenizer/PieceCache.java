package dev.skald.tokenizer;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The ids of pieces that were encoded lately. Text repeats its words so much that nearly every piece is found here, at the cost of one line of the
 * processor's cache.
 *
 * <p>An entry is eight longs, 64 bytes: 31 bytes of the piece and its length, then how many ids, and up to seven of them. It has two possible places
 * side by side. A new one takes the second, and goes to the first when it is found there, so that words seen once do not drive out frequent ones. Not
 * thread-safe.
 */
final class PieceCache {

    /** Longer pieces are not kept. */
    static final int LONGEST = 31;

    private static final int MOST_IDS = 7;
    private static final int WIDTH = 8;
    private static final int FIRST_BITS = 10;
    private static final int LAST_BITS = 17;
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    /** Doubled each time that as many pieces were kept as there are entries, up to 8 MB. */
    private long[] entries = new long[WIDTH << FIRST_BITS];

    private int bits = FIRST_BITS;
    private int kept;
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
        int first = place(k0, k1, k2, k3);
        if (is(first, k0, k1, k2, k3)) {
            append(first, out);
            return true;
        }
        int second = first ^ WIDTH;
        if (is(second, k0, k1, k2, k3)) {
            append(second, out);
            swap(first, second);
            return true;
        }
        key0 = k0;
        key1 = k1;
        key2 = k2;
        key3 = k3;
        place = second;
        return false;
    }

    private int place(long k0, long k1, long k2, long k3) {
        long hash = (k0 ^ (k1 * 0x9E3779B97F4A7C15L) ^ (k2 * 0xC2B2AE3D27D4EB4FL) ^ k3) * 0xFF51AFD7ED558CCDL;
        hash = (hash ^ (hash >>> 32)) * 0x9E3779B97F4A7C15L;
        return (int) (hash >>> (64 - bits)) * WIDTH;
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

    private void swap(int first, int second) {
        for (int i = 0; i < WIDTH; i++) {
            long moved = entries[first + i];
            entries[first + i] = entries[second + i];
            entries[second + i] = moved;
        }
    }

    /** Keeps the ids from {@code start} on as those of the piece last looked for, if they are few enough. */
    void keep(TokenIds ids, int start) {
        int count = ids.size() - start;
        if (count > MOST_IDS) {
            return;
        }
        if (++kept > 1 << bits && bits < LAST_BITS) {
            enlarge();
            place = place(key0, key1, key2, key3) ^ WIDTH;
        }
        entries[place] = key0;
        entries[place + 1] = key1;
        entries[place + 2] = key2;
        entries[place + 3] = key3;
        entries[place + 4] = count | (id(ids, start, count, 0) << 32);
        for (int i = 1; i < MOST_IDS; i += 2) {
            entries[place + 4 + (i + 1) / 2] = id(ids, start, count, i) | (id(ids, start, count, i + 1) << 32);
        }
    }

    private static long id(TokenIds ids, int start, int count, int index) {
        return index < count ? ids.get(start + index) : 0;
    }

    private void enlarge() {
        long[] old = entries;
        bits++;
        entries = new long[WIDTH << bits];
        for (int from = 0; from < old.length; from += WIDTH) {
            if (old[from + 3] != 0) {
                int first = place(old[from], old[from + 1], old[from + 2], old[from + 3]);
                int to = entries[first + 3] == 0 ? first : first ^ WIDTH;
                System.arraycopy(old, from, entries, to, WIDTH);
            }
        }
        kept = 0;
    }
}
