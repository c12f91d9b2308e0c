package dev.skald.kernel;

import static dev.skald.kernel.RowFormat.FLOAT;
import static dev.skald.kernel.RowFormat.FLOATS;
import static dev.skald.kernel.RowFormat.INTS;
import static dev.skald.kernel.RowFormat.LANES;
import static dev.skald.kernel.RowFormat.MEMORY;
import static dev.skald.kernel.RowFormat.ORDER;

import dev.skald.tensor.BlockValues;
import dev.skald.tensor.Format;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** Elements of any format to floats and back, in the order in which they lie in memory. */
final class FloatConversion {

    private static final VectorSpecies<Short> SHORTS =
            VectorSpecies.of(short.class, VectorShape.forBitSize(FLOATS.vectorBitSize() / 2));
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

    /** The magnitude's bits of an f16, moved to a float's place, are the value times 2^-112; subnormal numbers included. */
    private static final float F16_SCALE = 0x1p112f;

    private FloatConversion() {}

    /** A vector of bf16 as floats: a bf16 is the upper half of one. */
    static FloatVector bfloats(long address) {
        return shorts(address).lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
    }

    /** {@code n} elements at {@code from} as floats to {@code to}. Infinities and NaN of f16 become large numbers. */
    static void toFloats(Format format, long from, int n, long to) {
        switch (format) {
            case F32 -> MemorySegment.copy(MEMORY, from, MEMORY, to, 4L * n);
            case BF16 -> {
                int i = 0;
                for (int bound = FLOATS.loopBound(n); i < bound; i += LANES) {
                    bfloats(from + 2L * i).intoMemorySegment(MEMORY, to + 4L * i, ORDER);
                }
                for (; i < n; i++) {
                    MEMORY.set(FLOAT, to + 4L * i, RowFormat.bf16(from + 2L * i));
                }
            }
            case F16 -> {
                int i = 0;
                for (int bound = FLOATS.loopBound(n); i < bound; i += LANES) {
                    IntVector half = shorts(from + 2L * i);
                    FloatVector magnitude = half.and(0x7fff)
                            .lanewise(VectorOperators.LSHL, 13)
                            .reinterpretAsFloats()
                            .mul(F16_SCALE);
                    half.and(0x8000)
                            .lanewise(VectorOperators.LSHL, 16)
                            .or(magnitude.reinterpretAsInts())
                            .reinterpretAsFloats()
                            .intoMemorySegment(MEMORY, to + 4L * i, ORDER);
                }
                for (; i < n; i++) {
                    MEMORY.set(FLOAT, to + 4L * i, Float.float16ToFloat(MEMORY.get(SHORT, from + 2L * i)));
                }
            }
            case Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_NL, IQ4_XS, MXFP4 -> {
                float[] values = new float[n];
                BlockValues.read(format, MEMORY, from, n, values, 0);
                MemorySegment.copy(values, 0, MEMORY, FLOAT, to, n);
            }
        }
    }

    /** {@code n} floats at {@code from}, rounded to nearest even where the format has fewer bits, to {@code to}. */
    static void fromFloats(long from, int n, Format format, long to) {
        switch (format) {
            case F32 -> MemorySegment.copy(MEMORY, from, MEMORY, to, 4L * n);
            case BF16 -> toBfloats(from, n, to);
            case F16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_NL, IQ4_XS, MXFP4 ->
                throw new IllegalArgumentException("no vector loops round to " + format);
        }
    }

    private static void toBfloats(long from, int n, long to) {
        int i = 0;
        for (int bound = FLOATS.loopBound(n); i < bound; i += LANES) {
            IntVector bits = FloatVector.fromMemorySegment(FLOATS, MEMORY, from + 4L * i, ORDER)
                    .reinterpretAsInts();
            bits.add(0x7fff)
                    .add(bits.lanewise(VectorOperators.LSHR, 16).and(1))
                    .lanewise(VectorOperators.LSHR, 16)
                    .convertShape(VectorOperators.I2S, SHORTS, 0)
                    .reinterpretAsShorts()
                    .intoMemorySegment(MEMORY, to + 2L * i, ORDER);
        }
        for (; i < n; i++) {
            int bits = Float.floatToRawIntBits(MEMORY.get(FLOAT, from + 4L * i));
            MEMORY.set(SHORT, to + 2L * i, (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16));
        }
    }

    private static IntVector shorts(long address) {
        return ShortVector.fromMemorySegment(SHORTS, MEMORY, address, ORDER)
                .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0)
                .reinterpretAsInts();
    }
}
