package dev.skald.tensor;

import dev.skald.InvalidInputException;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** The dtypes of weights and activations, by the names that the command line, config.json and safetensors use. */
public enum DType {
    BF16("bfloat16", 2),
    F16("float16", 2),
    F32("float32", 4);

    private final String torchName;
    private final int bytes;

    DType(String torchName, int bytes) {
        this.torchName = torchName;
        this.bytes = bytes;
    }

    /** As config.json's {@code torch_dtype} spells it. */
    public String torchName() {
        return torchName;
    }

    /** Bytes per element. */
    public int bytes() {
        return bytes;
    }

    /** libtorch's constant. */
    public ScalarType scalarType() {
        return switch (this) {
            case BF16 -> ScalarType.BFloat16;
            case F16 -> ScalarType.Half;
            case F32 -> ScalarType.Float;
        };
    }

    /** @throws IllegalArgumentException for a dtype that is none of these */
    public static DType of(ScalarType type) {
        ScalarType known = type.intern(); // JavaCPP makes a new object for each value that a native method returns
        return Arrays.stream(values())
                .filter(d -> d.scalarType() == known)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no dtype of weights: " + type));
    }

    /**
     * @param name {@code bf16}, {@code BF16}, {@code bfloat16} and so on
     * @param where what the name was found in, for the error
     * @throws InvalidInputException for any other name
     */
    public static DType parse(String name, String where) {
        String plain = name.toLowerCase(Locale.ROOT);
        for (DType dtype : values()) {
            if (plain.equals(dtype.torchName) || plain.equals(dtype.name().toLowerCase(Locale.ROOT))) {
                return dtype;
            }
        }
        String known = Arrays.stream(values()).map(DType::torchName).collect(Collectors.joining(", "));
        throw new InvalidInputException(where + ": dtype '" + name + "' is not one of " + known);
    }
}
