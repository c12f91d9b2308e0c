package dev.skald.convert;

import dev.skald.InvalidInputException;
import dev.skald.base.NearestName;
import dev.skald.model.LlamaConfig;
import dev.skald.model.Parameter;
import dev.skald.model.WeightRows;
import dev.skald.tensor.Format;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Which format each matrix of a model gets, by the rules of llama.cpp (llama-quant.cpp): norms are f32; the output layer, or the embedding where it is
 * both, has Q6_K in every format of 6 bits and fewer; the mixes give more bits to half of the layers' {@code v_proj} and {@code down_proj}.
 */
public enum Preset {
    F32(Format.F32, 0),
    F16(Format.F16, 1),
    BF16(Format.BF16, 32),
    Q8_0(Format.Q8_0, 7),
    Q4_0(Format.Q4_0, 2),
    Q4_K_M(Format.Q4_K, 15),
    Q5_K_M(Format.Q5_K, 17),
    Q6_K(Format.Q6_K, 18);

    /** Llama's models of so many layers are of 65 or 70 billion parameters; the latter share keys and values between heads. */
    private static final int LAYERS_OF_70B = 80;

    private final Format base;
    private final int fileType;

    Preset(Format base, int fileType) {
        this.base = base;
        this.fileType = fileType;
    }

    /** @throws InvalidInputException for a name that is none of these, in any case */
    public static Preset parse(String name, String where) {
        return Arrays.stream(values())
                .filter(each -> each.name().equalsIgnoreCase(name))
                .findFirst()
                .orElseThrow(() -> {
                    List<String> names = Arrays.stream(values())
                            .map(each -> each.name().toLowerCase(Locale.ROOT))
                            .toList();
                    String near = NearestName.suggestion(name.toLowerCase(Locale.ROOT), names);
                    return new InvalidInputException(where + ": '" + name + "' is not one of "
                            + String.join(", ", names) + (near.isEmpty() ? "" : "; " + near));
                });
    }

    /** The preset of elements that are stored unchanged: {@link #F32}, {@link #F16}, {@link #BF16}. */
    static Preset of(Format format) {
        return Arrays.stream(values())
                .filter(each -> each.base == format && !each.isQuantised())
                .findFirst()
                .orElseThrow();
    }

    /** Whether elements are stored in blocks. */
    boolean isQuantised() {
        return base.blockElements() > 1;
    }

    /** What most matrices get. */
    Format base() {
        return base;
    }

    /** llama.cpp's {@code general.file_type}. */
    int fileType() {
        return fileType;
    }

    /** The format of one of a model's parameters. */
    Format of(Parameter parameter, LlamaConfig config) {
        if (parameter.isNorm()) {
            return Format.F32;
        }
        return isQuantised() ? fitting(wanted(parameter, config), WeightRows.columns(parameter)) : base;
    }

    private Format wanted(Parameter parameter, LlamaConfig config) {
        String name = parameter.name();
        if (name.equals("lm_head.weight")
                || (config.tie_word_embeddings() && name.equals("model.embed_tokens.weight"))) {
            boolean fits = WeightRows.columns(parameter) % base.blockElements() == 0;
            return !fits || this == Q8_0 ? Format.Q8_0 : Format.Q6_K;
        }
        boolean mixed = this == Q4_K_M || this == Q5_K_M;
        boolean value = name.endsWith("v_proj.weight");
        if (mixed && (value || name.endsWith("down_proj.weight"))) {
            int layer = Integer.parseInt(name.split("\\.", 4)[2]);
            int layers = config.num_hidden_layers();
            if (layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2) {
                return Format.Q6_K;
            }
            if (value && this == Q4_K_M && layers == LAYERS_OF_70B && config.groupSize() > 1) {
                return Format.Q5_K;
            }
        }
        return base;
    }

    /** Rows that are no whole number of blocks get a format of smaller blocks. */
    private static Format fitting(Format format, int columns) {
        if (columns % format.blockElements() == 0) {
            return format;
        }
        Format smaller = switch (format) {
            case Q4_K -> Format.Q5_0;
            case Q5_K -> Format.Q5_1;
            case Q6_K -> Format.Q8_0;
            default -> Format.F16;
        };
        return columns % smaller.blockElements() == 0 ? smaller : Format.F16;
    }
}
