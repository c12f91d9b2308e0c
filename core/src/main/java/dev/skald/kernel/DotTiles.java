package dev.skald.kernel;

import static dev.skald.kernel.RowFormat.FLOATS;
import static dev.skald.kernel.RowFormat.INTS;
import static dev.skald.kernel.RowFormat.LANES;
import static dev.skald.kernel.RowFormat.MEMORY;
import static dev.skald.kernel.RowFormat.ORDER;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Tiles of dot products: some rows of {@code x} with four rows of weights, elements turned to floats as they are read. Every product has its
 * own vector of sums, to which the rows' vectors are added in the order in which they lie in memory, two at a time at least; so a product
 * comes out the same in a tile of any size.
 *
 * <p>What decides the speed is the code that C2 makes of these loops: a tile must fit the registers (16 with AVX2, 32 with AVX-512 and on
 * arm64), and a body must be large enough to hide the loop around it, but below the inliner's limits: a bf16 is turned to a float (whose upper
 * half it is) in place, since a method for it would be one level too deep, and a vector that leaves a method is an object. Measured on two processors, tiles of two
 * rows with the loop unrolled by hand are the best with AVX2, tiles of four rows with more registers.
 */
final class DotTiles {

    /** Rows of weights in a tile. */
    static final int OUTS = 4;

    /** Rows of {@code x} in the largest tile. */
    static final int ROWS = FLOATS.vectorBitSize() == 256 ? 2 : 4;

    /** What the length of a row has to be a multiple of. */
    static final int STEP = 2 * LANES;

    /** As many 16-bit elements as there are lanes of floats. */
    private static final VectorSpecies<Short> SHORTS =
            VectorSpecies.of(short.class, VectorShape.forBitSize(FLOATS.vectorBitSize() / 2));

    private DotTiles() {}

    /**
     * Adds the products of {@code rows} rows of {@code x} with four rows of weights to their vectors of sums.
     *
     * @param format of the weights; others are turned to f32 before
     * @param rows 1, 2 or 4
     * @param at where the first row of {@code x} begins; the next is {@code stride} floats on
     * @param w address of the first row of weights; the next is {@code rowBytes} on
     * @param n elements, a multiple of {@link #STEP}
     * @param sums vectors {@code [rows, 4, LANES]} from {@code to} on
     */
    static void add(
            RowFormat format,
            int rows,
            float[] x,
            int at,
            int stride,
            long w,
            long rowBytes,
            int n,
            float[] sums,
            int to) {
        switch (format) {
            case BF16 -> {
                switch (rows) {
                    case 1 -> oneBfloats(x, at, w, rowBytes, n, sums, to);
                    case 2 -> twoBfloats(x, at, stride, w, rowBytes, n, sums, to);
                    default -> fourBfloats(x, at, stride, w, rowBytes, n, sums, to);
                }
            }
            case F32 -> {
                switch (rows) {
                    case 1 -> oneFloats(x, at, w, rowBytes, n, sums, to);
                    case 2 -> twoFloats(x, at, stride, w, rowBytes, n, sums, to);
                    default -> fourFloats(x, at, stride, w, rowBytes, n, sums, to);
                }
            }
        }
    }

