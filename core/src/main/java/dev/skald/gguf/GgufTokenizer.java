package dev.skald.gguf;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.base.StrictJson;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The tokenizer that the keys of a GGUF file describe, as the tokenizer.json and tokenizer_config.json that say the same. Of kind {@code gpt2} (byte-level
 * BPE), and of kind {@code llama}, whose merges are those that the tokens' scores give, best first, as transformers derives them from a SentencePiece
 * model.
 *
 * @param json tokenizer.json
 * @param config tokenizer_config.json: begin and end token, chat template
 */
public record GgufTokenizer(ObjectNode json, ObjectNode config) {

    private static final JsonMapper JSON = StrictJson.mapper();

    static final String TOKENS = "tokenizer.ggml.tokens";
    static final String TYPES = "tokenizer.ggml.token_type";
    static final String SCORES = "tokenizer.ggml.scores";

    static final int NORMAL = 1;
    static final int UNKNOWN = 2;
    static final int CONTROL = 3;
    static final int USER_DEFINED = 4;
    static final int UNUSED = 5;
    static final int BYTE = 6;

    /** Llama 3's, as its tokenizer.json has it. */
    static final String LLAMA_3 =
            "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

    /**
     * Of a file's keys.
     *
     * @throws dev.skald.InvalidInputException when a key is missing or not valid, or the kind is none of these
     */
    public static GgufTokenizer of(GgufKeys keys) {
        return new Reading(keys).read();
    }

    /** Merges of one token, in the order of its parts' ids. */
    private record Merge(String left, String right, double score) {}

    private static final class Reading {

        private final GgufKeys keys;
        private final List<String> tokens;
        private final double[] types;
        private final ObjectNode json = JSON.createObjectNode();

        Reading(GgufKeys keys) {
            this.keys = keys;
            List<String> all = keys.texts(TOKENS).orElseThrow(() -> keys.error(TOKENS, "is missing"));
            types = keys.numbers(TYPES).orElseGet(() -> ones(all.size()));
            if (types.length != all.size()) {
                throw keys.error(TYPES, "has " + types.length + " elements for " + all.size() + " tokens");
            }
            tokens = all.subList(0, used(types));
        }

        /** Without those at the end that only fill up the vocabulary. */
        private static int used(double[] types) {
            int used = types.length;
            while (used > 0 && types[used - 1] == UNUSED) {
                used--;
            }
            return used;
        }

        private static double[] ones(int n) {
            double[] ones = new double[n];
            Arrays.fill(ones, 1);
            return ones;
        }

        GgufTokenizer read() {
            String kind = keys.requiredText("tokenizer.ggml.model");
            json.put("version", "1.0").putNull("truncation").putNull("padding");
            addedTokens();
            switch (kind) {
                case "gpt2" -> byteLevel();
                case "llama" -> sentencePiece();
                default -> throw keys.error("tokenizer.ggml.model", "is '" + kind + "', expected gpt2 or llama");
            }
            ObjectNode config = JSON.createObjectNode();
            token("bos").ifPresent(id -> config.put("bos_token", tokens.get(id)));
            token("eos").ifPresent(id -> config.put("eos_token", tokens.get(id)));
            keys.text("tokenizer.chat_template").ifPresent(text -> config.put("chat_template", text));
            return new GgufTokenizer(json, config);
        }

        private void addedTokens() {
            ArrayNode added = json.putArray("added_tokens");
            for (int id = 0; id < tokens.size(); id++) {
                if (isAdded(id) && !tokens.get(id).isEmpty()) {
                    added.addObject()
                            .put("id", id)
                            .put("content", tokens.get(id))
                            .put("single_word", false)
                            .put("lstrip", false)
                            .put("rstrip", false)
                            .put("normalized", false)
                            .put("special", types[id] != USER_DEFINED);
                }
            }
        }

        private boolean isAdded(int id) {
            return types[id] == CONTROL || types[id] == USER_DEFINED || types[id] == UNKNOWN;
        }

        private void byteLevel() {
            String pre = keys.requiredText("tokenizer.ggml.pre");
            boolean llama3 = List.of("llama-bpe", "llama3", "llama-v3").contains(pre);
            json.putNull("normalizer");
            switch (pre) {
                case "llama-bpe", "llama3", "llama-v3", "smaug-bpe" -> {
                    ObjectNode sequence = json.putObject("pre_tokenizer").put("type", "Sequence");
                    ArrayNode steps = sequence.putArray("pretokenizers");
                    ObjectNode split = steps.addObject().put("type", "Split");
                    split.putObject("pattern").put("Regex", LLAMA_3);
                    split.put("behavior", "Isolated").put("invert", false);
                    byteLevel(steps.addObject(), false);
                }
                case "gpt-2", "gpt2" -> byteLevel(json.putObject("pre_tokenizer"), true);
                default ->
                    throw keys.error("tokenizer.ggml.pre", "is '" + pre + "', expected llama-bpe, smaug-bpe or gpt-2");
            }
            template(llama3);
            byteLevel(json.putObject("decoder"), true);
            ArrayNode merges = model(llama3, firstAdded()).putArray("merges");
            keys.texts("tokenizer.ggml.merges")
                    .orElseThrow(() -> keys.error("tokenizer.ggml.merges", "is missing"))
                    .forEach(merges::add);
        }

