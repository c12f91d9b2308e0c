package dev.skald.gguf;

import com.fasterxml.jackson.databind.JsonNode;
import dev.skald.InvalidInputException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The keys that say what a tokenizer.json says: the reverse of {@link GgufTokenizer}, for both of its kinds. What GGUF cannot say is refused: a file that
 * gives other ids in llama.cpp would be worse than none.
 */
public final class GgufTokenizerKeys {

    /** GPT-2's pattern, which ByteLevel has by itself. */
    private static final String GPT_2 =
            "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

    private static final String PREFIX = "tokenizer.ggml.";
    private static final String TYPE = "type";

    private final String source;
    private final JsonNode json;
    private final int vocabSize;
    private final GgufKeysBuilder keys;
    private final List<String> tokens = new ArrayList<>();
    private final List<Integer> types = new ArrayList<>();

    private GgufTokenizerKeys(String source, JsonNode json, int vocabSize, GgufKeysBuilder keys) {
        this.source = source;
        this.json = json;
        this.vocabSize = vocabSize;
        this.keys = keys;
    }

    /**
     * Puts the keys of a tokenizer: kind, split pattern, tokens with their types, merges or scores, and whether a text gets a begin and an end token.
     *
     * @param source the tokenizer.json, for errors
     * @param json what it holds
     * @param config tokenizer_config.json; a missing node if there is none
     * @param vocabSize rows of the embedding: ids that no token has become unused ones
     * @throws InvalidInputException when GGUF cannot say it
     */
    public static void put(String source, JsonNode json, JsonNode config, int vocabSize, GgufKeysBuilder keys) {
        new GgufTokenizerKeys(source, json, vocabSize, keys).put(config);
    }

    private void put(JsonNode config) {
        readTokens(config);
        if (json.at("/model/byte_fallback").asBoolean(false)) {
            sentencePiece();
        } else {
            byteLevel();
        }
        marks(config);
    }

    private void readTokens(JsonNode config) {
        String[] byId = new String[vocabSize];
        int[] type = new int[vocabSize];
        json.at("/model/vocab").properties().forEach(entry -> {
            int id = entry.getValue().asInt(-1);
            check(id, entry.getKey());
            byId[id] = entry.getKey();
            type[id] = GgufTokenizer.NORMAL;
        });
        for (JsonNode token : json.path("added_tokens")) {
            add(token.path("id").asInt(-1), token, byId, type);
        }
        config.path("added_tokens_decoder").properties().forEach(entry -> {
            int id = Integer.parseInt(entry.getKey());
            check(id, entry.getValue().path("content").asText());
            if (byId[id] == null) {
                add(id, entry.getValue(), byId, type);
            }
        });
        Set<String> seen = new HashSet<>();
        for (int id = 0; id < vocabSize; id++) {
            boolean used = byId[id] != null;
            String token = used ? byId[id] : "[PAD" + id + "]";
            if (!seen.add(token)) {
                throw error("the token " + token + " has two ids, which GGUF cannot say");
            }
            tokens.add(token);
            types.add(used ? type[id] : GgufTokenizer.UNUSED);
        }
    }

    private void add(int id, JsonNode token, String[] byId, int[] type) {
        String content = token.path("content").asText();
        check(id, content);
        for (String flag : List.of("single_word", "lstrip", "rstrip")) {
            if (token.path(flag).asBoolean(false)) {
                throw error("the added token " + content + " has " + flag + ", which GGUF cannot say");
            }
        }
        byId[id] = content;
        type[id] = token.path("special").asBoolean(false) ? GgufTokenizer.CONTROL : GgufTokenizer.USER_DEFINED;
    }

    private void check(int id, String token) {
        if (id < 0 || id >= vocabSize) {
            throw error("the token " + token + " has id " + id + ", the model has " + vocabSize + " rows for tokens");
        }
    }

    private void byteLevel() {
        JsonNode normalizer = json.path("normalizer");
        boolean empty = normalizer.path(TYPE).asText().equals("Sequence")
                && normalizer.path("normalizers").isEmpty();
        if (normalizer.isObject() && !empty) {
            throw error("the normalizer " + normalizer.path(TYPE).asText() + " is one that GGUF cannot say");
        }
        String pre = pre();
        keys.text(PREFIX + "model", "gpt2");
        keys.text(PREFIX + "pre", pre);
        putTokens();
        List<String> merges = new ArrayList<>();
        for (JsonNode merge : json.at("/model/merges")) {
            merges.add(
                    merge.isArray() ? merge.get(0).asText() + " " + merge.get(1).asText() : merge.asText());
        }
        keys.texts(PREFIX + "merges", merges);
    }

    /** The name by which llama.cpp knows the pattern, and whether a piece that is a token is taken whole. */
    private String pre() {
        List<JsonNode> steps = new ArrayList<>();
        flatten(json.path("pre_tokenizer"), steps);
        JsonNode last = steps.isEmpty() ? json.path("pre_tokenizer") : steps.getLast();
        boolean whole = json.at("/model/ignore_merges").asBoolean(false);
        if (last.path(TYPE).asText().equals("ByteLevel")
                && !last.path("add_prefix_space").asBoolean(true)
                && steps.size() <= 2) {
            boolean own = last.path("use_regex").asBoolean(true);
            String pattern = steps.size() == 2 && !own ? pattern(steps.getFirst()) : own ? GPT_2 : "";
            boolean alone = steps.size() == (own ? 1 : 2);
            if (alone && pattern.equals(GgufTokenizer.LLAMA_3)) {
                return whole ? "llama-bpe" : "smaug-bpe";
            }
            if (alone && pattern.equals(GPT_2) && !whole) {
                return "gpt-2";
            }
        }
        throw error("the pre_tokenizer is none that GGUF has a name for: expected Llama 3's pattern, or GPT-2's without"
                + " ignore_merges, then ByteLevel without a space before the text");
    }

