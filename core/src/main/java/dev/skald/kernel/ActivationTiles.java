package dev.skald.kernel;

import static dev.skald.kernel.RowFormat.FLOATS;
import static dev.skald.kernel.RowFormat.INTS;
import static dev.skald.kernel.RowFormat.LANES;
import static dev.skald.kernel.RowFormat.MEMORY;
import static dev.skald.kernel.RowFormat.ORDER;

import dev.skald.tensor.Format;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Rows of activations in blocks of bytes, as {@link GroupCode} multiplies them: of each block of the weights' format, 32 or 256 elements, the largest
 * magnitude is 127, the others are rounded to the nearest (as ggml's Q8_0 and Q8_K, but for the scale, which stays f32).
 *
 * <p>Some rows are a tile, the last one of as many as are left. A tile has its blocks one after the other, and a block the bytes of its rows, then their scales in
 * f32, then their sums in 32 bits: of every 32 columns the sum of the bytes, and of every 16 for Q6_K; where quants are centred it is that times minus the centre. For
 * products in 16 bits the sums of Q6_K are two of 16 bits: of the columns 0 and 1, and 2 and 3, of each four.
 *
 * @param most rows of a tile
 * @param pairs whether products are in 16 bits
 * @param address of native memory of {@link #bytes}
 */
record ActivationTiles(Format format, int rows, int columns, int most, boolean pairs, long address) {

    private static final VectorSpecies<Byte> BYTES =
            VectorSpecies.of(byte.class, VectorShape.forBitSize(FLOATS.vectorBitSize() / 4));

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

    /** Columns 0 and 1 of each four. */
    private static final VectorMask<Integer> EVEN = VectorMask.fromLong(INTS, 0x3333333333333333L);

    /** Bytes that rows take. */
    static long bytes(Format format, int rows, int columns) {
        return (long) columns / format.blockElements() * blockBytes(format, rows);
    }

    /** Bytes of a tile's block. */
    static long blockBytes(Format format, int rows) {
        return rows * (format.blockElements() + 4L + 4L * sums(format));
    }

    /** Where in a block an element is. */
    static long valueAt(Format format, int row, int column) {
        return (long) row * format.blockElements() + column;
    }

    /** Where in a block of a tile of {@code rows} a scale is. */
    static long scaleAt(Format format, int rows, int row) {
        return (long) rows * format.blockElements() + 4L * row;
    }

    /** Where in a block of a tile of {@code rows} a sum is. */
    static long sumAt(Format format, int rows, int row, int which) {
        return rows * (format.blockElements() + 4L) + 4L * (row * sums(format) + which);
    }

    /** Sums of a row in a block. */
    private static int sums(Format format) {
        return format.blockElements() / (2 * GroupLayout.distance(format));
    }

    /** Tiles. */
    int tiles() {
        return Math.ceilDiv(rows, most);
    }

    /** Rows of a tile. */
    int rows(int tile) {
        return Math.min(most, rows - tile * most);
    }

    /** Address of a tile. */
    long tile(int tile) {
        return address + bytes(format, tile * most, columns);
    }

    /**
     * Takes a row.
     *
     * @param x its elements
     */
    void quantise(int row, float[] x) {
        int tile = row / most;
        int m = row % most;
        int tileRows = rows(tile);
        int block = format.blockElements();
        long to = tile(tile);
        for (int at = 0; at < columns; at += block) {
            float largest = largest(x, at, block);
            MEMORY.set(FLOAT, to + scaleAt(format, tileRows, m), largest / 127);
            long sums = to + sumAt(format, tileRows, m, 0);
            float inverse = largest == 0 ? 0 : 127 / largest;
            long values = to + valueAt(format, m, 0);
            if (format == Format.Q6_K) {
                sixteens(x, at, inverse, values, sums);
            } else {
                thirtyTwos(x, at, block, inverse, values, sums, GroupLayout.centre(format));
            }
            to += blockBytes(format, tileRows);
        }
    }

    private static void thirtyTwos(float[] x, int at, int n, float inverse, long values, long sums, int centre) {
        int factor = centre == 0 ? 1 : -centre;
        for (int i = 0; i < n; i += 32) {
            IntVector sum = IntVector.zero(INTS);
            for (int j = i; j < i + 32; j += LANES) {
                IntVector v = rounded(x, at + j, inverse);
                sum = sum.add(v);
                ((ByteVector) v.convertShape(VectorOperators.I2B, BYTES, 0))
                        .intoMemorySegment(MEMORY, values + j, ORDER);
            }
            MEMORY.set(INT, sums + i / 8, factor * sum.reduceLanes(VectorOperators.ADD));
        }
    }

    private void sixteens(float[] x, int at, float inverse, long values, long sums) {
        for (int i = 0; i < 256; i += 16) {
            IntVector sum = IntVector.zero(INTS);
            for (int j = i; j < i + 16; j += LANES) {
                IntVector v = rounded(x, at + j, inverse);
                sum = sum.add(v);
                ((ByteVector) v.convertShape(VectorOperators.I2B, BYTES, 0))
                        .intoMemorySegment(MEMORY, values + j, ORDER);
            }
            int all = -32 * sum.reduceLanes(VectorOperators.ADD);
            if (pairs) {
                int even = -32 * sum.reduceLanes(VectorOperators.ADD, EVEN);
                all = (even & 0xffff) | ((all - even) << 16);
            }
            MEMORY.set(INT, sums + i / 4, all);
        }
    }

    private static float largest(float[] x, int at, int n) {
        FloatVector most = FloatVector.zero(FLOATS);
        for (int i = at; i < at + n; i += LANES) {
            most = most.max(FloatVector.fromArray(FLOATS, x, i).abs());
        }
        return most.reduceLanes(VectorOperators.MAX);
    }

    /** Adding 1.5 times 2^23 rounds to the nearest integer, of two as near the even one, and leaves it in the low bits. */
    private static IntVector rounded(float[] x, int at, float inverse) {
        float magic = 0x1.8p23f;
        return FloatVector.fromArray(FLOATS, x, at)
                .mul(inverse)
                .add(magic)
                .reinterpretAsInts()
                .sub(Float.floatToRawIntBits(magic));
    }
}