    private static void oneBfloats(float[] x, int at, long w, long row, int n, float[] sums, int to) {
        FloatVector s00 = FloatVector.fromArray(FLOATS, sums, to);
        FloatVector s01 = FloatVector.fromArray(FLOATS, sums, to + LANES);
        FloatVector s02 = FloatVector.fromArray(FLOATS, sums, to + 2 * LANES);
        FloatVector s03 = FloatVector.fromArray(FLOATS, sums, to + 3 * LANES);
        for (int i = 0; i < n; i += LANES) {
            long a = w + 2L * i;
            FloatVector w0 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, MEMORY, a, ORDER)
                            .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector w1 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, MEMORY, a + row, ORDER)
                            .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector w2 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, MEMORY, a + 2 * row, ORDER)
                            .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector w3 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, MEMORY, a + 3 * row, ORDER)
                            .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector x0 = FloatVector.fromArray(FLOATS, x, at + i);
            s00 = x0.fma(w0, s00);
            s01 = x0.fma(w1, s01);
            s02 = x0.fma(w2, s02);
            s03 = x0.fma(w3, s03);
        }
        s00.intoArray(sums, to);
        s01.intoArray(sums, to + LANES);
        s02.intoArray(sums, to + 2 * LANES);
        s03.intoArray(sums, to + 3 * LANES);
    }

    private static void twoBfloats(float[] x, int at, int stride, long w, long row, int n, float[] sums, int to) {
        FloatVector s00 = FloatVector.fromArray(FLOATS, sums, to);
        FloatVector s01 = FloatVector.fromArray(FLOATS, sums, to + LANES);
        FloatVector s02 = FloatVector.fromArray(FLOATS, sums, to + 2 * LANES);
        FloatVector s03 = FloatVector.fromArray(FLOATS, sums, to + 3 * LANES);
        FloatVector s10 = FloatVector.fromArray(FLOATS, sums, to + 4 * LANES);
        FloatVector s11 = FloatVector.fromArray(FLOATS, sums, to + 5 * LANES);
        FloatVector s12 = FloatVector.fromArray(FLOATS, sums, to + 6 * LANES);
        FloatVector s13 = FloatVector.fromArray(FLOATS, sums, to + 7 * LANES);
        for (int i = 0; i < n; i += 2 * LANES) {
            long a = w + 2L * i;
            FloatVector w0a = ((IntVector) ShortVector.fromMemorySegment(SHORTS, MEMORY, a, ORDER)
                            .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector w1a = ((IntVector) ShortVector.fromMemorySegment(SHORTS, MEMORY, a + row, ORDER)
                            .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector w2a = ((IntVector) ShortVector.fromMemorySegment(SHORTS, MEMORY, a + 2 * row, ORDER)
                            .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector w3a = ((IntVector) ShortVector.fromMemorySegment(SHORTS, MEMORY, a + 3 * row, ORDER)
                            .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector x0a = FloatVector.fromArray(FLOATS, x, at + i);
            s00 = x0a.fma(w0a, s00);
            s01 = x0a.fma(w1a, s01);
            s02 = x0a.fma(w2a, s02);
            s03 = x0a.fma(w3a, s03);
            FloatVector x1a = FloatVector.fromArray(FLOATS, x, at + stride + i);
            s10 = x1a.fma(w0a, s10);
            s11 = x1a.fma(w1a, s11);
            s12 = x1a.fma(w2a, s12);
            s13 = x1a.fma(w3a, s13);
            FloatVector w0b = ((IntVector) ShortVector.fromMemorySegment(SHORTS, MEMORY, a + 2L * LANES, ORDER)
                            .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector w1b = ((IntVector) ShortVector.fromMemorySegment(SHORTS, MEMORY, a + row + 2L * LANES, ORDER)
                            .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector w2b = ((IntVector)
                            ShortVector.fromMemorySegment(SHORTS, MEMORY, a + 2 * row + 2L * LANES, ORDER)
                                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector w3b = ((IntVector)
                            ShortVector.fromMemorySegment(SHORTS, MEMORY, a + 3 * row + 2L * LANES, ORDER)
                                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector x0b = FloatVector.fromArray(FLOATS, x, at + i + LANES);
            s00 = x0b.fma(w0b, s00);
            s01 = x0b.fma(w1b, s01);
            s02 = x0b.fma(w2b, s02);
            s03 = x0b.fma(w3b, s03);
            FloatVector x1b = FloatVector.fromArray(FLOATS, x, at + stride + i + LANES);
            s10 = x1b.fma(w0b, s10);
            s11 = x1b.fma(w1b, s11);
            s12 = x1b.fma(w2b, s12);
            s13 = x1b.fma(w3b, s13);
        }
        s00.intoArray(sums, to);
        s01.intoArray(sums, to + LANES);
        s02.intoArray(sums, to + 2 * LANES);
        s03.intoArray(sums, to + 3 * LANES);
        s10.intoArray(sums, to + 4 * LANES);
        s11.intoArray(sums, to + 5 * LANES);
        s12.intoArray(sums, to + 6 * LANES);
        s13.intoArray(sums, to + 7 * LANES);
    }

    private static void fourBfloats(float[] x, int at, int stride, long w, long row, int n, float[] sums, int to) {
        FloatVector s00 = FloatVector.fromArray(FLOATS, sums, to);
        FloatVector s01 = FloatVector.fromArray(FLOATS, sums, to + LANES);
        FloatVector s02 = FloatVector.fromArray(FLOATS, sums, to + 2 * LANES);
        FloatVector s03 = FloatVector.fromArray(FLOATS, sums, to + 3 * LANES);
        FloatVector s10 = FloatVector.fromArray(FLOATS, sums, to + 4 * LANES);
        FloatVector s11 = FloatVector.fromArray(FLOATS, sums, to + 5 * LANES);
        FloatVector s12 = FloatVector.fromArray(FLOATS, sums, to + 6 * LANES);
        FloatVector s13 = FloatVector.fromArray(FLOATS, sums, to + 7 * LANES);
        FloatVector s20 = FloatVector.fromArray(FLOATS, sums, to + 8 * LANES);
        FloatVector s21 = FloatVector.fromArray(FLOATS, sums, to + 9 * LANES);
        FloatVector s22 = FloatVector.fromArray(FLOATS, sums, to + 10 * LANES);
        FloatVector s23 = FloatVector.fromArray(FLOATS, sums, to + 11 * LANES);
        FloatVector s30 = FloatVector.fromArray(FLOATS, sums, to + 12 * LANES);
        FloatVector s31 = FloatVector.fromArray(FLOATS, sums, to + 13 * LANES);
        FloatVector s32 = FloatVector.fromArray(FLOATS, sums, to + 14 * LANES);
        FloatVector s33 = FloatVector.fromArray(FLOATS, sums, to + 15 * LANES);
        for (int i = 0; i < n; i += LANES) {
            long a = w + 2L * i;
            FloatVector w0 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, MEMORY, a, ORDER)
                            .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector w1 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, MEMORY, a + row, ORDER)
                            .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector w2 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, MEMORY, a + 2 * row, ORDER)
                            .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector w3 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, MEMORY, a + 3 * row, ORDER)
                            .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector x0 = FloatVector.fromArray(FLOATS, x, at + i);
            s00 = x0.fma(w0, s00);
            s01 = x0.fma(w1, s01);
            s02 = x0.fma(w2, s02);
            s03 = x0.fma(w3, s03);
            FloatVector x1 = FloatVector.fromArray(FLOATS, x, at + stride + i);
            s10 = x1.fma(w0, s10);
            s11 = x1.fma(w1, s11);
            s12 = x1.fma(w2, s12);
            s13 = x1.fma(w3, s13);
            FloatVector x2 = FloatVector.fromArray(FLOATS, x, at + 2 * stride + i);
            s20 = x2.fma(w0, s20);
            s21 = x2.fma(w1, s21);
            s22 = x2.fma(w2, s22);
            s23 = x2.fma(w3, s23);
            FloatVector x3 = FloatVector.fromArray(FLOATS, x, at + 3 * stride + i);
            s30 = x3.fma(w0, s30);
            s31 = x3.fma(w1, s31);
            s32 = x3.fma(w2, s32);
            s33 = x3.fma(w3, s33);
        }
        s00.intoArray(sums, to);
        s01.intoArray(sums, to + LANES);
        s02.intoArray(sums, to + 2 * LANES);
        s03.intoArray(sums, to + 3 * LANES);
        s10.intoArray(sums, to + 4 * LANES);
        s11.intoArray(sums, to + 5 * LANES);
        s12.intoArray(sums, to + 6 * LANES);
        s13.intoArray(sums, to + 7 * LANES);
        s20.intoArray(sums, to + 8 * LANES);
        s21.intoArray(sums, to + 9 * LANES);
        s22.intoArray(sums, to + 10 * LANES);
        s23.intoArray(sums, to + 11 * LANES);
        s30.intoArray(sums, to + 12 * LANES);
        s31.intoArray(sums, to + 13 * LANES);
        s32.intoArray(sums, to + 14 * LANES);
        s33.intoArray(sums, to + 15 * LANES);
    }

    private static void oneFloats(float[] x, int at, long w, long row, int n, float[] sums, int to) {
        FloatVector s00 = FloatVector.fromArray(FLOATS, sums, to);
        FloatVector s01 = FloatVector.fromArray(FLOATS, sums, to + LANES);
        FloatVector s02 = FloatVector.fromArray(FLOATS, sums, to + 2 * LANES);
        FloatVector s03 = FloatVector.fromArray(FLOATS, sums, to + 3 * LANES);
        for (int i = 0; i < n; i += LANES) {
            long a = w + 4L * i;
            FloatVector w0 = FloatVector.fromMemorySegment(FLOATS, MEMORY, a, ORDER);
            FloatVector w1 = FloatVector.fromMemorySegment(FLOATS, MEMORY, a + row, ORDER);
            FloatVector w2 = FloatVector.fromMemorySegment(FLOATS, MEMORY, a + 2 * row, ORDER);
            FloatVector w3 = FloatVector.fromMemorySegment(FLOATS, MEMORY, a + 3 * row, ORDER);
            FloatVector x0 = FloatVector.fromArray(FLOATS, x, at + i);
            s00 = x0.fma(w0, s00);
            s01 = x0.fma(w1, s01);
            s02 = x0.fma(w2, s02);
            s03 = x0.fma(w3, s03);
        }
        s00.intoArray(sums, to);
        s01.intoArray(sums, to + LANES);
        s02.intoArray(sums, to + 2 * LANES);
        s03.intoArray(sums, to + 3 * LANES);
    }

    private static void twoFloats(float[] x, int at, int stride, long w, long row, int n, float[] sums, int to) {
        FloatVector s00 = FloatVector.fromArray(FLOATS, sums, to);
        FloatVector s01 = FloatVector.fromArray(FLOATS, sums, to + LANES);
        FloatVector s02 = FloatVector.fromArray(FLOATS, sums, to + 2 * LANES);
        FloatVector s03 = FloatVector.fromArray(FLOATS, sums, to + 3 * LANES);
        FloatVector s10 = FloatVector.fromArray(FLOATS, sums, to + 4 * LANES);
        FloatVector s11 = FloatVector.fromArray(FLOATS, sums, to + 5 * LANES);
        FloatVector s12 = FloatVector.fromArray(FLOATS, sums, to + 6 * LANES);
        FloatVector s13 = FloatVector.fromArray(FLOATS, sums, to + 7 * LANES);
        for (int i = 0; i < n; i += 2 * LANES) {
            long a = w + 4L * i;
            FloatVector w0a = FloatVector.fromMemorySegment(FLOATS, MEMORY, a, ORDER);
            FloatVector w1a = FloatVector.fromMemorySegment(FLOATS, MEMORY, a + row, ORDER);
            FloatVector w2a = FloatVector.fromMemorySegment(FLOATS, MEMORY, a + 2 * row, ORDER);
            FloatVector w3a = FloatVector.fromMemorySegment(FLOATS, MEMORY, a + 3 * row, ORDER);
            FloatVector x0a = FloatVector.fromArray(FLOATS, x, at + i);
            s00 = x0a.fma(w0a, s00);
            s01 = x0a.fma(w1a, s01);
            s02 = x0a.fma(w2a, s02);
            s03 = x0a.fma(w3a, s03);
            FloatVector x1a = FloatVector.fromArray(FLOATS, x, at + stride + i);
            s10 = x1a.fma(w0a, s10);
            s11 = x1a.fma(w1a, s11);
            s12 = x1a.fma(w2a, s12);
            s13 = x1a.fma(w3a, s13);
            FloatVector w0b = FloatVector.fromMemorySegment(FLOATS, MEMORY, a + 4L * LANES, ORDER);
            FloatVector w1b = FloatVector.fromMemorySegment(FLOATS, MEMORY, a + row + 4L * LANES, ORDER);
            FloatVector w2b = FloatVector.fromMemorySegment(FLOATS, MEMORY, a + 2 * row + 4L * LANES, ORDER);
            FloatVector w3b = FloatVector.fromMemorySegment(FLOATS, MEMORY, a + 3 * row + 4L * LANES, ORDER);
            FloatVector x0b = FloatVector.fromArray(FLOATS, x, at + i + LANES);
            s00 = x0b.fma(w0b, s00);
            s01 = x0b.fma(w1b, s01);
            s02 = x0b.fma(w2b, s02);
            s03 = x0b.fma(w3b, s03);
            FloatVector x1b = FloatVector.fromArray(FLOATS, x, at + stride + i + LANES);
            s10 = x1b.fma(w0b, s10);
            s11 = x1b.fma(w1b, s11);
            s12 = x1b.fma(w2b, s12);
            s13 = x1b.fma(w3b, s13);
        }
        s00.intoArray(sums, to);
        s01.intoArray(sums, to + LANES);
        s02.intoArray(sums, to + 2 * LANES);
        s03.intoArray(sums, to + 3 * LANES);
        s10.intoArray(sums, to + 4 * LANES);
        s11.intoArray(sums, to + 5 * LANES);
        s12.intoArray(sums, to + 6 * LANES);
        s13.intoArray(sums, to + 7 * LANES);
    }

    private static void fourFloats(float[] x, int at, int stride, long w, long row, int n, float[] sums, int to) {
        FloatVector s00 = FloatVector.fromArray(FLOATS, sums, to);
        FloatVector s01 = FloatVector.fromArray(FLOATS, sums, to + LANES);
        FloatVector s02 = FloatVector.fromArray(FLOATS, sums, to + 2 * LANES);
        FloatVector s03 = FloatVector.fromArray(FLOATS, sums, to + 3 * LANES);
        FloatVector s10 = FloatVector.fromArray(FLOATS, sums, to + 4 * LANES);
        FloatVector s11 = FloatVector.fromArray(FLOATS, sums, to + 5 * LANES);
        FloatVector s12 = FloatVector.fromArray(FLOATS, sums, to + 6 * LANES);
        FloatVector s13 = FloatVector.fromArray(FLOATS, sums, to + 7 * LANES);
        FloatVector s20 = FloatVector.fromArray(FLOATS, sums, to + 8 * LANES);
        FloatVector s21 = FloatVector.fromArray(FLOATS, sums, to + 9 * LANES);
        FloatVector s22 = FloatVector.fromArray(FLOATS, sums, to + 10 * LANES);
        FloatVector s23 = FloatVector.fromArray(FLOATS, sums, to + 11 * LANES);
        FloatVector s30 = FloatVector.fromArray(FLOATS, sums, to + 12 * LANES);
        FloatVector s31 = FloatVector.fromArray(FLOATS, sums, to + 13 * LANES);
        FloatVector s32 = FloatVector.fromArray(FLOATS, sums, to + 14 * LANES);
        FloatVector s33 = FloatVector.fromArray(FLOATS, sums, to + 15 * LANES);
        for (int i = 0; i < n; i += LANES) {
            long a = w + 4L * i;
            FloatVector w0 = FloatVector.fromMemorySegment(FLOATS, MEMORY, a, ORDER);
            FloatVector w1 = FloatVector.fromMemorySegment(FLOATS, MEMORY, a + row, ORDER);
            FloatVector w2 = FloatVector.fromMemorySegment(FLOATS, MEMORY, a + 2 * row, ORDER);
            FloatVector w3 = FloatVector.fromMemorySegment(FLOATS, MEMORY, a + 3 * row, ORDER);
            FloatVector x0 = FloatVector.fromArray(FLOATS, x, at + i);
            s00 = x0.fma(w0, s00);
            s01 = x0.fma(w1, s01);
            s02 = x0.fma(w2, s02);
            s03 = x0.fma(w3, s03);
            FloatVector x1 = FloatVector.fromArray(FLOATS, x, at + stride + i);
            s10 = x1.fma(w0, s10);
            s11 = x1.fma(w1, s11);
            s12 = x1.fma(w2, s12);
            s13 = x1.fma(w3, s13);
            FloatVector x2 = FloatVector.fromArray(FLOATS, x, at + 2 * stride + i);
            s20 = x2.fma(w0, s20);
            s21 = x2.fma(w1, s21);
            s22 = x2.fma(w2, s22);
            s23 = x2.fma(w3, s23);
            FloatVector x3 = FloatVector.fromArray(FLOATS, x, at + 3 * stride + i);
            s30 = x3.fma(w0, s30);
            s31 = x3.fma(w1, s31);
            s32 = x3.fma(w2, s32);
            s33 = x3.fma(w3, s33);
        }
        s00.intoArray(sums, to);
        s01.intoArray(sums, to + LANES);
        s02.intoArray(sums, to + 2 * LANES);
        s03.intoArray(sums, to + 3 * LANES);
        s10.intoArray(sums, to + 4 * LANES);
        s11.intoArray(sums, to + 5 * LANES);
        s12.intoArray(sums, to + 6 * LANES);
        s13.intoArray(sums, to + 7 * LANES);
        s20.intoArray(sums, to + 8 * LANES);
        s21.intoArray(sums, to + 9 * LANES);
        s22.intoArray(sums, to + 10 * LANES);
        s23.intoArray(sums, to + 11 * LANES);
        s30.intoArray(sums, to + 12 * LANES);
        s31.intoArray(sums, to + 13 * LANES);
        s32.intoArray(sums, to + 14 * LANES);
        s33.intoArray(sums, to + 15 * LANES);
    }
}
