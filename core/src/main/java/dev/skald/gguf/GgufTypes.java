package dev.skald.gguf;

import dev.skald.tensor.Format;
import java.util.Map;
import java.util.Optional;

/** The numbers by which GGUF names the types of tensors, from ggml's {@code enum ggml_type}. */
final class GgufTypes {

    private static final Map<Integer, Format> FORMATS = Map.ofEntries(
            Map.entry(0, Format.F32),
            Map.entry(1, Format.F16),
            Map.entry(2, Format.Q4_0),
            Map.entry(3, Format.Q4_1),
            Map.entry(6, Format.Q5_0),
            Map.entry(7, Format.Q5_1),
            Map.entry(8, Format.Q8_0),
            Map.entry(10, Format.Q2_K),
            Map.entry(11, Format.Q3_K),
            Map.entry(12, Format.Q4_K),
            Map.entry(13, Format.Q5_K),
            Map.entry(14, Format.Q6_K),
            Map.entry(20, Format.IQ4_NL),
            Map.entry(23, Format.IQ4_XS),
            Map.entry(30, Format.BF16),
            Map.entry(39, Format.MXFP4));

    /** Those that are not read, for the error. */
    private static final Map<Integer, String> OTHERS = Map.ofEntries(
            Map.entry(9, "Q8_1"),
            Map.entry(15, "Q8_K"),
            Map.entry(16, "IQ2_XXS"),
            Map.entry(17, "IQ2_XS"),
            Map.entry(18, "IQ3_XXS"),
            Map.entry(19, "IQ1_S"),
            Map.entry(21, "IQ3_S"),
            Map.entry(22, "IQ2_S"),
            Map.entry(24, "I8"),
            Map.entry(25, "I16"),
            Map.entry(26, "I32"),
            Map.entry(27, "I64"),
            Map.entry(28, "F64"),
            Map.entry(29, "IQ1_M"),
            Map.entry(34, "TQ1_0"),
            Map.entry(35, "TQ2_0"));

    private GgufTypes() {}

    static Optional<Format> format(int type) {
        return Optional.ofNullable(FORMATS.get(type));
    }

    static int number(Format format) {
        return FORMATS.entrySet().stream()
                .filter(entry -> entry.getValue() == format)
                .findFirst()
                .orElseThrow()
                .getKey();
    }

    /** As people know it. */
    static String name(int type) {
        return OTHERS.getOrDefault(type, Integer.toUnsignedString(type));
    }
}