    private static void flatten(JsonNode node, List<JsonNode> steps) {
        if (node.path(TYPE).asText().equals("Sequence")) {
            node.path("pretokenizers").forEach(each -> flatten(each, steps));
        } else if (node.isObject()) {
            steps.add(node);
        }
    }

    /** The regular expression of a Split that keeps all of the text; empty for another step. */
    private static String pattern(JsonNode split) {
        String behavior = split.path("behavior").asText();
        boolean inverted = split.path("invert").asBoolean(false);
        boolean keeps = behavior.equals("Isolated") || (behavior.equals("Removed") && inverted);
        return split.path(TYPE).asText().equals("Split") && keeps
                ? split.at("/pattern/Regex").asText("")
                : "";
    }

    /** Scores in the order of the merges, of which transformers makes the same merges again; whether it does is checked. */
    private void sentencePiece() {
        Map<String, Integer> rank = new HashMap<>();
        List<String> merges = new ArrayList<>();
        for (JsonNode merge : json.at("/model/merges")) {
            String text =
                    merge.isArray() ? merge.get(0).asText() + " " + merge.get(1).asText() : merge.asText();
            merges.add(text);
            int blank = text.indexOf(' ', 1);
            rank.putIfAbsent(text.substring(0, blank) + text.substring(blank + 1), rank.size());
        }
        double[] scores = new double[vocabSize];
        for (int id = 0; id < vocabSize; id++) {
            if (types.get(id) == GgufTokenizer.NORMAL) {
                if (tokens.get(id).matches("<0x[0-9A-F]{2}>")) {
                    types.set(id, GgufTokenizer.BYTE);
                } else {
                    Integer place = rank.get(tokens.get(id));
                    scores[id] = place == null ? -(rank.size() + (double) id) : -place;
                }
            }
        }
        String unknown = json.at("/model/unk_token").asText("");
        int id = tokens.indexOf(unknown);
        if (id >= 0) {
            types.set(id, GgufTokenizer.UNKNOWN);
        }
        boolean prefix = json.path("normalizer").toString().contains("\"Prepend\"");
        keys.text(PREFIX + "model", "llama");
        keys.text(PREFIX + "pre", "default");
        keys.flag(PREFIX + "add_space_prefix", prefix);
        putTokens();
        keys.reals(GgufTokenizer.SCORES, scores);
        if (id >= 0) {
            keys.number(PREFIX + "unknown_token_id", id);
        }
        checkSentencePiece(merges);
    }

    private void checkSentencePiece(List<String> merges) {
        JsonNode again = GgufTokenizer.of(keys.build(Path.of(source))).json();
        List<String> read = new ArrayList<>();
        again.at("/model/merges").forEach(merge -> read.add(merge.asText()));
        if (!read.equals(merges)) {
            throw error("its merges are not those that scores of the tokens give, which is all that GGUF can say");
        }
        for (String part : List.of("normalizer", "decoder")) {
            if (!again.path(part).equals(json.path(part))) {
                throw error("its " + part + " is not the one of SentencePiece, which is all that GGUF can say");
            }
        }
        if (json.path("pre_tokenizer").isObject()) {
            throw error("it has a pre_tokenizer, which GGUF cannot say of this kind");
        }
    }

    private void putTokens() {
        keys.texts(GgufTokenizer.TOKENS, tokens);
        keys.wholes(
                GgufTokenizer.TYPES,
                types.stream().mapToLong(Integer::longValue).toArray());
    }

    /** Begin and end token around a text, of the post-processor and of tokenizer_config.json. */
    private void marks(JsonNode config) {
        List<String> before = new ArrayList<>();
        List<String> after = new ArrayList<>();
        template(json.path("post_processor"), before, after);
        String bos = named(config, "bos_token");
        String eos = named(config, "eos_token");
        boolean addsBos = !before.isEmpty() || config.path("add_bos_token").asBoolean(false);
        boolean addsEos = !after.isEmpty() || config.path("add_eos_token").asBoolean(false);
        if ((!before.isEmpty() && !before.equals(List.of(bos))) || (!after.isEmpty() && !after.equals(List.of(eos)))) {
            throw error("its post_processor puts " + before + " before and " + after
                    + " after a text; GGUF can say only the begin and the end token");
        }
        keys.flag(PREFIX + "add_bos_token", addsBos);
        keys.flag(PREFIX + "add_eos_token", addsEos);
    }

    private static void template(JsonNode node, List<String> before, List<String> after) {
        node.path("processors").forEach(each -> template(each, before, after));
        boolean text = false;
        for (JsonNode piece : node.path("single")) {
            text |= piece.has("Sequence");
            if (piece.has("SpecialToken")) {
                (text ? after : before).add(piece.at("/SpecialToken/id").asText());
            }
        }
    }

    private static String named(JsonNode config, String key) {
        JsonNode value = config.path(key);
        return value.isTextual() ? value.asText() : value.path("content").asText("");
    }

    private InvalidInputException error(String what) {
        return new InvalidInputException(source + ": " + what);
    }
}
