package dev.skald.kernel;

import static dev.skald.kernel.RowFormat.LANES;

import dev.skald.tensor.Format;

/**
 * How a matrix of blocks lies in memory for {@link GroupCode}: {@link #ROWS} rows, as many as two vectors of floats have lanes, are a group, and
 * lane {@code r} of a vector belongs to row {@code r} of its group. The groups lie one after the other, and in a group its records, one for each
 * block of the format, in the order of the columns. A record of 32 columns (Q4_0, Q8_0) has its quants and then {@code ROWS} scales; one of 256 columns (Q4_K, Q5_K, Q6_K)
 * the quants of all its runs, then the scales of the runs, then the scales of the block.
 *
 * <p>Quants are planes of nibbles. A 32-bit lane holds eight columns' low nibbles: of a run of {@code 2 d} columns vector {@code v} has columns
 * {@code 4 v + i} at bit {@code 8 i}, and columns {@code d + 4 v + i} at bit {@code 8 i + 4}, for {@code i} of 0 to 3. So four bytes of a file's block, or two times
 * four, make a lane. {@code d} is 16, and 8 for Q6_K, whose runs are of 16 columns. What a quant has above its low nibble lies in a second plane,
 * in the same nibbles: all four bits (Q8_0), or two vectors' two bits (Q6_K) or four vectors' single bits (Q5_K) in one. Quants are unsigned there: those of
 * Q8_0 are 128 more than in the file.
 *
 * <p>A vector of two halves: rows {@code 0} to {@code LANES - 1}, and then the others, wherever this speaks of a vector.
 */
final class GroupLayout {

    /** Rows of a group. */
    static final int ROWS = 2 * LANES;

    /** Bytes of one element of 32 bits for each row. */
    static final long VECTOR = 4L * ROWS;

    /** Bytes of 16 bits for each row: a scale in f16, or two small ones. */
    static final long HALVES = 2L * ROWS;

    private GroupLayout() {}

    /** Whether a format has a layout in groups; others are multiplied as they lie. */
    static boolean has(Format format) {
        return switch (format) {
            case Q8_0, Q4_0, Q4_K, Q5_K, Q6_K -> true;
            case F32, F16, BF16, Q4_1, Q5_0, Q5_1, Q2_K, Q3_K, IQ4_NL, IQ4_XS, MXFP4 -> false;
        };
    }

    /** Vectors of low nibbles in a record. */
    static int lowVectors(Format format) {
        return format.blockElements() / 8;
    }

    /** Bits of a quant above its low nibble. */
    static int highBits(Format format) {
        return switch (format) {
            case Q8_0 -> 4;
            case Q6_K -> 2;
            case Q5_K -> 1;
            case Q4_0, Q4_K -> 0;
            case F32, F16, BF16, Q4_1, Q5_0, Q5_1, Q2_K, Q3_K, IQ4_NL, IQ4_XS, MXFP4 -> throw none(format);
        };
    }

    /** Vectors of the second plane in a record. */
    static int highVectors(Format format) {
        return lowVectors(format) * highBits(format) / 4;
    }

    /** Halves that follow the quants: the scales. */
    static int scaleHalves(Format format) {
        return switch (format) {
            case Q8_0, Q4_0 -> 1; // d
            case Q4_K, Q5_K -> 10; // eight of a run's scale and minimum in a byte each, d, dmin
            case Q6_K -> 9; // eight of two runs' scales, d
            case F32, F16, BF16, Q4_1, Q5_0, Q5_1, Q2_K, Q3_K, IQ4_NL, IQ4_XS, MXFP4 -> throw none(format);
        };
    }

    /** What is taken from a quant as it lies here. */
    static int centre(Format format) {
        return switch (format) {
            case Q4_0 -> 8;
            case Q6_K -> 32;
            case Q8_0 -> 128;
            case Q4_K, Q5_K -> 0;
            case F32, F16, BF16, Q4_1, Q5_0, Q5_1, Q2_K, Q3_K, IQ4_NL, IQ4_XS, MXFP4 -> throw none(format);
        };
    }

    /** Where the second plane begins in a record. */
    static long highAt(Format format) {
        return VECTOR * lowVectors(format);
    }

    /** Where the scales begin in a record. */
    static long scalesAt(Format format) {
        return highAt(format) + VECTOR * highVectors(format);
    }

    /** Bytes of a record. */
    static long record(Format format) {
        return scalesAt(format) + HALVES * scaleHalves(format);
    }

    /** Half the length of a run: the distance of the two columns in a byte. */
    static int distance(Format format) {
        return format == Format.Q6_K ? 8 : 16;
    }

    /** Bytes of {@code columns} of a group. */
    static long bytes(Format format, long columns) {
        return columns / format.blockElements() * record(format);
    }

    /** Bytes of a matrix; rows that the last group lacks are zeros. */
    static long bytes(Format format, long rows, long columns) {
        return Math.ceilDiv(rows, ROWS) * bytes(format, columns);
    }

    private static IllegalArgumentException none(Format format) {
        return new IllegalArgumentException(format + " has no layout in groups");
    }
}
