package dev.skald.tokenizer;

import java.util.Arrays;

/**
 * How often each piece of text occurs, in bounded memory: when there are too many different ones, those seen least are forgotten, until at most half
 * are left. What a forgotten piece counted is lost. The same pieces in the same order give the same counts.
 */
final class PieceCounts {

    private final int maxPieces;
    private byte[] bytes = new byte[1 << 16];
    private int used;
    private int[] end = new int[1 << 12];
    private long[] count = new long[1 << 12];
    private int[] slots = new int[1 << 13];
    private int pieces;
    private long forgotten;

    PieceCounts(int maxPieces) {
        this.maxPieces = maxPieces;
    }

    int pieces() {
        return pieces;
    }

    /** How many occurrences were forgotten. */
    long forgotten() {
        return forgotten;
    }

    long count(int piece) {
        return count[piece];
    }

    int start(int piece) {
        return piece == 0 ? 0 : end[piece - 1];
    }

    int end(int piece) {
        return end[piece];
    }

    /** The bytes of all pieces; see {@link #start} and {@link #end}. */
    byte[] bytes() {
        return bytes;
    }

    void add(byte[] text, int from, int to) {
        int slot = slot(text, from, to);
        if (slots[slot] != 0) {
            count[slots[slot] - 1]++;
            return;
        }
        if (pieces == maxPieces) {
            prune();
            slot = slot(text, from, to);
        }
        append(text, from, to, 1);
        slots[slot] = pieces;
        if (pieces * 2 > slots.length) {
            index(slots.length * 2);
        }
    }

    private void append(byte[] text, int from, int to, long times) {
        if (pieces == end.length) {
            end = Arrays.copyOf(end, pieces * 2);
            count = Arrays.copyOf(count, pieces * 2);
        }
        int needed = used + to - from;
        if (needed > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(needed, bytes.length + (bytes.length >> 1)));
        }
        System.arraycopy(text, from, bytes, used, to - from);
        used = needed;
        end[pieces] = used;
        count[pieces++] = times;
    }

    private int slot(byte[] text, int from, int to) {
        int mask = slots.length - 1;
        int slot = (int) Vocabulary.hash(text, from, to) & mask;
        while (slots[slot] != 0) {
            int piece = slots[slot] - 1;
            if (Arrays.equals(text, from, to, bytes, start(piece), end[piece])) {
                return slot;
            }
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    private void index(int size) {
        slots = new int[size];
        for (int piece = 0; piece < pieces; piece++) {
            slots[slot(bytes, start(piece), end[piece])] = piece + 1;
        }
    }

    /** Forgets the pieces seen once, then those seen twice, and so on; at least the first of these. */
    private void prune() {
        long[] sorted = Arrays.copyOf(count, pieces);
        Arrays.sort(sorted);
        long least = sorted[pieces / 2];
        byte[] old = bytes;
        int[] oldEnd = Arrays.copyOf(end, pieces);
        int before = pieces;
        pieces = 0;
        used = 0;
        int start = 0;
        for (int piece = 0; piece < before; piece++) {
            if (count[piece] > least) {
                append(old, start, oldEnd[piece], count[piece]); // moves down, never over what is still to be read
            } else {
                forgotten += count[piece];
            }
            start = oldEnd[piece];
        }
        index(slots.length);
    }
}
