package dev.skald.kernel;

import static dev.skald.kernel.GroupLayout.HALVES;
import static dev.skald.kernel.GroupLayout.ROWS;
import static dev.skald.kernel.GroupLayout.VECTOR;
import static dev.skald.kernel.RowFormat.FLOATS;
import static dev.skald.kernel.RowFormat.INTS;
import static dev.skald.kernel.RowFormat.LANES;
import static dev.skald.kernel.RowFormat.MEMORY;
import static dev.skald.kernel.RowFormat.ORDER;

import dev.skald.tensor.DType;
import dev.skald.tensor.Format;
import dev.skald.tensor.Matrix;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The values of a matrix in groups, those of {@link dev.skald.tensor.BlockValues} bit for bit, transposed: a vector has one column of a group's rows. For many rows, which are
 * multiplied in floats.
 */
final class GroupValues {

    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

    private static final VectorSpecies<Short> HALF_SHORTS =
            VectorSpecies.of(short.class, VectorShape.forBitSize(FLOATS.vectorBitSize() / 2));

    private GroupValues() {}

    /**
     * Reads a part of a matrix.
     *
     * @param columns from {@code column} on; both whole numbers of blocks
     * @param groups from {@code group} on; rows of the last that the matrix does not have are zeros
     * @param dtype f32, or bf16, which is rounded to the nearest
     * @param to address of the values, {@code [columns, groups * ROWS]}
     */
    static void read(Matrix.Grouped w, int column, int columns, int group, int groups, DType dtype, long to) {
        Format format = w.format();
        int block = format.blockElements();
        long groupBytes = GroupLayout.bytes(format, w.columns());
        long stride = (long) groups * ROWS * dtype.bytes();
        float[] scales = Scratch.floats(4, ROWS);
        float[] offsets = Scratch.floats(5, ROWS);
        int distance = GroupLayout.distance(format);
        int runs = block / (2 * distance);
        int bits = GroupLayout.highBits(format);
        for (int g = 0; g < groups; g++) {
            long at = w.memory().address() + (group + g) * groupBytes + GroupLayout.bytes(format, column);
            for (int k = 0; k < columns / block; k++) {
                long record = at + k * GroupLayout.record(format);
                for (int run = 0; run < runs; run++) {
                    boolean offset = scales(format, record + GroupLayout.scalesAt(format), run, scales, offsets);
                    int vectors = distance / 4;
                    long low = record + VECTOR * vectors * run;
                    long high = record + GroupLayout.highAt(format) + VECTOR * vectors * bits / 4 * run;
                    long target =
                            to + ((long) k * block + 2L * distance * run) * stride + (long) g * ROWS * dtype.bytes();
                    for (int v = 0; v < vectors; v++) {
                        for (int half = 0; half < 2; half++) {
                            run(
                                    low + VECTOR * v + VECTOR / 2 * half,
                                    high + VECTOR * (v * bits / 4) + VECTOR / 2 * half,
                                    v * bits % 4,
                                    bits,
                                    centre(format),
                                    scales,
                                    offset,
                                    offsets,
                                    LANES * half,
                                    target + 4L * v * stride + (long) LANES * dtype.bytes() * half,
                                    stride,
                                    distance * stride,
                                    dtype == DType.BF16);
                        }
                    }
                }
            }
        }
    }

    /** What a quant of zero is in the layout. */
    private static int centre(Format format) {
        return switch (format) {
            case Q4_0 -> 8;
            case Q8_0 -> 128;
            case Q6_K -> 32;
            case F32, F16, BF16, Q4_1, Q5_0, Q5_1, Q2_K, Q3_K, Q4_K, Q5_K, IQ4_NL, IQ4_XS, MXFP4 -> 0;
        };
    }

    /** The scales of a run's rows, and what is taken from its values; whether there is such. */
    private static boolean scales(Format format, long at, int run, float[] scales, float[] offsets) {
        return switch (format) {
            case Q4_0, Q8_0 -> {
                for (int r = 0; r < ROWS; r++) {
                    scales[r] = half(at, 0, r);
                }
                yield false;
            }
            case Q4_K, Q5_K -> {
                for (int r = 0; r < ROWS; r++) {
                    int both = MEMORY.get(SHORT, at + HALVES * run + 2L * r);
                    scales[r] = half(at, 8, r) * (both & 0xff);
                    offsets[r] = half(at, 9, r) * ((both >> 8) & 0xff);
                }
                yield true;
            }
            case Q6_K -> {
                for (int r = 0; r < ROWS; r++) {
                    int both = MEMORY.get(SHORT, at + HALVES * (run / 2) + 2L * r);
                    scales[r] = half(at, 8, r) * (run % 2 == 0 ? (byte) both : both >> 8);
                }
                yield false;
            }
            case F32, F16, BF16, Q4_1, Q5_0, Q5_1, Q2_K, Q3_K, IQ4_NL, IQ4_XS, MXFP4 ->
                throw new IllegalArgumentException(format + " has no layout in groups");
        };
    }

    private static float half(long at, int half, int r) {
        return Float.float16ToFloat(MEMORY.get(SHORT, at + HALVES * half + 2L * r));
    }

    /** The eight columns of a vector: columns {@code i} and {@code i + distance} for {@code i} of 0 to 3. */
    private static void run(
            long low,
            long high,
            int highShift,
            int highBits,
            int centre,
            float[] scales,
            boolean offset,
            float[] offsets,
            int lane,
            long to,
            long stride,
            long distance,
            boolean bf16) {
        IntVector lows = IntVector.fromMemorySegment(INTS, MEMORY, low, ORDER);
        IntVector highs = highBits == 0
                ? IntVector.zero(INTS)
                : IntVector.fromMemorySegment(INTS, MEMORY, high, ORDER)
                        .lanewise(VectorOperators.LSHR, highShift)
                        .and(0x11111111 * ((1 << highBits) - 1));
        FloatVector scale = FloatVector.fromArray(FLOATS, scales, lane);
        FloatVector minimum = FloatVector.fromArray(FLOATS, offsets, lane);
        for (int n = 0; n < 8; n++) {
            IntVector q = lows.and(15).or(highs.and(15).lanewise(VectorOperators.LSHL, 4));
            FloatVector value = ((FloatVector) q.sub(centre).convertShape(VectorOperators.I2F, FLOATS, 0)).mul(scale);
            value = offset ? value.sub(minimum) : value;
            lows = lows.lanewise(VectorOperators.LSHR, 4);
            highs = highs.lanewise(VectorOperators.LSHR, 4);
            long at = to + (n >> 1) * stride + (n & 1) * distance;
            if (bf16) {
                IntVector b = value.reinterpretAsInts();
                ((ShortVector) b.add(0x7fff)
                                .add(b.lanewise(VectorOperators.LSHR, 16).and(1))
                                .lanewise(VectorOperators.LSHR, 16)
                                .convertShape(VectorOperators.I2S, HALF_SHORTS, 0))
                        .intoMemorySegment(MEMORY, at, ORDER);
            } else {
                value.intoMemorySegment(MEMORY, at, ORDER);
            }
        }
    }
}
