package dev.skald.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The values of elements in any {@link Format}, exactly: one multiplication by the block's scale, and where there is a minimum one subtraction, in f32
 * and in the order of ggml's {@code dequantize_row_*} (ggml-quants.c, where the layouts are from, too). No state.
 */
public final class BlockValues {

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** What the codes of IQ4_NL and IQ4_XS stand for. */
    private static final int[] IQ4 = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

    /** What the codes of MXFP4 stand for, twice. */
    private static final int[] FP4 = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

    private BlockValues() {}

    /**
     * Reads elements to f32.
     *
     * @param from memory of any alignment that holds the blocks
     * @param offset the byte in it at which the first block begins
     * @param elements how many, a whole number of blocks
     * @param to takes them from index {@code at} on
     * @throws IllegalArgumentException for a number of elements that is no whole number of blocks
     * @throws IndexOutOfBoundsException when the memory or the array is too short
     */
    public static void read(Format format, MemorySegment from, long offset, int elements, float[] to, int at) {
        if (elements % format.blockElements() != 0) {
            throw new IllegalArgumentException(elements + " elements are no whole number of blocks of " + format);
        }
        int blocks = elements / format.blockElements();
        if (format == Format.F32) {
            MemorySegment.copy(from, FLOAT, offset, to, at, elements);
            return;
        }
        if (format == Format.BF16) {
            for (int i = 0; i < elements; i++) {
                to[at + i] = Float.intBitsToFloat(from.get(SHORT, offset + 2L * i) << 16);
            }
            return;
        }
        for (int i = 0; i < blocks; i++) {
            block(format, from, offset + (long) i * format.blockBytes(), to, at + i * format.blockElements());
        }
    }

    private static void block(Format format, MemorySegment m, long b, float[] to, int at) {
        switch (format) {
            case F32 -> to[at] = m.get(FLOAT, b);
            case F16 -> to[at] = half(m, b);
            case BF16 -> to[at] = Float.intBitsToFloat(m.get(SHORT, b) << 16);
            case Q8_0 -> {
                float d = half(m, b);
                for (int i = 0; i < 32; i++) {
                    to[at + i] = d * m.get(ValueLayout.JAVA_BYTE, b + 2 + i);
                }
            }
            case Q4_0 -> four(m, b + 2, half(m, b), -8, 0, to, at);
            case Q4_1 -> four(m, b + 4, half(m, b), 0, half(m, b + 2), to, at);
            case Q5_0 -> five(m, b + 6, m.get(INT, b + 2), half(m, b), -16, 0, to, at);
            case Q5_1 -> five(m, b + 8, m.get(INT, b + 4), half(m, b), 0, half(m, b + 2), to, at);
            case Q2_K -> q2k(m, b, to, at);
            case Q3_K -> q3k(m, b, to, at);
            case Q4_K -> q4k(m, b, to, at);
            case Q5_K -> q5k(m, b, to, at);
            case Q6_K -> q6k(m, b, to, at);
            case IQ4_NL -> table(m, b + 2, half(m, b), IQ4, to, at);
            case IQ4_XS -> iq4xs(m, b, to, at);
            case MXFP4 -> table(m, b + 1, halfOfPower(u8(m, b)), FP4, to, at);
        }
    }

    private static float half(MemorySegment m, long at) {
        return Float.float16ToFloat(m.get(SHORT, at));
    }

    private static int u8(MemorySegment m, long at) {
        return m.get(ValueLayout.JAVA_BYTE, at) & 0xFF;
    }

    /** 2^(exponent - 128), which is subnormal for the two least. */
    private static float halfOfPower(int exponent) {
        return Float.intBitsToFloat(exponent < 2 ? 0x00200000 << exponent : (exponent - 1) << 23);
    }

    private static void four(MemorySegment m, long q, float d, int shift, float min, float[] to, int at) {
        for (int j = 0; j < 16; j++) {
            int both = u8(m, q + j);
            to[at + j] = value(d, (both & 15) + shift, shift, min);
            to[at + j + 16] = value(d, (both >> 4) + shift, shift, min);
        }
    }

    private static void five(MemorySegment m, long q, int fifths, float d, int shift, float min, float[] to, int at) {
        for (int j = 0; j < 16; j++) {
            int both = u8(m, q + j);
            to[at + j] = value(d, ((both & 15) | (((fifths >>> j) & 1) << 4)) + shift, shift, min);
            to[at + j + 16] = value(d, ((both >> 4) | (((fifths >>> (j + 16)) & 1) << 4)) + shift, shift, min);
        }
    }

    /** Formats without a minimum add none: adding zero would change a zero's sign. */
    private static float value(float d, int q, int shift, float min) {
        return shift != 0 ? d * q : d * q + min;
    }

