package dev.skald.kernel;

import static dev.skald.kernel.GroupLayout.HALVES;
import static dev.skald.kernel.GroupLayout.ROWS;
import static dev.skald.kernel.GroupLayout.VECTOR;
import static dev.skald.kernel.RowFormat.MEMORY;

import dev.skald.tensor.Format;
import dev.skald.tensor.Matrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.IntUnaryOperator;

/** Rearranges a matrix of blocks as {@link GroupLayout} has it; bits are moved, none is lost. */
public final class GroupPacking {

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

    private static final int LOW = 0x0f0f0f0f;

    /** Bytes that are worth another thread. */
    private static final int GRAIN = 256 * 1024;

    private GroupPacking() {}

    /** Whether matrices of a format can be rearranged, and multiplied then, on this machine. */
    public static boolean canPack(Format format) {
        return GroupLayout.has(format) && GroupProducts.AVAILABLE.isPresent();
    }

    /** Bytes that a rearranged matrix takes. */
    public static long bytes(Format format, long rows, long columns) {
        return GroupLayout.bytes(format, rows, columns);
    }

    /**
     * Rearranges a matrix.
     *
     * @param sourceRow which row of {@code from} each row of the result is
     * @param to memory of {@link #bytes}, aligned to 64 bytes; overwritten
     */
    public static Matrix.Grouped pack(
            Matrix.Blocks from, IntUnaryOperator sourceRow, MemorySegment to, Workers workers) {
        Format format = from.format();
        int rows = Math.toIntExact(from.rows());
        long groupBytes = GroupLayout.bytes(format, from.columns());
        long rowBytes = format.bytes(from.columns());
        int records = Math.toIntExact(from.columns() / format.blockElements());
        int chunk = (int) Math.max(1, GRAIN / groupBytes);
        long blocks = from.memory().address();
        long groups = to.address();
        workers.run(Math.ceilDiv(rows, ROWS), chunk, (first, last) -> {
            long[] sources = new long[ROWS];
            for (int group = first; group < last; group++) {
                long at = groups + group * groupBytes;
                int there = Math.min(ROWS, rows - group * ROWS);
                if (there < ROWS) {
                    MEMORY.asSlice(at, groupBytes).fill((byte) 0);
                }
                for (int r = 0; r < there; r++) {
                    sources[r] = blocks + sourceRow.applyAsInt(group * ROWS + r) * rowBytes;
                }
                for (int i = 0; i < records; i++) {
                    record(format, sources, (long) i * format.blockBytes(), there, at + i * GroupLayout.record(format));
                }
            }
        });
        return new Matrix.Grouped(to, from.rows(), from.columns(), format);
    }

    /** One block of each row of a group. */
    private static void record(Format format, long[] sources, long offset, int rows, long record) {
        for (int r = 0; r < rows; r++) {
            long block = sources[r] + offset;
            switch (format) {
                case Q4_0 -> q4_0(block, record, r);
                case Q8_0 -> q8_0(block, record, r);
                case Q4_K -> q4k(block, record, r);
                case Q5_K -> q5k(block, record, r);
                case Q6_K -> q6k(block, record, r);
                case F32, F16, BF16, Q4_1, Q5_0, Q5_1, Q2_K, Q3_K, IQ4_NL, IQ4_XS, MXFP4 ->
                    throw new IllegalArgumentException(format + " has no layout in groups");
            }
        }
    }

    private static void q4_0(long b, long record, int r) {
        for (int v = 0; v < 4; v++) {
            put(record, v, r, MEMORY.get(INT, b + 2 + 4L * v));
        }
        putHalf(record + GroupLayout.scalesAt(Format.Q4_0), 0, r, MEMORY.get(SHORT, b));
    }

    private static void q8_0(long b, long record, int r) {
        long high = record + GroupLayout.highAt(Format.Q8_0);
        for (int v = 0; v < 4; v++) {
            int x = MEMORY.get(INT, b + 2 + 4L * v) ^ 0x80808080;
            int y = MEMORY.get(INT, b + 18 + 4L * v) ^ 0x80808080;
            put(record, v, r, nibbles(x, y));
            put(high, v, r, nibbles(x >>> 4, y >>> 4));
        }
        putHalf(record + GroupLayout.scalesAt(Format.Q8_0), 0, r, MEMORY.get(SHORT, b));
    }

    /** The low nibbles of the bytes of {@code x}, and above each the one of {@code y}. */
    private static int nibbles(int x, int y) {
        return (x & LOW) | ((y & LOW) << 4);
    }

