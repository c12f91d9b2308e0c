package dev.skald.convert;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.skald.base.StrictJson;
import dev.skald.gguf.GgufKeys;
import dev.skald.gguf.GgufKeysBuilder;
import dev.skald.gguf.GgufTokenizerKeys;
import dev.skald.model.ConfigReader;
import dev.skald.model.LlamaConfig;
import dev.skald.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The keys of a GGUF file, of a Hugging Face directory or of another GGUF file; names and types as llama.cpp's loader wants them. */
final class ModelKeys {

    private static final String FILE_TYPE = "general.file_type";
    private static final String QUANTISATION = "general.quantization_version";
    private static final int QUANTISATION_VERSION = 2;

    /** Control tokens by which a turn ends, and a message inside one, as llama.cpp knows them. */
    private static final List<String> TURN_ENDS =
            List.of("<|eot_id|>", "<|im_end|>", "<end_of_turn>", "<|end|>", "<|endofturn|>");

    private static final String MESSAGE_END = "<|eom_id|>";

    private ModelKeys() {}

    /** Those of another GGUF file, for elements of another format. */
    static GgufKeys of(GgufKeys source, Path out, int fileType, boolean quantised) {
        GgufKeysBuilder keys = new GgufKeysBuilder();
        keys.copy(
                source,
                key -> !key.startsWith("split.")
                        && !key.equals("general.alignment")
                        && (quantised || !key.equals(QUANTISATION)));
        return type(keys, fileType, quantised).build(out);
    }

    /** Those of a model directory; what they cannot say is added to the warnings. */
    static GgufKeys of(Path model, LlamaConfig config, Path out, int fileType, boolean quantised, List<String> warnings)
            throws IOException {
        GgufKeysBuilder keys = new GgufKeysBuilder();
        keys.text("general.architecture", "llama");
        keys.text("general.type", "model");
        keys.text(
                "general.name", model.toAbsolutePath().normalize().getFileName().toString());
        keys.text("general.size_label", size(config.parameterCount()));
        type(keys, fileType, quantised);
        shape(config, keys);
        tokenizer(model, config, keys, warnings);
        return keys.build(out);
    }

    private static GgufKeysBuilder type(GgufKeysBuilder keys, int fileType, boolean quantised) {
        keys.number(FILE_TYPE, fileType);
        if (quantised) {
            keys.number(QUANTISATION, QUANTISATION_VERSION);
        }
        return keys;
    }

    private static String size(long parameters) {
        double amount = parameters >= 1e9 ? parameters / 1e9 : parameters >= 1e6 ? parameters / 1e6 : parameters / 1e3;
        String unit = parameters >= 1e9 ? "B" : parameters >= 1e6 ? "M" : "K";
        return String.format(Locale.ROOT, "%.1f", amount).replaceFirst("\\.0$", "") + unit;
    }

    private static void shape(LlamaConfig config, GgufKeysBuilder keys) {
        keys.number("llama.block_count", config.num_hidden_layers());
        keys.number("llama.context_length", config.max_position_embeddings());
        keys.number("llama.embedding_length", config.hidden_size());
        keys.number("llama.feed_forward_length", config.intermediate_size());
        keys.number("llama.attention.head_count", config.num_attention_heads());
        keys.number("llama.attention.head_count_kv", config.num_key_value_heads());
        keys.number("llama.attention.key_length", config.head_dim());
        keys.number("llama.attention.value_length", config.head_dim());
        keys.real("llama.attention.layer_norm_rms_epsilon", config.rms_norm_eps());
        keys.number("llama.vocab_size", config.vocab_size());
        keys.number("llama.rope.dimension_count", config.head_dim());
        keys.real("llama.rope.freq_base", config.rope_theta());
        config.rope_scaling().ifPresent(scaling -> {
            if (scaling instanceof LlamaConfig.RopeScaling.Linear(double factor)) {
                keys.text("llama.rope.scaling.type", "linear");
                keys.real("llama.rope.scaling.factor", factor);
            }
        });
    }

    private static void tokenizer(Path model, LlamaConfig config, GgufKeysBuilder keys, List<String> warnings)
            throws IOException {
        Tokenizer tokenizer = Tokenizer.load(model);
        Path file = model.resolve("tokenizer.json");
        GgufTokenizerKeys.put(
                file.toString(),
                StrictJson.mapper().readTree(Files.readAllBytes(file)),
                json(model.resolve("tokenizer_config.json")),
                config.vocab_size(),
                keys);
        ends(model, config, tokenizer, keys, warnings);
        id(tokenizer, "pad_token", "padding", keys);
        id(tokenizer, "unk_token", "unknown", keys);
        Map<String, String> templates = tokenizer.chatTemplates();
        templates.forEach((name, template) ->
                keys.text("tokenizer.chat_template" + (name.equals("default") ? "" : "." + name), template));
        if (templates.size() > 1) {
            keys.texts(
                    "tokenizer.chat_templates",
                    templates.keySet().stream()
                            .filter(name -> !name.equals("default"))
                            .toList());
        }
    }

    private static JsonNode json(Path file) throws IOException {
        return Files.exists(file) ? StrictJson.mapper().readTree(Files.readAllBytes(file)) : MissingNode.getInstance();
    }

    private static void id(Tokenizer tokenizer, String name, String key, GgufKeysBuilder keys) {
        String token = tokenizer.namedTokens().get(name);
        if (token != null) {
            tokenizer.id(token).ifPresent(id -> keys.number("tokenizer.ggml." + key + "_token_id", id));
        }
    }

    /** Begin and end of a text; a model of conversations ends a turn with another token, and perhaps a message with a third. */
    private static void ends(
            Path model, LlamaConfig config, Tokenizer tokenizer, GgufKeysBuilder keys, List<String> warnings) {
        config.bos_token_id()
                .or(() -> tokenizer.bosId().stream().boxed().findFirst())
                .ifPresent(id -> keys.number("tokenizer.ggml.bos_token_id", id));
        List<Integer> ends = new ArrayList<>(ends(model, config));
        tokenizer.eosId().ifPresent(id -> {
            if (ends.isEmpty() || ends.removeIf(each -> each == id)) {
                ends.addFirst(id);
            }
        });
        if (ends.isEmpty()) {
            return;
        }
        keys.number("tokenizer.ggml.eos_token_id", ends.removeFirst());
        put("eom", take(ends, tokenizer, List.of(MESSAGE_END)), keys);
        List<Integer> turn = take(ends, tokenizer, TURN_ENDS);
        put("eot", turn.isEmpty() && !ends.isEmpty() ? List.of(ends.removeFirst()) : turn, keys);
        if (!ends.isEmpty()) {
            warnings.add("tokens " + ends + " end a text of " + model + ", too, which GGUF has no key for");
        }
    }

    private static List<Integer> ends(Path model, LlamaConfig config) {
        Path generation = model.resolve("generation_config.json");
        List<Integer> own =
                Files.exists(generation) ? ConfigReader.open(generation).integers("eos_token_id") : List.of();
        return own.isEmpty() ? config.eos_token_ids() : own;
    }

    private static List<Integer> take(List<Integer> ends, Tokenizer tokenizer, List<String> names) {
        List<Integer> found = ends.stream()
                .filter(id -> tokenizer.has(id) && names.contains(tokenizer.token(id)))
                .limit(1)
                .toList();
        ends.removeAll(found);
        return found;
    }

    private static void put(String name, List<Integer> id, GgufKeysBuilder keys) {
        id.forEach(each -> keys.number("tokenizer.ggml." + name + "_token_id", each));
    }
}
