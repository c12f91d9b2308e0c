package dev.skald.gguf;

import java.util.List;

/** The value of a key: whole numbers of any width, real numbers, texts, or an array of one of these. */
sealed interface GgufValue {

    /** A whole number; the upper half of the unsigned 64-bit ones is negative. */
    record Whole(long value) implements GgufValue {}

    record Real(double value) implements GgufValue {}

    record Flag(boolean value) implements GgufValue {}

    record Text(String value) implements GgufValue {}

    /** Whole numbers, or flags as 0 and 1. */
    @SuppressWarnings("ArrayRecordComponent") // read only
    record Wholes(long[] values) implements GgufValue {}

    @SuppressWarnings("ArrayRecordComponent") // read only
    record Reals(double[] values) implements GgufValue {}

    record Texts(List<String> values) implements GgufValue {}
}
