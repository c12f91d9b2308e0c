package dev.skald.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.InvalidInputException;
import dev.skald.tensor.DType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A {@code config.json} of LlamaForCausalLM; the components are spelled and mean as there.
 *
 * @param head_dim explicit, or hidden_size / num_attention_heads
 * @param rope_scaling how RoPE's frequencies are changed for longer contexts; empty for none
 * @param bos_token_id the token that begins a document; empty if the model has none
 * @param eos_token_ids the tokens that end a text; may be empty
 * @param torch_dtype the dtype that {@code auto} means; empty when the file does not say
 * @param more keys that nothing here understands, which a written config.json has unchanged; unmodifiable
 */
public record LlamaConfig(
        int hidden_size,
        int intermediate_size,
        int num_hidden_layers,
        int num_attention_heads,
        int num_key_value_heads,
        int head_dim,
        int vocab_size,
        int max_position_embeddings,
        double rms_norm_eps,
        double rope_theta,
        Optional<RopeScaling> rope_scaling,
        boolean tie_word_embeddings,
        Optional<Integer> bos_token_id,
        List<Integer> eos_token_ids,
        Optional<DType> torch_dtype,
        Map<String, JsonNode> more) {

    private static final Set<String> UNDERSTOOD = Set.of(
            "architectures",
            "model_type",
            "hidden_act",
            "attention_bias",
            "mlp_bias",
            "hidden_size",
            "intermediate_size",
            "num_hidden_layers",
            "num_attention_heads",
            "num_key_value_heads",
            "head_dim",
            "vocab_size",
            "max_position_embeddings",
            "rms_norm_eps",
            "rope_theta",
            "rope_scaling",
            "rope_parameters",
            "tie_word_embeddings",
            "bos_token_id",
            "eos_token_id",
            "torch_dtype",
            "dtype");

    /** The standard deviation that transformers' LlamaConfig has by default. */
    private static final double INITIALIZER_RANGE = 0.02;

    /** A configuration with nothing that is not understood. */
    public LlamaConfig(
            int hidden_size,
            int intermediate_size,
            int num_hidden_layers,
            int num_attention_heads,
            int num_key_value_heads,
            int head_dim,
            int vocab_size,
            int max_position_embeddings,
            double rms_norm_eps,
            double rope_theta,
            Optional<RopeScaling> rope_scaling,
            boolean tie_word_embeddings,
            Optional<Integer> bos_token_id,
            List<Integer> eos_token_ids,
            Optional<DType> torch_dtype) {
        this(
                hidden_size,
                intermediate_size,
                num_hidden_layers,
                num_attention_heads,
                num_key_value_heads,
                head_dim,
                vocab_size,
                max_position_embeddings,
                rms_norm_eps,
                rope_theta,
                rope_scaling,
                tie_word_embeddings,
                bos_token_id,
                eos_token_ids,
                torch_dtype,
                Map.of());
    }

    /** Checks that the sizes are positive and fit each other. */
    public LlamaConfig {
        positive("hidden_size", hidden_size);
        positive("intermediate_size", intermediate_size);
        positive("num_hidden_layers", num_hidden_layers);
        positive("num_attention_heads", num_attention_heads);
        positive("num_key_value_heads", num_key_value_heads);
        positive("head_dim", head_dim);
        positive("vocab_size", vocab_size);
        positive("max_position_embeddings", max_position_embeddings);
        if (num_attention_heads % num_key_value_heads != 0) {
            throw new InvalidInputException("num_attention_heads " + num_attention_heads
                    + " is not a multiple of num_key_value_heads " + num_key_value_heads);
        }
        if (head_dim % 2 != 0) {
            throw new InvalidInputException("head_dim " + head_dim + " is odd: RoPE rotates pairs");
        }
        if (!(rms_norm_eps >= 0) || !(rope_theta > 0)) {
            throw new InvalidInputException("rms_norm_eps " + rms_norm_eps + " and rope_theta " + rope_theta
                    + " must be numbers, the second above 0");
        }
        eos_token_ids = List.copyOf(eos_token_ids);
        more = Collections.unmodifiableMap(new LinkedHashMap<>(more));
    }

    /** RoPE for contexts longer than the model was first trained on. */
    public sealed interface RopeScaling {

        /** Positions are divided by {@code factor}. */
        record Linear(double factor) implements RopeScaling {
            public Linear {
                atLeastOne(factor);
            }
        }

        /**
         * Llama 3.1's: low frequencies are divided by {@code factor}, high ones kept, those between interpolated. As
         * {@code _compute_llama3_parameters} in transformers' modeling_rope_utils.py.
         */
        record Llama3(
                double factor, double low_freq_factor, double high_freq_factor, int original_max_position_embeddings)
                implements RopeScaling {
            public Llama3 {
                atLeastOne(factor);
                if (!(low_freq_factor > 0) || !(high_freq_factor > low_freq_factor)) {
                    throw new InvalidInputException("rope_scaling: high_freq_factor " + high_freq_factor
                            + " must be above low_freq_factor " + low_freq_factor + ", both above 0");
                }
                positive("rope_scaling.original_max_position_embeddings", original_max_position_embeddings);
            }
        }

        private static void atLeastOne(double factor) {
            if (!(factor >= 1)) {
                throw new InvalidInputException("rope_scaling: factor " + factor + " must be at least 1");
            }
        }
    }

    /** Query heads that share one key-value head. */
    public int groupSize() {
        return num_attention_heads / num_key_value_heads;
    }

    /** The standard deviation of matrices that begin at random: {@code initializer_range}. */
    public double initializerRange() {
        return more.containsKey("initializer_range")
                ? more.get("initializer_range").asDouble()
                : INITIALIZER_RANGE;
    }

    /** The number of parameters, the tied output counted once. */
    public long parameterCount() {
        long attention = (long) hidden_size * head_dim * (2L * num_attention_heads + 2L * num_key_value_heads);
        long layer = attention + 3L * hidden_size * intermediate_size + 2L * hidden_size;
        long embedding = (long) vocab_size * hidden_size;
        return embedding * (tie_word_embeddings ? 1 : 2) + layer * num_hidden_layers + hidden_size;
    }

    /**
     * Reads a {@code config.json}.
     *
     * @throws InvalidInputException when it is missing, not JSON, of another architecture, or has a key that is missing, of the wrong type,
     *     or set to what Skald does not compute (biases, another activation, another rope type)
     */
    public static LlamaConfig read(Path file) {
        ConfigReader json = ConfigReader.open(file);
        json.require("model_type", "llama");
        requireArchitecture(json);
        json.require("hidden_act", "silu");
        json.require("attention_bias", false);
        json.require("mlp_bias", false);
        json.refuse("quantization_config", "quantised checkpoints are not read");
        int hidden = json.integer("hidden_size");
        int heads = json.integer("num_attention_heads");
        int headDim = json.optionalInteger("head_dim").orElse(heads == 0 ? 0 : hidden / heads);
        if (json.optionalInteger("head_dim").isEmpty() && heads > 0 && hidden % heads != 0) {
            throw json.error("hidden_size", hidden + " is not a multiple of num_attention_heads " + heads);
        }
        json.optionalNumber("initializer_range").ifPresent(range -> {
            if (!(range > 0)) {
                throw json.error("initializer_range", range + ", expected a number above 0");
            }
        });
        Map<String, JsonNode> more = new LinkedHashMap<>();
        json.keys().stream().filter(key -> !UNDERSTOOD.contains(key)).forEach(key -> more.put(key, json.node(key)));
        try {
            return new LlamaConfig(
                    hidden,
                    json.integer("intermediate_size"),
                    json.integer("num_hidden_layers"),
                    heads,
                    json.optionalInteger("num_key_value_heads").orElse(heads),
                    headDim,
                    json.integer("vocab_size"),
                    json.optionalInteger("max_position_embeddings").orElse(2048),
                    json.optionalNumber("rms_norm_eps").orElse(1e-6),
                    ropeTheta(json),
                    ropeScaling(json),
                    json.optionalBoolean("tie_word_embeddings").orElse(false),
                    json.optionalInteger("bos_token_id"),
                    json.integers("eos_token_id"),
                    dtype(json),
                    more);
        } catch (InvalidInputException e) {
            throw e.getMessage().startsWith(file.toString())
                    ? e
                    : new InvalidInputException(file + ": " + e.getMessage(), e);
        }
    }

    /** The same model with another dtype recorded. */
    public LlamaConfig withDType(DType dtype) {
        return with(vocab_size, tie_word_embeddings, eos_token_ids, Optional.of(dtype));
    }

    /** The same model with more, or fewer, tokens. */
    public LlamaConfig withVocabSize(int size) {
        return with(size, tie_word_embeddings, eos_token_ids, torch_dtype);
    }

    /** The same model with other tokens that end its texts. */
    public LlamaConfig withEosTokens(List<Integer> ids) {
        return with(vocab_size, tie_word_embeddings, List.copyOf(ids), torch_dtype);
    }

    /** The same model with an output layer of its own. */
    LlamaConfig untied() {
        return with(vocab_size, false, eos_token_ids, torch_dtype);
    }

    private LlamaConfig with(int vocab, boolean tied, List<Integer> eos, Optional<DType> dtype) {
        return new LlamaConfig(
                hidden_size,
                intermediate_size,
                num_hidden_layers,
                num_attention_heads,
                num_key_value_heads,
                head_dim,
                vocab,
                max_position_embeddings,
                rms_norm_eps,
                rope_theta,
                rope_scaling,
                tied,
                bos_token_id,
                eos,
                dtype,
                more);
    }

    /** This configuration as the JSON that transformers reads. */
    public ObjectNode toJson() {
        ObjectNode json = ConfigReader.JSON.createObjectNode();
        json.putArray("architectures").add("LlamaForCausalLM");
        json.put("model_type", "llama");
        json.put("hidden_act", "silu");
        json.put("hidden_size", hidden_size);
        json.put("intermediate_size", intermediate_size);
        json.put("num_hidden_layers", num_hidden_layers);
        json.put("num_attention_heads", num_attention_heads);
        json.put("num_key_value_heads", num_key_value_heads);
        json.put("head_dim", head_dim);
        json.put("vocab_size", vocab_size);
        json.put("max_position_embeddings", max_position_embeddings);
        json.put("rms_norm_eps", rms_norm_eps);
        json.put("rope_theta", rope_theta);
        json.put("attention_bias", false);
        json.put("mlp_bias", false);
        json.put("tie_word_embeddings", tie_word_embeddings);
        rope_scaling.ifPresent(scaling -> putRopeScaling(json.putObject("rope_scaling"), scaling));
        putTokens(json);
        torch_dtype.ifPresent(dtype -> json.put("torch_dtype", dtype.torchName()));
        more.forEach(json::set);
        return json;
    }

    /** The begin and end tokens, as config.json and generation_config.json have them. */
    void putTokens(ObjectNode json) {
        bos_token_id.ifPresent(id -> json.put("bos_token_id", id));
        if (eos_token_ids.size() == 1) {
            json.put("eos_token_id", eos_token_ids.getFirst());
        } else if (!eos_token_ids.isEmpty()) {
            eos_token_ids.forEach(json.putArray("eos_token_id")::add);
        }
    }

    private static void putRopeScaling(ObjectNode json, RopeScaling scaling) {
        switch (scaling) {
            case RopeScaling.Linear linear -> json.put("rope_type", "linear").put("factor", linear.factor());
            case RopeScaling.Llama3 llama3 ->
                json.put("rope_type", "llama3")
                        .put("factor", llama3.factor())
                        .put("low_freq_factor", llama3.low_freq_factor())
                        .put("high_freq_factor", llama3.high_freq_factor())
                        .put("original_max_position_embeddings", llama3.original_max_position_embeddings());
        }
    }

    private static void requireArchitecture(ConfigReader json) {
        List<String> names = new ArrayList<>();
        JsonNode architectures = json.node("architectures");
        architectures.forEach(name -> names.add(name.asText()));
        if (!architectures.isMissingNode() && !names.contains("LlamaForCausalLM")) {
            throw json.error("architectures", names + ", expected LlamaForCausalLM");
        }
    }

    /** As transformers 5 has it: {@code rope_scaling or rope_parameters}, of which an empty one counts as absent. */
    private static Optional<ConfigReader> ropeParameters(ConfigReader json) {
        return json.child("rope_scaling")
                .filter(child -> !child.keys().isEmpty())
                .or(() -> json.child("rope_parameters")
                        .filter(child -> !child.keys().isEmpty()));
    }

    /** The one among RoPE's parameters goes before the file's own. */
    private static double ropeTheta(ConfigReader json) {
        return ropeParameters(json)
                .flatMap(child -> child.optionalNumber("rope_theta"))
                .or(() -> json.optionalNumber("rope_theta"))
                .orElse(10000.0);
    }

    private static Optional<RopeScaling> ropeScaling(ConfigReader json) {
        Optional<ConfigReader> found = ropeParameters(json);
        if (found.isEmpty()) {
            return Optional.empty();
        }
        ConfigReader scaling = found.get();
        String type = scaling.text("rope_type").or(() -> scaling.text("type")).orElse("default");
        return switch (type) {
            case "default" -> Optional.empty();
            case "linear" -> Optional.of(new RopeScaling.Linear(scaling.number("factor")));
            case "llama3" ->
                Optional.of(new RopeScaling.Llama3(
                        scaling.number("factor"),
                        scaling.number("low_freq_factor"),
                        scaling.number("high_freq_factor"),
                        scaling.integer("original_max_position_embeddings")));
            default -> throw scaling.error("rope_type", "'" + type + "', expected default, linear or llama3");
        };
    }

    private static Optional<DType> dtype(ConfigReader json) {
        return json.text("torch_dtype")
                .or(() -> json.text("dtype"))
                .filter(name -> !name.equals("auto"))
                .map(name -> DType.parse(name, json.where("torch_dtype")));
    }

    private static void positive(String key, int value) {
        if (value <= 0) {
            throw new InvalidInputException(key + " is " + value + ", expected a number above 0");
        }
    }
}
