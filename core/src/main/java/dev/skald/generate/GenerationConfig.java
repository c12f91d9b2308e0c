package dev.skald.generate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.InvalidInputException;
import dev.skald.config.Value;
import dev.skald.model.ConfigReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * What one call of generate does: the caller's options over the model's generation_config.json over transformers' defaults, checked. Keys
 * are spelled and mean as in transformers, and those that are not known are nobody's mistake, which is why no {@link dev.skald.config.Binder}
 * reads them.
 *
 * @param max_length prompt and new tokens together; {@code max_new_tokens} wins; where neither is set there are {@link #NEW_TOKENS} new ones
 * @param max_time seconds, waiting included, after which a text ends as it is; 0: no limit
 * @param min_length prompt and new tokens together; {@code min_new_tokens} wins
 * @param eos_token_ids tokens that end a text; {@code stop_token_ids} among them, and none of the model's with {@code ignore_eos}
 * @param seed empty: drawn at random
 * @param frequency_penalty this, {@code presence_penalty}, {@code logit_bias}, {@code stop_token_ids}, {@code ignore_eos}, {@code
 *     include_stop_str_in_output} and {@code logprobs} are the names of OpenAI's and vLLM's servers; only a caller sets them
 * @param json_object whether the text is a JSON object
 * @param json_schema a text, the schema of the JSON that follows it, and the text after that; empty: none
 */
record GenerationConfig(
        OptionalInt max_length,
        OptionalInt max_new_tokens,
        double max_time,
        int min_length,
        OptionalInt min_new_tokens,
        boolean do_sample,
        double temperature,
        int top_k,
        double top_p,
        double min_p,
        double typical_p,
        double repetition_penalty,
        int no_repeat_ngram_size,
        List<int[]> bad_words_ids,
        List<Integer> eos_token_ids,
        List<String> stop_strings,
        int num_return_sequences,
        OptionalLong seed,
        double frequency_penalty,
        double presence_penalty,
        Map<Integer, Double> logit_bias,
        boolean include_stop_str_in_output,
        OptionalInt logprobs,
        boolean json_object,
        List<String> json_schema,
        boolean output_logits) {

    /** Of a key that any value turns on. */
    private static final String NOTHING = "null";

    /** New tokens where nobody sets a length, as transformers has it since 4.5x. */
    private static final int NEW_TOKENS = 20;

    /** Keys of generation_config.json that would change the text in transformers and do nothing here, with the value that means off. */
    private static final Map<String, String> WITHOUT_EFFECT = Map.ofEntries(
            Map.entry("num_beams", "1"),
            Map.entry("penalty_alpha", "0.0"),
            Map.entry("token_healing", "false"),
            Map.entry("dola_layers", NOTHING),
            Map.entry("remove_invalid_values", "false"),
            Map.entry("prompt_lookup_num_tokens", NOTHING),
            Map.entry("epsilon_cutoff", "0.0"),
            Map.entry("eta_cutoff", "0.0"),
            Map.entry("diversity_penalty", "0.0"),
            Map.entry("encoder_repetition_penalty", "1.0"),
            Map.entry("guidance_scale", "1.0"),
            Map.entry("sequence_bias", "{}"),
            Map.entry("suppress_tokens", "[]"),
            Map.entry("begin_suppress_tokens", "[]"),
            Map.entry("top_h", "1.0"),
            Map.entry("num_beam_groups", "1"),
            Map.entry("force_words_ids", NOTHING),
            Map.entry("constraints", NOTHING),
            Map.entry("forced_bos_token_id", NOTHING),
            Map.entry("forced_eos_token_id", NOTHING),
            Map.entry("exponential_decay_length_penalty", NOTHING),
            Map.entry("watermarking_config", NOTHING),
            Map.entry("renormalize_logits", "false"));

    /** Copies the lists and checks every value; the message begins with the key. */
    GenerationConfig {
        bad_words_ids = List.copyOf(bad_words_ids);
        eos_token_ids = List.copyOf(eos_token_ids);
        stop_strings = List.copyOf(stop_strings);
        logit_bias = Map.copyOf(logit_bias);
        json_schema = List.copyOf(json_schema);
        check(max_length.orElse(1) > 0, "max_length", max_length.orElse(0), "a number above 0");
        check(max_time >= 0 && max_time < Double.POSITIVE_INFINITY, "max_time", max_time, "seconds");
        check(max_new_tokens.orElse(1) > 0, "max_new_tokens", max_new_tokens.orElse(0), "a number above 0");
        check(min_length >= 0, "min_length", min_length, "0 or more");
        check(min_new_tokens.orElse(0) >= 0, "min_new_tokens", min_new_tokens.orElse(0), "0 or more");
        check(
                temperature >= 0 && temperature < Double.POSITIVE_INFINITY,
                "temperature",
                temperature,
                "a number above 0, or 0 for greedy decoding");
        do_sample &= temperature > 0;
        check(top_k >= 0, "top_k", top_k, "0 (off) or more");
        check(top_p >= 0 && top_p <= 1, "top_p", top_p, "a number from 0 to 1");
        check(min_p >= 0 && min_p <= 1, "min_p", min_p, "a number from 0 to 1");
        check(typical_p > 0 && typical_p <= 1, "typical_p", typical_p, "a number above 0, 1 at most");
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
        check(Math.abs(frequency_penalty) <= 2, "frequency_penalty", frequency_penalty, "a number from -2 to 2");
        check(Math.abs(presence_penalty) <= 2, "presence_penalty", presence_penalty, "a number from -2 to 2");
        check(logprobs.orElse(0) >= 0, "logprobs", logprobs.orElse(0), "0 or more");
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

    /** Numbers are compared as numbers: 1 is 1.0. */
    private static boolean isOff(JsonNode value, String off) {
        return (value.isNumber() && off.matches("[0-9.]+"))
                ? value.doubleValue() == Double.parseDouble(off)
                : value.toString().equals(off);
    }

    /** What the model's file asks for and will not get, for a warning. */
    static List<String> withoutEffect(ObjectNode model) {
        List<String> found = new ArrayList<>();
        WITHOUT_EFFECT.forEach((key, off) -> {
            if (model.hasNonNull(key) && !isOff(model.get(key), off)) {
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
        List<Integer> eos = new ArrayList<>();
        if (!keys.flag("ignore_eos")) {
            eos.addAll(keys.integers("eos_token_id"));
            eos.addAll(eos.isEmpty() ? eosOfModel : List.of());
        }
        eos.addAll(keys.integers("stop_token_ids"));
        return new GenerationConfig(
                keys.optionalInteger("max_length"),
                keys.optionalInteger("max_new_tokens"),
                keys.number("max_time", 0),
                keys.integer("min_length", 0),
                keys.optionalInteger("min_new_tokens"),
                keys.flag("do_sample"),
                keys.number("temperature", 1),
                keys.integer("top_k", 50),
                keys.number("top_p", 1),
                keys.number("min_p", 0),
                keys.number("typical_p", 1),
                keys.number("repetition_penalty", 1),
                keys.integer("no_repeat_ngram_size", 0),
                keys.integerLists("bad_words_ids"),
                eos,
                keys.texts("stop_strings"),
                keys.integer("num_return_sequences", 1),
                keys.optionalLong("seed"),
                keys.number("frequency_penalty", 0),
                keys.number("presence_penalty", 0),
                keys.numbersById("logit_bias"),
                keys.flag("include_stop_str_in_output", true),
                keys.optionalInteger("logprobs"),
                keys.flag("json_object"),
                keys.texts("json_schema"),
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
        if (max_new_tokens.isPresent() || max_length.isEmpty()) {
            long most = (long) promptTokens + max_new_tokens.orElse(NEW_TOKENS);
            return (int) Math.min(most, modelPositions);
        }
        int most = max_length.getAsInt();
        if (promptTokens >= most) {
            throw new InvalidInputException("the prompt has " + promptTokens + " tokens and max_length is " + most
                    + ", which counts the prompt: raise it, or set max_new_tokens");
        }
        return Math.min(most, modelPositions);
    }

    /** How long a text may take. */
    Optional<Duration> timeLimit() {
        return max_time == 0 ? Optional.empty() : Optional.of(Duration.ofNanos((long) (max_time * 1e9)));
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

        Optional<Value> find(String key) {
            Value own = new Value("", key, caller.path(key));
            return Optional.of(caller.has(key) ? own : new Value("generation_config.json", key, model.path(key)))
                    .filter(value -> !value.isAbsent());
        }

        int integer(String key, int absent) {
            return find(key).map(Value::integer).orElse(absent);
        }

        OptionalInt optionalInteger(String key) {
            return find(key).map(value -> OptionalInt.of(value.integer())).orElse(OptionalInt.empty());
        }

        OptionalLong optionalLong(String key) {
            return find(key).map(value -> OptionalLong.of(value.integer64())).orElse(OptionalLong.empty());
        }

        double number(String key, double absent) {
            return find(key).map(Value::number).orElse(absent);
        }

        boolean flag(String key) {
            return flag(key, false);
        }

        boolean flag(String key, boolean absent) {
            return find(key).map(Value::truth).orElse(absent);
        }

        /** Only a caller has such a key, whose ids are numbers. */
        Map<Integer, Double> numbersById(String key) {
            Map<Integer, Double> numbers = new HashMap<>();
            for (Map.Entry<String, JsonNode> entry : caller.path(key).properties()) {
                numbers.put(Integer.valueOf(entry.getKey()), entry.getValue().doubleValue());
            }
            return numbers;
        }

        List<Integer> integers(String key) {
            return find(key).stream()
                    .flatMap(value -> value.oneOrMore().stream())
                    .map(Value::integer)
                    .toList();
        }

        List<int[]> integerLists(String key) {
            return find(key).stream()
                    .flatMap(value -> value.list().stream())
                    .map(Keys::ids)
                    .toList();
        }

        private static int[] ids(Value list) {
            int[] ids = list.list().stream().mapToInt(Value::integer).toArray();
            if (ids.length == 0 || Arrays.stream(ids).anyMatch(id -> id < 0)) {
                throw list.wrong("token ids");
            }
            return ids;
        }

        List<String> texts(String key) {
            return find(key).stream()
                    .flatMap(value -> value.oneOrMore().stream())
                    .map(Value::text)
                    .toList();
        }
    }
}