        private static void byteLevel(ObjectNode step, boolean useRegex) {
            step.put("type", "ByteLevel").put("add_prefix_space", false).put("trim_offsets", true);
            step.put("use_regex", useRegex);
        }

        /** Added tokens at the end are no part of the model, as Hugging Face has it. */
        private int firstAdded() {
            int first = tokens.size();
            while (first > 0 && isAdded(first - 1)) {
                first--;
            }
            return first;
        }

        private ObjectNode model(boolean ignoreMerges, int size) {
            ObjectNode model = json.putObject("model").put("type", "BPE");
            model.put("ignore_merges", ignoreMerges);
            ObjectNode vocab = model.putObject("vocab");
            for (int id = 0; id < size; id++) {
                if (vocab.has(tokens.get(id))) {
                    throw keys.error(TOKENS, "has '" + tokens.get(id) + "' twice");
                }
                vocab.put(tokens.get(id), id);
            }
            return model;
        }

        private void sentencePiece() {
            ObjectNode normalizer = json.putObject("normalizer").put("type", "Sequence");
            ArrayNode steps = normalizer.putArray("normalizers");
            boolean prefix = keys.flag("tokenizer.ggml.add_space_prefix").orElse(true);
            if (prefix) {
                steps.addObject().put("type", "Prepend").put("prepend", "▁");
            }
            replace(steps.addObject(), " ", "▁");
            json.putNull("pre_tokenizer");
            template(true);
            ArrayNode decoders =
                    json.putObject("decoder").put("type", "Sequence").putArray("decoders");
            replace(decoders.addObject(), "▁", " ");
            decoders.addObject().put("type", "ByteFallback");
            decoders.addObject().put("type", "Fuse");
            if (prefix) {
                decoders.addObject()
                        .put("type", "Strip")
                        .put("content", " ")
                        .put("start", 1)
                        .put("stop", 0);
            }
            ObjectNode model = model(false, tokens.size());
            token("unknown").ifPresent(id -> model.put("unk_token", tokens.get(id)));
            model.put("fuse_unk", true).put("byte_fallback", true);
            ArrayNode merges = model.putArray("merges");
            merges().forEach(merge -> merges.add(merge.left() + " " + merge.right()));
        }

        private static void replace(ObjectNode step, String from, String to) {
            step.put("type", "Replace").put("content", to);
            step.putObject("pattern").put("String", from);
        }

        private List<Merge> merges() {
            double[] scores = keys.numbers(SCORES).orElseThrow(() -> keys.error(SCORES, "is missing"));
            if (scores.length != types.length) {
                throw keys.error(SCORES, "has " + scores.length + " elements for " + types.length + " tokens");
            }
            Map<String, Integer> ids = new HashMap<>();
            for (int id = 0; id < tokens.size(); id++) {
                if (types[id] == NORMAL || types[id] == USER_DEFINED) {
                    ids.put(tokens.get(id), id);
                }
            }
            List<Merge> merges = new ArrayList<>();
            for (int id = 0; id < tokens.size(); id++) {
                String token = tokens.get(id);
                if (types[id] == NORMAL) {
                    List<Merge> own = new ArrayList<>();
                    for (int cut = 1; cut < token.length(); cut++) {
                        String left = token.substring(0, cut);
                        String right = token.substring(cut);
                        if (ids.containsKey(left) && ids.containsKey(right)) {
                            own.add(new Merge(left, right, scores[id]));
                        }
                    }
                    own.sort(Comparator.comparing((Merge merge) -> ids.get(merge.left()))
                            .thenComparing(merge -> ids.get(merge.right())));
                    merges.addAll(own);
                }
            }
            merges.sort(Collections.reverseOrder(Comparator.comparingDouble(Merge::score)));
            return merges;
        }

        /** The begin and end token around a text. */
        private void template(boolean beginsByDefault) {
            Optional<Integer> before =
                    keys.flag("tokenizer.ggml.add_bos_token").orElse(beginsByDefault) ? token("bos") : Optional.empty();
            Optional<Integer> after =
                    keys.flag("tokenizer.ggml.add_eos_token").orElse(false) ? token("eos") : Optional.empty();
            ObjectNode processor = json.putObject("post_processor").put("type", "TemplateProcessing");
            ArrayNode single = processor.putArray("single");
            ArrayNode pair = processor.putArray("pair");
            ObjectNode specials = processor.putObject("special_tokens");
            before.ifPresent(id -> special(single, specials, id));
            single.addObject().putObject("Sequence").put("id", "A").put("type_id", 0);
            after.ifPresent(id -> special(single, specials, id));
            pair.addAll(single);
            pair.addObject().putObject("Sequence").put("id", "B").put("type_id", 1);
        }

        private void special(ArrayNode single, ObjectNode specials, int id) {
            String token = tokens.get(id);
            single.addObject().putObject("SpecialToken").put("id", token).put("type_id", 0);
            ObjectNode special = specials.putObject(token).put("id", token);
            special.putArray("ids").add(id);
            special.putArray("tokens").add(token);
        }

        private Optional<Integer> token(String name) {
            String key = "tokenizer.ggml." + name + "_token_id";
            Optional<Integer> id = keys.integer(key);
            id.filter(value -> value < 0 || value >= tokens.size()).ifPresent(value -> {
                throw keys.error(key, "is " + value + ", there are " + tokens.size() + " tokens");
            });
            return id;
        }
    }
}
