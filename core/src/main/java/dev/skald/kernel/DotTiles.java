package dev.skald.kernel;

import static dev.skald.kernel.FloatConversion.bfloats;
import static dev.skald.kernel.RowFormat.FLOATS;
import static dev.skald.kernel.RowFormat.LANES;
import static dev.skald.kernel.RowFormat.MEMORY;
import static dev.skald.kernel.RowFormat.ORDER;

import dev.skald.tensor.Format;
import jdk.incubator.vector.FloatVector;

/**
 * Tiles of dot products: some rows of {@code x} with four rows of weights, elements turned to floats as they are read. Every product has its
 * own vector of sums, to which the rows' vectors are added in the order in which they lie in memory, two at a time at least; so a product
 * comes out the same in a tile of any size.
 *
 * <p>What decides the speed is the code that C2 makes of these loops: a tile must fit the registers (16 with AVX2, 32 with AVX-512 and on
 * arm64), and a body must be large enough to hide the loop around it, but below the inliner's limits. Measured on two processors, tiles of two
 * rows with the loop unrolled by hand are the best with AVX2, tiles of four rows with more registers.
 */
final class DotTiles {

    /** Rows of weights in a tile. */
    static final int OUTS = 4;

    /** Rows of {@code x} in the largest tile. */
    static final int ROWS = FLOATS.vectorBitSize() == 256 ? 2 : 4;

    /** What the length of a row has to be a multiple of. */
    static final int STEP = 2 * LANES;

    private DotTiles() {}

    /**
     * Adds the products of {@code rows} rows of {@code x} with four rows of weights to their vectors of sums.
     *
     * @param format of the weights: bf16 or f32
     * @param rows 1, 2 or 4
     * @param at where the first row of {@code x} begins; the next is {@code stride} floats on
     * @param w address of the first row of weights; the next is {@code rowBytes} on
     * @param n elements, a multiple of {@link #STEP}
     * @param sums vectors {@code [rows, 4, LANES]} from {@code to} on
     */
    static void add(
            Format format,
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
            case F16 -> throw new IllegalArgumentException("f16 is turned to f32 before");
        }
    }

    private static FloatVector floats(long address) {
        return FloatVector.fromMemorySegment(FLOATS, MEMORY, address, ORDER);
    }

    private static void oneBfloats(float[] x, int at, long w, long row, int n, float[] sums, int to) {
        FloatVector s00 = FloatVector.fromArray(FLOATS, sums, to);
        FloatVector s01 = FloatVector.fromArray(FLOATS, sums, to + LANES);
        FloatVector s02 = FloatVector.fromArray(FLOATS, sums, to + 2 * LANES);
        FloatVector s03 = FloatVector.fromArray(FLOATS, sums, to + 3 * LANES);
        for (int i = 0; i < n; i += LANES) {
            long a = w + 2L * i;
            FloatVector w0 = bfloats(a);
            FloatVector w1 = bfloats(a + row);
            FloatVector w2 = bfloats(a + 2 * row);
            FloatVector w3 = bfloats(a + 3 * row);
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
            FloatVector w0a = bfloats(a);
            FloatVector w1a = bfloats(a + row);
            FloatVector w2a = bfloats(a + 2 * row);
            FloatVector w3a = bfloats(a + 3 * row);
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
            FloatVector w0b = bfloats(a + 2L * LANES);
            FloatVector w1b = bfloats(a + row + 2L * LANES);
            FloatVector w2b = bfloats(a + 2 * row + 2L * LANES);
            FloatVector w3b = bfloats(a + 3 * row + 2L * LANES);
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
            FloatVector w0 = bfloats(a);
            FloatVector w1 = bfloats(a + row);
            FloatVector w2 = bfloats(a + 2 * row);
            FloatVector w3 = bfloats(a + 3 * row);
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
            FloatVector w0 = floats(a);
            FloatVector w1 = floats(a + row);
            FloatVector w2 = floats(a + 2 * row);
            FloatVector w3 = floats(a + 3 * row);
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
            FloatVector w0a = floats(a);
            FloatVector w1a = floats(a + row);
            FloatVector w2a = floats(a + 2 * row);
            FloatVector w3a = floats(a + 3 * row);
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
            FloatVector w0b = floats(a + 4L * LANES);
            FloatVector w1b = floats(a + row + 4L * LANES);
            FloatVector w2b = floats(a + 2 * row + 4L * LANES);
            FloatVector w3b = floats(a + 3 * row + 4L * LANES);
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
            FloatVector w0 = floats(a);
            FloatVector w1 = floats(a + row);
            FloatVector w2 = floats(a + 2 * row);
            FloatVector w3 = floats(a + 3 * row);
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