    private static void q4k(long b, long record, int r) {
        kNibbles(b + 16, record, r);
        kScales(b, record + GroupLayout.scalesAt(Format.Q4_K), r);
    }

    private static void q5k(long b, long record, int r) {
        kNibbles(b + 48, record, r);
        long high = record + GroupLayout.highAt(Format.Q5_K);
        for (int run = 0; run < 8; run++) {
            int fifths = 0;
            for (int v = 0; v < 4; v++) {
                int x = (MEMORY.get(INT, b + 16 + 4L * v) >>> run) & 0x01010101;
                int y = (MEMORY.get(INT, b + 32 + 4L * v) >>> run) & 0x01010101;
                fifths |= (x | (y << 4)) << v;
            }
            put(high, run, r, fifths);
        }
        kScales(b, record + GroupLayout.scalesAt(Format.Q5_K), r);
    }

    /** Two runs of 32 share 32 bytes. */
    private static void kNibbles(long q, long record, int r) {
        for (int pair = 0; pair < 4; pair++) {
            for (int v = 0; v < 4; v++) {
                int x = MEMORY.get(INT, q + 32L * pair + 4L * v);
                int y = MEMORY.get(INT, q + 32L * pair + 16 + 4L * v);
                put(record, 8 * pair + v, r, nibbles(x, y));
                put(record, 8 * pair + 4 + v, r, nibbles(x >>> 4, y >>> 4));
            }
        }
    }

    /** Of the 12 bytes with eight scales and eight minimums of six bits. */
    private static void kScales(long b, long scales, int r) {
        int s0 = MEMORY.get(INT, b + 4);
        int s1 = MEMORY.get(INT, b + 8);
        int s2 = MEMORY.get(INT, b + 12);
        int scaleLow = s0 & 0x3f3f3f3f;
        int minLow = s1 & 0x3f3f3f3f;
        int scaleHigh = (s2 & LOW) | ((s0 >>> 2) & 0x30303030);
        int minHigh = ((s2 >>> 4) & LOW) | ((s1 >>> 2) & 0x30303030);
        for (int j = 0; j < 4; j++) {
            int low = ((scaleLow >>> (8 * j)) & 0xff) | ((minLow >>> (8 * j)) & 0xff) << 8;
            int high = ((scaleHigh >>> (8 * j)) & 0xff) | ((minHigh >>> (8 * j)) & 0xff) << 8;
            putHalf(scales, j, r, (short) low);
            putHalf(scales, j + 4, r, (short) high);
        }
        putHalf(scales, 8, r, MEMORY.get(SHORT, b));
        putHalf(scales, 9, r, MEMORY.get(SHORT, b + 2));
    }

    private static void q6k(long b, long record, int r) {
        long high = record + GroupLayout.highAt(Format.Q6_K);
        for (int run = 0; run < 16; run++) {
            int part = run / 8; // of 128 columns
            int strand = run % 8 / 2; // of 32
            long low = b + 64L * part + 32L * (strand % 2) + 16L * (run % 2);
            long top = b + 128 + 32L * part + 16L * (run % 2);
            int tops = 0;
            for (int v = 0; v < 2; v++) {
                int x = MEMORY.get(INT, low + 4L * v) >>> (strand / 2 * 4);
                int y = MEMORY.get(INT, low + 8 + 4L * v) >>> (strand / 2 * 4);
                put(record, 2 * run + v, r, nibbles(x, y));
                int tx = (MEMORY.get(INT, top + 4L * v) >>> (2 * strand)) & 0x03030303;
                int ty = (MEMORY.get(INT, top + 8 + 4L * v) >>> (2 * strand)) & 0x03030303;
                tops |= (tx | (ty << 4)) << (2 * v);
            }
            put(high, run, r, tops);
        }
        long scales = record + GroupLayout.scalesAt(Format.Q6_K);
        for (int i = 0; i < 8; i++) {
            putHalf(scales, i, r, MEMORY.get(SHORT, b + 192 + 2L * i));
        }
        putHalf(scales, 8, r, MEMORY.get(SHORT, b + 208));
    }

    private static void put(long plane, int vector, int r, int value) {
        MEMORY.set(INT, plane + VECTOR * vector + 4L * r, value);
    }

    private static void putHalf(long scales, int half, int r, short value) {
        MEMORY.set(SHORT, scales + HALVES * half + 2L * r, value);
    }
}
