package dev.skald.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Writes the formats of 256 elements a block, whose runs have scales that are themselves quantised: the scales are searched ({@link ScaleSearch}), then
 * rounded, then the elements are rounded anew with what the scales have become. As ggml's {@code quantize_row_q4_K_ref} and its kin. Not thread-safe.
 */
final class SuperBlocks {

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final int SIZE = 256;
    private static final float ROUNDING = 12582912f;

    private final Format format;
    private final ScaleSearch search;
    private final int[] levels = new int[SIZE];
    private final float[] scales = new float[16];
    private final float[] inverses = new float[16];

    SuperBlocks(Format format) {
        this.format = format;
        this.search = new ScaleSearch(format == Format.Q6_K ? 16 : 32);
    }

    /** Writes one block. */
    void write(float[] x, int at, MemorySegment to, long b) {
        switch (format) {
            case Q4_K -> {
                search.asymmetric(x, at, 15, -1f, 0.1f, 20);
                asymmetric(x, at, 15, to, b);
                nibbles(to, b + 16);
            }
            case Q5_K -> {
                search.asymmetric(x, at, 31, -0.5f, 0.1f, 15);
                asymmetric(x, at, 31, to, b);
                nibbles(to, b + 48);
                fifths(to, b + 16);
            }
            case Q6_K -> q6(x, at, to, b);
            default -> throw new IllegalArgumentException(format + " is not written");
        }
    }

    private static int rounded(float value) {
        return (int) (value + ROUNDING - ROUNDING);
    }

    /** Scales and minimums in six bits, in units of the greatest; the levels of what they say. */
    private void asymmetric(float[] x, int at, int most, MemorySegment to, long b) {
        float greatestScale = 0;
        float greatestMinimum = 0;
        for (int run = 0; run < 8; run++) {
            greatestScale = Math.max(greatestScale, search.scales[run]);
            greatestMinimum = Math.max(greatestMinimum, search.minimums[run]);
        }
        float inverseScale = greatestScale > 0 ? 63f / greatestScale : 0;
        float inverseMinimum = greatestMinimum > 0 ? 63f / greatestMinimum : 0;
        short d = Float.floatToFloat16(greatestScale / 63f);
        short min = Float.floatToFloat16(greatestMinimum / 63f);
        to.set(SHORT, b, d);
        to.set(SHORT, b + 2, min);
        byte[] packed = new byte[12];
        for (int run = 0; run < 8; run++) {
            int scale = Math.min(63, rounded(inverseScale * search.scales[run]));
            int minimum = Math.min(63, rounded(inverseMinimum * search.minimums[run]));
            if (run < 4) {
                packed[run] = (byte) scale;
                packed[run + 4] = (byte) minimum;
            } else {
                packed[run + 4] = (byte) ((scale & 15) | ((minimum & 15) << 4));
                packed[run - 4] |= (byte) ((scale >> 4) << 6);
                packed[run] |= (byte) ((minimum >> 4) << 6);
            }
            level(x, at, run, Float.float16ToFloat(d) * scale, Float.float16ToFloat(min) * minimum, most);
        }
        MemorySegment.copy(packed, 0, to, ValueLayout.JAVA_BYTE, b + 4, packed.length);
    }

    /** The levels of a run of 32; where its scale has become zero those of the search, as the reference has it. */
    private void level(float[] x, int at, int run, float scale, float minimum, int most) {
        for (int i = 32 * run; i < 32 * run + 32; i++) {
            float value = scale != 0
                    ? (x[at + i] + minimum) / scale
                    : search.inverses[run] * (x[at + i] - search.offsets[run]);
            levels[i] = Math.clamp(rounded(value), 0, most);
        }
    }

    /** The low four bits: two runs of 32 share 32 bytes. */
    private void nibbles(MemorySegment to, long q) {
        for (int pair = 0; pair < 4; pair++) {
            for (int l = 0; l < 32; l++) {
                int low = levels[64 * pair + l] & 15;
                int high = levels[64 * pair + 32 + l] & 15;
                to.set(ValueLayout.JAVA_BYTE, q + 32L * pair + l, (byte) (low | (high << 4)));
            }
        }
    }

    /** Bit j of byte l is the fifth bit of element l of run j. */
    private void fifths(MemorySegment to, long q) {
        for (int l = 0; l < 32; l++) {
            int bits = 0;
            for (int run = 0; run < 8; run++) {
                bits |= (levels[32 * run + l] >> 4) << run;
            }
            to.set(ValueLayout.JAVA_BYTE, q + l, (byte) bits);
        }
    }

    /** 16 runs of 16 with signed scales of eight bits, in units of the greatest over -128. */
    private void q6(float[] x, int at, MemorySegment to, long b) {
        for (int half = 0; half < 2; half++) {
            search.symmetric(x, at + 128 * half, 32);
            System.arraycopy(search.scales, 0, scales, 8 * half, 8);
            System.arraycopy(search.inverses, 0, inverses, 8 * half, 8);
        }
        float most = 0;
        float signed = 0;
        for (float scale : scales) {
            if (Math.abs(scale) > most) {
                most = Math.abs(scale);
                signed = scale;
            }
        }
        if (most < ScaleSearch.LEAST) {
            to.asSlice(b, format.blockBytes()).fill((byte) 0);
            return;
        }
        float inverse = -128f / signed;
        short d = Float.floatToFloat16(1 / inverse);
        to.set(SHORT, b + 208, d);
        for (int run = 0; run < 16; run++) {
            int scale = Math.min(127, rounded(inverse * scales[run]));
            to.set(ValueLayout.JAVA_BYTE, b + 192 + run, (byte) scale);
            float factor = Float.float16ToFloat(d) * scale;
            for (int i = 16 * run; i < 16 * run + 16; i++) {
                float value = factor != 0 ? x[at + i] / factor : inverses[run] * x[at + i];
                levels[i] = Math.clamp(rounded(value), -32, 31) + 32;
            }
            if (factor == 0 && inverses[run] == 0) {
                Arrays.fill(levels, 16 * run, 16 * run + 16, 0);
            }
        }
        for (int part = 0; part < 2; part++) {
            for (int l = 0; l < 32; l++) {
                int i = 128 * part + l;
                long low = b + 64L * part + l;
                to.set(ValueLayout.JAVA_BYTE, low, (byte) ((levels[i] & 15) | ((levels[i + 64] & 15) << 4)));
                to.set(ValueLayout.JAVA_BYTE, low + 32, (byte) ((levels[i + 32] & 15) | ((levels[i + 96] & 15) << 4)));
                int high = levels[i] >> 4
                        | (levels[i + 32] >> 4) << 2
                        | (levels[i + 64] >> 4) << 4
                        | (levels[i + 96] >> 4) << 6;
                to.set(ValueLayout.JAVA_BYTE, b + 128 + 32L * part + l, (byte) high);
            }
        }
    }
}
