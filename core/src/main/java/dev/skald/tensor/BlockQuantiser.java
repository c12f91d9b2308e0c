package dev.skald.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Elements of f32 to any {@link Format} that Skald writes: the reverse of {@link BlockValues}. Scales are chosen as ggml's {@code quantize_row_*_ref} choose
 * them (ggml-quants.c), sums in the same order, so that the blocks are the same, bit by bit. No state.
 */
public final class BlockQuantiser {

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private BlockQuantiser() {}

    /**
     * Writes elements.
     *
     * @param from finite values, from index {@code at} on
     * @param elements how many, a whole number of blocks
     * @param to memory of any alignment
     * @param offset the byte in it at which the first block begins
     * @throws IllegalArgumentException for a number of elements that is no whole number of blocks, or a format that is only read
     */
    public static void write(Format format, float[] from, int at, int elements, MemorySegment to, long offset) {
        if (elements % format.blockElements() != 0) {
            throw new IllegalArgumentException(elements + " elements are no whole number of blocks of " + format);
        }
        switch (format) {
            case F32 -> MemorySegment.copy(from, at, to, FLOAT, offset, elements);
            case F16 -> {
                for (int i = 0; i < elements; i++) {
                    to.set(SHORT, offset + 2L * i, Float.floatToFloat16(from[at + i]));
                }
            }
            case BF16 -> {
                for (int i = 0; i < elements; i++) {
                    to.set(SHORT, offset + 2L * i, bfloat16(from[at + i]));
                }
            }
            case Q8_0, Q4_0, Q4_1, Q5_0, Q5_1 -> {
                for (int i = 0; i < elements / 32; i++) {
                    small(format, from, at + 32 * i, to, offset + (long) i * format.blockBytes());
                }
            }
            case Q4_K, Q5_K, Q6_K -> {
                SuperBlocks blocks = new SuperBlocks(format);
                for (int i = 0; i < elements / 256; i++) {
                    blocks.write(from, at + 256 * i, to, offset + (long) i * format.blockBytes());
                }
            }
            case Q2_K, Q3_K, IQ4_NL, IQ4_XS, MXFP4 -> throw new IllegalArgumentException(format + " is not written");
        }
    }

    /** Rounds to the nearest, ties to even. */
    private static short bfloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        return (short) (Float.isNaN(value) ? (bits >>> 16) | 0x40 : (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
    }

    private static void small(Format format, float[] x, int at, MemorySegment to, long b) {
        switch (format) {
            case Q8_0 -> q8(x, at, to, b);
            case Q4_0 -> symmetric(x, at, 8, to, b);
            case Q5_0 -> symmetric(x, at, 16, to, b);
            case Q4_1 -> asymmetric(x, at, 15, to, b);
            default -> asymmetric(x, at, 31, to, b);
        }
    }

    private static void q8(float[] x, int at, MemorySegment to, long b) {
        float most = 0;
        for (int i = 0; i < 32; i++) {
            most = Math.max(most, Math.abs(x[at + i]));
        }
        float d = most / 127;
        float inverse = d == 0 ? 0 : 1 / d;
        to.set(SHORT, b, Float.floatToFloat16(d));
        for (int i = 0; i < 32; i++) {
            to.set(ValueLayout.JAVA_BYTE, b + 2 + i, (byte) round(x[at + i] * inverse));
        }
    }

    /** To the nearest, ties away from zero. */
    private static int round(float value) {
        float magnitude = Math.abs(value);
        int whole = (int) magnitude;
        int rounded = magnitude - whole >= 0.5f ? whole + 1 : whole;
        return value < 0 ? -rounded : rounded;
    }

    /** The element of the largest magnitude is -half, whatever its sign. */
    private static void symmetric(float[] x, int at, int half, MemorySegment to, long b) {
        float most = 0;
        float signed = 0;
        for (int i = 0; i < 32; i++) {
            float magnitude = Math.abs(x[at + i]);
            if (most < magnitude) {
                most = magnitude;
                signed = x[at + i];
            }
        }
        float d = signed / -half;
        float inverse = d == 0 ? 0 : 1 / d;
        int fifths = 0;
        long q = half == 8 ? b + 2 : b + 6;
        for (int j = 0; j < 16; j++) {
            int low = Math.min(2 * half - 1, (int) (x[at + j] * inverse + (half + 0.5f)));
            int high = Math.min(2 * half - 1, (int) (x[at + j + 16] * inverse + (half + 0.5f)));
            to.set(ValueLayout.JAVA_BYTE, q + j, (byte) ((low & 15) | (high << 4)));
            fifths |= (low >> 4) << j | (high >> 4) << (j + 16);
        }
        to.set(SHORT, b, Float.floatToFloat16(d));
        if (half == 16) {
            to.set(INT, b + 2, fifths);
        }
    }

    /** Levels 0 to {@code levels} between the least and the greatest element. */
    private static void asymmetric(float[] x, int at, int levels, MemorySegment to, long b) {
        float least = Float.MAX_VALUE;
        float greatest = -Float.MAX_VALUE;
        for (int i = 0; i < 32; i++) {
            float value = x[at + i];
            least = value < least ? value : least;
            greatest = value > greatest ? value : greatest;
        }
        float d = (greatest - least) / levels;
        float inverse = d == 0 ? 0 : 1 / d;
        int fifths = 0;
        long q = levels == 15 ? b + 4 : b + 8;
        for (int j = 0; j < 16; j++) {
            int low = Math.min(levels, (int) ((x[at + j] - least) * inverse + 0.5f));
            int high = Math.min(levels, (int) ((x[at + j + 16] - least) * inverse + 0.5f));
            to.set(ValueLayout.JAVA_BYTE, q + j, (byte) ((low & 15) | (high << 4)));
            fifths |= (low >> 4) << j | (high >> 4) << (j + 16);
        }
        to.set(SHORT, b, Float.floatToFloat16(d));
        to.set(SHORT, b + 2, Float.floatToFloat16(least));
        if (levels == 31) {
            to.set(INT, b + 4, fifths);
        }
    }
}
