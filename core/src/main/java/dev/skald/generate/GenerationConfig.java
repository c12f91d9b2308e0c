package dev.skald.generate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.InvalidInputException;
import dev.skald.model.ConfigReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * What one call of generate does: the caller's options over the model's generation_config.json over transformers' defaults, checked. Keys
 * are spelled and mean as in transformers.
 *
 * @param max_length prompt and new tokens together; {@code max_new_tokens} wins
 * @param min_length prompt and new tokens together; {@code min_new_tokens} wins
 * @param seed empty: drawn at random
 */
record GenerationConfig(
        int max_length,
        OptionalInt max_new_tokens,
        int min_length,
        OptionalInt min_new_tokens,
        boolean do_sample,
        double temperature,
        int top_k,
        double top_p,
        double min_p,
        double repetition_penalty,
        int no_repeat_ngram_size,
        List<int[]> bad_words_ids,
        List<Integer> eos_token_ids,
        List<String> stop_strings,
        int num_return_sequences,
        OptionalLong seed,
        boolean output_logits) {

    /** Keys of generation_config.json that would change the text in transformers and do nothing here, with the value that means off. */
    private static final Map<String, String> WITHOUT_EFFECT = Map.ofEntries(
            Map.entry("num_beams", "1"),
            Map.entry("penalty_alpha", "0.0"),
            Map.entry("typical_p", "1.0"),
            Map.entry("epsilon_cutoff", "0.0"),
            Map.entry("eta_cutoff", "0.0"),
            Map.entry("diversity_penalty", "0.0"),
            Map.entry("encoder_repetition_penalty", "1.0"),
            Map.entry("guidance_scale", "1.0"),
            Map.entry("sequence_bias", "{}"),
            Map.entry("suppress_tokens", "[]"),
            Map.entry("begin_suppress_tokens", "[]"),
            Map.entry("top_h", "1.0"));

    /** Copies the lists and checks every value; the message begins with the key. */
    GenerationConfig {
        bad_words_ids = List.copyOf(bad_words_ids);
        eos_token_ids = List.copyOf(eos_token_ids);
        stop_strings = List.copyOf(stop_strings);
        check(max_length > 0, "max_length", max_length, "a number above 0");
        check(max_new_tokens.orElse(1) > 0, "max_new_tokens", max_new_tokens.orElse(0), "a number above 0");
        check(min_length >= 0, "min_length", min_length, "0 or more");
        check(min_new_tokens.orElse(0) >= 0, "min_new_tokens", min_new_tokens.orElse(0), "0 or more");
        check(
                (temperature > 0 || (temperature == 0 && !do_sample)) && temperature < Double.POSITIVE_INFINITY,
                "temperature",
                temperature,
                "a number above 0 (greedy decoding is do_sample false)");
        check(top_k >= 0, "top_k", top_k, "0 (off) or more");
        check(top_p >= 0 && top_p <= 1, "top_p", top_p, "a number from 0 to 1");
        check(min_p >= 0 && min_p <= 1, "min_p", min_p, "a number from 0 to 1");
        check(
                repetition_penalty > 0 && repetition_penalty < Double.POSITIVE_INFINITY,
                "repetition_penalty",
                repetition_penalty,
                "a number above 0");
        check(no_repeat_ngram_size >= 0, "no_repeat_ngram_size", no_repeat_ngram_size, "0 (off) or more");
        check(num_return_sequences > 0, "num_return_sequences", num_return_sequences, "a number above 0");
        if (num_return_sequences > 1 && !do_sample) {
            throw new InvalidInputException("num_return_sequences is " + num_return_sequences
                    + " with do_sample false: greedy decoding has one result, sample to get several");
        }
        if (stop_strings.contains("")) {
            throw new InvalidInputException("stop_strings has an empty string, expected texts");
        }
    }

    /** The keys of a model's generation_config.json; empty if it has none. */
    static ObjectNode read(Path directory) {
        Path file = directory.resolve("generation_config.json");
        ObjectNode keys = GenerationOptions.modelDefaults().json().objectNode();
        if (Files.exists(file)) {
            ConfigReader reader = ConfigReader.open(file);
            reader.keys().forEach(key -> keys.set(key, reader.node(key)));
        }
        return keys;
    }

    /** What the model's file asks for and will not get, for a warning. */
    static List<String> withoutEffect(ObjectNode model) {
        List<String> found = new ArrayList<>();
        WITHOUT_EFFECT.forEach((key, off) -> {
            if (model.hasNonNull(key) && !model.get(key).toString().equals(off)) {
                found.add(key + " = " + model.get(key));
            }
        });
        found.sort(null);
        return found;
    }

    /**
     * Overlays the caller's options.
     *
     * @param model generation_config.json of the model
     * @param eosOfModel the end tokens of config.json, used where generation_config.json names none
     */
    static GenerationConfig resolve(GenerationOptions options, ObjectNode model, List<Integer> eosOfModel) {
        Keys keys = new Keys(options.json(), model);
        List<Integer> eos = keys.integers("eos_token_id");
        return new GenerationConfig(
                keys.integer("max_length", 20),
                keys.optionalInteger("max_new_tokens"),
                keys.integer("min_length", 0),
                keys.optionalInteger("min_new_tokens"),
                keys.flag("do_sample"),
                keys.number("temperature", 1),
                keys.integer("top_k", 50),
                keys.number("top_p", 1),
                keys.number("min_p", 0),
                keys.number("repetition_penalty", 1),
                keys.integer("no_repeat_ngram_size", 0),
                keys.integerLists("bad_words_ids"),
                eos.isEmpty() ? eosOfModel : eos,
                keys.texts("stop_strings"),
                keys.integer("num_return_sequences", 1),
                keys.optionalLong("seed"),
                keys.flag("output_logits"));
    }

    /**
     * How many tokens a prompt and its continuation may have together.
     *
     * @throws InvalidInputException when the prompt alone fills that, or the model's positions
     */
    int lengthLimit(int promptTokens, int modelPositions) {
        if (promptTokens >= modelPositions) {
            throw new InvalidInputException("the prompt has " + promptTokens + " tokens, the model has "
                    + modelPositions + " positions: no room for a continuation");
        }
        if (max_new_tokens.isPresent()) {
            return Math.min(
                    (int) Math.min(Integer.MAX_VALUE, (long) promptTokens + max_new_tokens.getAsInt()), modelPositions);
        }
        if (promptTokens >= max_length) {
            throw new InvalidInputException("the prompt has " + promptTokens + " tokens and max_length is " + max_length
                    + ", which counts the prompt: raise it, or set max_new_tokens");
        }
        return Math.min(max_length, modelPositions);
    }

    /** No end token before the text has so many tokens. */
    int minimumLength(int promptTokens) {
        return min_new_tokens.isPresent() ? promptTokens + min_new_tokens.getAsInt() : min_length;
    }

    private static void check(boolean valid, String key, Number found, String expected) {
        if (!valid) {
            throw new InvalidInputException(key + " is " + found + ", expected " + expected);
        }
    }

    /** Looks keys up in the caller's options first, then in the model's file. */
    private record Keys(ObjectNode caller, ObjectNode model) {

        Optional<JsonNode> find(String key) {
            return Optional.ofNullable(caller.get(key))
                    .or(() -> Optional.ofNullable(model.get(key)))
                    .filter(node -> !node.isNull());
        }

        int integer(String key, int absent) {
            JsonNode node = find(key).orElse(null);
            if (node == null) {
                return absent;
            }
            if (!node.isIntegralNumber() || !node.canConvertToInt()) {
                throw wrong(key, node, "a whole number");
            }
            return node.intValue();
        }

        OptionalInt optionalInteger(String key) {
            return find(key).isPresent() ? OptionalInt.of(integer(key, 0)) : OptionalInt.empty();
        }

        OptionalLong optionalLong(String key) {
            JsonNode node = find(key).orElse(null);
            if (node == null) {
                return OptionalLong.empty();
            }
            if (!node.isIntegralNumber() || !node.canConvertToLong()) {
                throw wrong(key, node, "a whole number");
            }
            return OptionalLong.of(node.longValue());
        }

        double number(String key, double absent) {
            JsonNode node = find(key).orElse(null);
            if (node == null) {
                return absent;
            }
            if (!node.isNumber()) {
                throw wrong(key, node, "a number");
            }
            return node.doubleValue();
        }

        boolean flag(String key) {
            JsonNode node = find(key).orElse(null);
            if (node != null && !node.isBoolean()) {
                throw wrong(key, node, "true or false");
            }
            return node != null && node.booleanValue();
        }

        List<Integer> integers(String key) {
            JsonNode node = find(key).orElse(null);
            if (node == null) {
                return List.of();
            }
            List<Integer> numbers = new ArrayList<>();
            for (JsonNode element : node.isArray() ? node : List.of(node)) {
                if (!element.isIntegralNumber() || !element.canConvertToInt()) {
                    throw wrong(key, node, "a token id or a list of them");
                }
                numbers.add(element.intValue());
            }
            return numbers;
        }

        List<int[]> integerLists(String key) {
            JsonNode node = find(key).orElse(null);
            if (node == null) {
                return List.of();
            }
            List<int[]> lists = new ArrayList<>();
            for (JsonNode list : node) {
                int[] ids = new int[list.size()];
                for (int i = 0; i < ids.length; i++) {
                    ids[i] = list.get(i).asInt(-1);
                }
                if (ids.length == 0 || Arrays.stream(ids).anyMatch(id -> id < 0)) {
                    throw wrong(key, node, "a list of lists of token ids");
                }
                lists.add(ids);
            }
            if (!node.isArray()) {
                throw wrong(key, node, "a list of lists of token ids");
            }
            return lists;
        }

        List<String> texts(String key) {
            JsonNode node = find(key).orElse(null);
            if (node == null) {
                return List.of();
            }
            List<String> texts = new ArrayList<>();
            for (JsonNode element : node.isArray() ? node : List.of(node)) {
                if (!element.isTextual()) {
                    throw wrong(key, node, "a text or a list of texts");
                }
                texts.add(element.textValue());
            }
            return texts;
        }

        private InvalidInputException wrong(String key, JsonNode found, String expected) {
            String where = caller.has(key) ? "" : "generation_config.json: ";
            return new InvalidInputException(where + key + " is " + found + ", expected " + expected);
        }
    }
}
