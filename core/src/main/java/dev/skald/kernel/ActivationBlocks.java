package dev.skald.kernel;

import static dev.skald.kernel.RowFormat.FLOATS;
import static dev.skald.kernel.RowFormat.INTS;
import static dev.skald.kernel.RowFormat.LANES;

import dev.skald.tensor.Format;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Rows of activations in blocks of integers, as {@link GroupDots} multiplies them: of each block of the weights' format, 32 or 256 elements, the largest
 * magnitude is 127, the others are rounded to the nearest (as ggml's Q8_0 and Q8_K, but for the scale, which stays f32).
 *
 * <p>What is kept of an integer {@code a} is what a word of four nibbles, shifted right by 0, 4, 8 and 12 bits, is multiplied by: of the nibbles' integers
 * {@code a[j]} the differences {@code a[j] - 16 a[j - 1]}. For {@code n[j]} is {@code word >> 4 j} less 16 times {@code word >> 4 (j + 1)}, and so the sum of all
 * {@code n[j] a[j]} is that of the shifted words times the differences. Modulo 65536 that is exact whatever is lost above, and the sum itself fits 16 bits.
 *
 * @param coefficients by row, column of lanes, shift: the differences of the lower and of the upper half of a 32-bit lane
 * @param scales by row and block: what an integer stands for, times 2^112, which {@link GroupDots#SCALE_BITS} takes back
 * @param sums by row: of every 32 columns the sum of the integers; for Q6_K of every 16 columns -32 times it, for the two halves of a lane
 */
@SuppressWarnings("ArrayRecordComponent") // scratch memory of one product
record ActivationBlocks(Format format, int columns, int[] coefficients, float[] scales, int[] sums) {

    /** Room for rows. */
    static ActivationBlocks of(Format format, int rows, int columns) {
        return new ActivationBlocks(
                format,
                columns,
                new int[rows * columns / 2],
                new float[rows * columns / format.blockElements()],
                new int[rows * columns / (2 * GroupLayout.distance(format))]);
    }

    /** Where a row's coefficients begin. */
    int coefficientsAt(int row) {
        return row * columns / 2;
    }

    /** Where a row's scales begin. */
    int scalesAt(int row) {
        return row * columns / format.blockElements();
    }

    /** Where a row's sums begin. */
    int sumsAt(int row) {
        return row * columns / (2 * GroupLayout.distance(format));
    }

    /**
     * Takes a row.
     *
     * @param x its elements
     * @param integers room for as many integers
     */
    void quantise(int row, float[] x, int[] integers) {
        int block = format.blockElements();
        for (int at = 0; at < columns; at += block) {
            float most = largest(x, at, block);
            scales[scalesAt(row) + at / block] = most / 127 * 0x1p112f;
            round(x, at, block, most == 0 ? 0 : 127 / most, integers);
        }
        int distance = GroupLayout.distance(format);
        int to = coefficientsAt(row);
        for (int run = 0; run < columns; run += 2 * distance) {
            for (int i = run; i < run + distance; i += 4) {
                int even0 = integers[i];
                int even1 = integers[i + distance];
                int even2 = integers[i + 1];
                int even3 = integers[i + distance + 1];
                int odd0 = integers[i + 2];
                int odd1 = integers[i + distance + 2];
                int odd2 = integers[i + 3];
                int odd3 = integers[i + distance + 3];
                coefficients[to++] = both(even0, odd0);
                coefficients[to++] = both(even1 - 16 * even0, odd1 - 16 * odd0);
                coefficients[to++] = both(even2 - 16 * even1, odd2 - 16 * odd1);
                coefficients[to++] = both(even3 - 16 * even2, odd3 - 16 * odd2);
            }
            sums[sumsAt(row) + run / (2 * distance)] =
                    format == Format.Q6_K ? halves(integers, run) : sum(integers, run, 2 * distance);
        }
    }

    private static int both(int even, int odd) {
        return (even & 0xffff) | (odd << 16);
    }

    private static int sum(int[] integers, int at, int n) {
        int sum = 0;
        for (int i = at; i < at + n; i++) {
            sum += integers[i];
        }
        return sum;
    }

    /** Of 16 columns: those of the lower half of a lane are 0 and 1 of each four. */
    private static int halves(int[] integers, int at) {
        int even = 0;
        int odd = 0;
        for (int i = at; i < at + 16; i += 4) {
            even += integers[i] + integers[i + 1];
            odd += integers[i + 2] + integers[i + 3];
        }
        return both(-32 * even, -32 * odd);
    }

    private static float largest(float[] x, int at, int n) {
        FloatVector most = FloatVector.zero(FLOATS);
        for (int i = at; i < at + n; i += LANES) {
            most = most.max(FloatVector.fromArray(FLOATS, x, i).abs());
        }
        return most.reduceLanes(VectorOperators.MAX);
    }

    /** Adding 1.5 times 2^23 rounds to the nearest integer, of two as near the even one, and leaves it in the low bits. */
    private static void round(float[] x, int at, int n, float inverse, int[] integers) {
        float magic = 0x1.8p23f;
        int bits = Float.floatToRawIntBits(magic);
        for (int i = at; i < at + n; i += LANES) {
            IntVector rounded = FloatVector.fromArray(FLOATS, x, i)
                    .mul(inverse)
                    .add(magic)
                    .reinterpretAsInts()
                    .sub(IntVector.broadcast(INTS, bits));
            rounded.intoArray(integers, i);
        }
    }
}