    private static void table(MemorySegment m, long q, float d, int[] values, float[] to, int at) {
        for (int j = 0; j < 16; j++) {
            int both = u8(m, q + j);
            to[at + j] = d * values[both & 15];
            to[at + j + 16] = d * values[both >> 4];
        }
    }

    /** 16 scales and minimums in nibbles, 64 bytes of two bits, the two scales of the block. */
    private static void q2k(MemorySegment m, long b, float[] to, int at) {
        float d = half(m, b + 80);
        float min = half(m, b + 82);
        for (int i = 0; i < 256; i++) {
            int scale = u8(m, b + i / 16);
            to[at + i] = d * (scale & 15) * twoBits(m, b + 16, i) - min * (scale >> 4);
        }
    }

    /** Element i of 64 bytes of two bits: each half's 32 bytes hold four runs of 32. */
    private static int twoBits(MemorySegment m, long q, int i) {
        int shift = i % 128 / 32 * 2;
        return (u8(m, q + 32L * (i / 128) + i % 32) >> shift) & 3;
    }

    /** 32 bytes of third bits, 64 bytes of two bits, 16 scales of six bits, the scale of the block. */
    private static void q3k(MemorySegment m, long b, float[] to, int at) {
        float d = half(m, b + 108);
        for (int i = 0; i < 256; i++) {
            int s = i / 16;
            int low = (u8(m, b + 96 + s % 8) >> (s / 8 * 4)) & 15;
            int high = (u8(m, b + 104 + s % 4) >> (s / 4 * 2)) & 3;
            int third = (u8(m, b + i % 32) >> (i / 32)) & 1;
            to[at + i] = d * ((low | (high << 4)) - 32) * (twoBits(m, b + 32, i) - (third == 0 ? 4 : 0));
        }
    }

    private static void q4k(MemorySegment m, long b, float[] to, int at) {
        float d = half(m, b);
        float min = half(m, b + 2);
        for (int j = 0; j < 8; j++) {
            float scale = d * scale(m, b + 4, j);
            float offset = min * minimum(m, b + 4, j);
            for (int l = 0; l < 32; l++) {
                to[at + 32 * j + l] = scale * nibble(m, b + 16, j, l) - offset;
            }
        }
    }

    private static void q5k(MemorySegment m, long b, float[] to, int at) {
        float d = half(m, b);
        float min = half(m, b + 2);
        for (int j = 0; j < 8; j++) {
            float scale = d * scale(m, b + 4, j);
            float offset = min * minimum(m, b + 4, j);
            for (int l = 0; l < 32; l++) {
                int fifth = (u8(m, b + 16 + l) >> j) & 1;
                to[at + 32 * j + l] = scale * (nibble(m, b + 48, j, l) | (fifth << 4)) - offset;
            }
        }
    }

    /** Element l of run j of 32: two runs share 32 bytes. */
    private static int nibble(MemorySegment m, long q, int j, int l) {
        return (u8(m, q + 32L * (j / 2) + l) >> (j % 2 * 4)) & 15;
    }

    /** Of the 12 bytes with eight scales and eight minimums of six bits. */
    private static int scale(MemorySegment m, long s, int j) {
        return j < 4 ? u8(m, s + j) & 63 : (u8(m, s + j + 4) & 15) | ((u8(m, s + j - 4) >> 6) << 4);
    }

    private static int minimum(MemorySegment m, long s, int j) {
        return j < 4 ? u8(m, s + j + 4) & 63 : (u8(m, s + j + 4) >> 4) | ((u8(m, s + j) >> 6) << 4);
    }

    /** 128 bytes of low nibbles, 64 of two high bits, 16 signed scales, the scale of the block. */
    private static void q6k(MemorySegment m, long b, float[] to, int at) {
        float d = half(m, b + 208);
        for (int i = 0; i < 256; i++) {
            int part = i / 128;
            int run = i % 128 / 32;
            int l = i % 32;
            int low = (u8(m, b + 64L * part + 32L * (run % 2) + l) >> (run / 2 * 4)) & 15;
            int high = (u8(m, b + 128 + 32L * part + l) >> (2 * run)) & 3;
            to[at + i] = d * m.get(ValueLayout.JAVA_BYTE, b + 192 + i / 16) * ((low | (high << 4)) - 32);
        }
    }

    private static void iq4xs(MemorySegment m, long b, float[] to, int at) {
        float d = half(m, b);
        int highs = m.get(SHORT, b + 2) & 0xFFFF;
        for (int j = 0; j < 8; j++) {
            int scale = ((u8(m, b + 4 + j / 2) >> (j % 2 * 4)) & 15) | (((highs >> (2 * j)) & 3) << 4);
            table(m, b + 8 + 16L * j, d * (scale - 32), IQ4, to, at + 32 * j);
        }
    }
}
