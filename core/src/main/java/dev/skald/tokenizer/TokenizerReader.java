package dev.skald.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import dev.skald.InvalidInputException;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer.Form;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.StringJoiner;

/** Makes the parts of a tokenizer of the values of a tokenizer.json, and refuses what it does not know by its type. */
final class TokenizerReader {

    private final String source;
    private final TokenizerFile file;

    TokenizerReader(String source, TokenizerFile file) {
        this.source = source;
        this.file = file;
    }

    BytePairModel model() {
        String type = file.model("type").asText("BPE");
        if (!type.equals("BPE")) {
            throw unsupported("model", type, "BPE");
        }
        if (file.model("dropout").asDouble(0) != 0) {
            throw invalid("model.dropout", file.model("dropout"), "null or 0");
        }
        for (String affix : List.of("continuing_subword_prefix", "end_of_word_suffix")) {
            if (!file.model(affix).asText("").isEmpty() && !file.model(affix).isNull()) {
                throw invalid("model." + affix, file.model(affix), "null");
            }
        }
        JsonNode unknown = file.model("unk_token");
        Vocabulary vocabulary = file.readVocabulary(takesBytes());
        return new BytePairModel(
                vocabulary,
                file.readMerges(vocabulary),
                file.model("ignore_merges").asBoolean(false),
                file.model("byte_fallback").asBoolean(false),
                unknown.isTextual() ? unknown.asText() : null,
                file.model("fuse_unk").asBoolean(false));
    }

    /** Whether the last thing before the model, and nothing before it, makes bytes of the text. */
    private boolean takesBytes() {
        List<JsonNode> steps = new ArrayList<>();
        flatten(file.value("pre_tokenizer"), steps);
        for (int i = 0; i < steps.size(); i++) {
            if (type(steps.get(i)).equals("ByteLevel")) {
                return i == steps.size() - 1;
            }
        }
        return false;
    }

    private static void flatten(JsonNode node, List<JsonNode> steps) {
        if (type(node).equals("Sequence")) {
            node.path("pretokenizers").forEach(child -> flatten(child, steps));
        } else if (node.isObject()) {
            steps.add(node);
        }
    }

    /**
     * The added tokens, with the ids that they have: those of tokenizer.json, then those that only {@code added_tokens_decoder} of
     * tokenizer_config.json has, as transformers' fast tokenizers add them. Of a token that both have, tokenizer.json's flags count, there too.
     */
    List<AddedTokens.AddedToken> addedTokens(Vocabulary vocabulary, JsonNode config) {
        List<AddedTokens.AddedToken> tokens = new ArrayList<>();
        Map<String, Integer> seen = new HashMap<>();
        int next = vocabulary.size();
        for (JsonNode node : file.value("added_tokens")) {
            String content = node.path("content").asText("");
            String at = "added_tokens[" + tokens.size() + "]";
            if (content.isEmpty() || !node.path("id").canConvertToInt()) {
                throw invalid(at, node, "an object with id and content");
            }
            int id = node.path("id").asInt();
            Integer before = seen.put(content, id);
            if (before != null && before == id) {
                continue; // said twice, and the same
            }
            if (before != null) {
                throw new InvalidInputException(source + ": " + at + ": " + Quoted.of(content) + " is there twice");
            }
            int known = vocabulary.find(content);
            if (known < 0) {
                known = next++;
            }
            if (known != id) {
                throw new InvalidInputException(source + ": " + at + ": " + Quoted.of(content) + " has id " + id
                        + ", expected " + known + ", the next free one or that of model.vocab");
            }
            tokens.add(token(id, content, node));
        }
        addFromConfig(vocabulary, config.path("added_tokens_decoder"), seen.keySet(), next, tokens);
        return tokens;
    }

    private static void addFromConfig(
            Vocabulary vocabulary, JsonNode decoder, Set<String> known, int free, List<AddedTokens.AddedToken> tokens) {
        int next = free;
        List<Map.Entry<String, JsonNode>> entries = new ArrayList<>(decoder.properties());
        for (Map.Entry<String, JsonNode> entry : entries) {
            if (!entry.getKey().matches("\\d{1,9}")
                    || entry.getValue().path("content").asText("").isEmpty()) {
                throw new InvalidInputException("tokenizer_config.json: added_tokens_decoder: " + entry.getKey()
                        + " is " + entry.getValue() + ", expected an id, and an object with content");
            }
        }
        entries.sort(Comparator.comparingInt(entry -> Integer.parseInt(entry.getKey())));
        for (Map.Entry<String, JsonNode> entry : entries) {
            String content = entry.getValue().get("content").asText();
            if (known.contains(content)) {
                continue;
            }
            int id = vocabulary.find(content) < 0 ? next++ : vocabulary.find(content);
            if (id != Integer.parseInt(entry.getKey())) {
                throw new InvalidInputException("tokenizer_config.json: added_tokens_decoder: " + Quoted.of(content)
                        + " has id " + entry.getKey() + ", expected " + id
                        + ", the next free one or that of model.vocab: tokenizer.json lacks it");
            }
            tokens.add(token(id, content, entry.getValue()));
        }
    }

    private static AddedTokens.AddedToken token(int id, String content, JsonNode node) {
        boolean special = node.path("special").asBoolean(false);
        return new AddedTokens.AddedToken(
                id,
                content,
                node.path("single_word").asBoolean(false),
                node.path("lstrip").asBoolean(false),
                node.path("rstrip").asBoolean(false),
                node.path("normalized").asBoolean(!special),
                special);
    }

    static AddedTokens matcher(List<AddedTokens.AddedToken> tokens, Optional<Normalizer> normalizer) {
        List<byte[]> spellings = tokens.stream()
                .map(token -> normalizer
                        .map(each -> each.apply(token.content()))
                        .orElse(token.content())
                        .getBytes(StandardCharsets.UTF_8))
                .toList();
        return new AddedTokens(tokens, spellings);
    }

    Optional<Normalizer> normalizer() {
        JsonNode node = file.value("normalizer");
        return node.isObject() ? Optional.of(normalizer("normalizer", node)) : Optional.empty();
    }

    private Normalizer normalizer(String at, JsonNode node) {
        return switch (type(node)) {
            case "NFC" -> new Normalizer.UnicodeForm(Form.NFC);
            case "NFD" -> new Normalizer.UnicodeForm(Form.NFD);
            case "NFKC" -> new Normalizer.UnicodeForm(Form.NFKC);
            case "NFKD" -> new Normalizer.UnicodeForm(Form.NFKD);
            case "Lowercase" -> new Normalizer.Lowercase();
            case "Prepend" -> new Normalizer.Prepend(text(at, node, "prepend"));
            case "Replace" -> new Normalizer.Replace(pattern(at, node), text(at, node, "content"));
            case "Sequence" -> new Normalizer.Sequence(each(at, node, "normalizers", this::normalizer));
            default -> throw unsupported(at, type(node), "NFC, NFD, NFKC, NFKD, Lowercase, Prepend, Replace, Sequence");
        };
    }

    Optional<PreTokenizer> preTokenizer() {
        JsonNode node = file.value("pre_tokenizer");
        return node.isObject() ? Optional.of(preTokenizer("pre_tokenizer", node)) : Optional.empty();
    }

    /** The scanner that does the same as the pre-tokenizer, if there is one. */
    Optional<Scanner> scanner() {
        List<JsonNode> steps = new ArrayList<>();
        flatten(file.value("pre_tokenizer"), steps);
        if (!takesBytes() || steps.getLast().path("add_prefix_space").asBoolean(true)) {
            return Optional.empty();
        }
        boolean useRegex = steps.getLast().path("use_regex").asBoolean(true);
        if (steps.size() == 1 && useRegex) {
            return Scanner.of(Scanner.GPT_2);
        }
        if (steps.size() != 2 || useRegex || !type(steps.getFirst()).equals("Split")) {
            return Optional.empty();
        }
        JsonNode split = steps.getFirst();
        boolean matchesOnly = split.path("behavior").asText().equals("Removed")
                && split.path("invert").asBoolean();
        boolean all = split.path("behavior").asText().equals("Isolated");
        return matchesOnly || all
                ? Scanner.of(split.path("pattern").path("Regex").asText())
                : Optional.empty();
    }

    private PreTokenizer preTokenizer(String at, JsonNode node) {
        return switch (type(node)) {
            case "Split" ->
                new PreTokenizer.Split(
                        pattern(at, node),
                        behavior(at, node),
                        node.path("invert").asBoolean(false));
            case "Digits" ->
                new PreTokenizer.Digits(node.path("individual_digits").asBoolean(false));
            case "ByteLevel" ->
                new PreTokenizer.ByteLevel(
                        node.path("add_prefix_space").asBoolean(true),
                        node.path("use_regex").asBoolean(true),
                        !takesBytes());
            case "Metaspace" ->
                new PreTokenizer.Metaspace(
                        Character.toString(replacement(at, node)),
                        prependScheme(at, node),
                        node.path("split").asBoolean(true));
            case "Sequence" -> new PreTokenizer.Sequence(each(at, node, "pretokenizers", this::preTokenizer));
            default -> throw unsupported(at, type(node), "Split, Digits, ByteLevel, Metaspace, Sequence");
        };
    }

    private PreTokenizer.Behavior behavior(String at, JsonNode node) {
        return switch (node.path("behavior").asText()) {
            case "Removed" -> PreTokenizer.Behavior.REMOVED;
            case "Isolated" -> PreTokenizer.Behavior.ISOLATED;
            case "MergedWithPrevious" -> PreTokenizer.Behavior.MERGED_WITH_PREVIOUS;
            case "MergedWithNext" -> PreTokenizer.Behavior.MERGED_WITH_NEXT;
            case "Contiguous" -> PreTokenizer.Behavior.CONTIGUOUS;
            default ->
                throw invalid(
                        at + ".behavior",
                        node.path("behavior"),
                        "Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous");
        };
    }

    /** The ids before and after those of the text when special tokens are asked for. */
    record Template(List<Integer> before, List<Integer> after) {
        static final Template EMPTY = new Template(List.of(), List.of());
    }

    Template template() {
        JsonNode node = file.value("post_processor");
        return node.isObject() ? template("post_processor", node) : Template.EMPTY;
    }

    private Template template(String at, JsonNode node) {
        return switch (type(node)) {
            case "ByteLevel" -> Template.EMPTY;
            case "TemplateProcessing" -> templateProcessing(at, node);
            case "Sequence" -> {
                List<Template> templates = each(at, node, "processors", this::template);
                List<Integer> before = new ArrayList<>();
                List<Integer> after = new ArrayList<>();
                templates.reversed().forEach(template -> before.addAll(template.before()));
                templates.forEach(template -> after.addAll(template.after()));
                yield new Template(before, after);
            }
            default -> throw unsupported(at, type(node), "ByteLevel, TemplateProcessing, Sequence");
        };
    }

    private Template templateProcessing(String at, JsonNode node) {
        Map<String, List<Integer>> ids = new HashMap<>();
        for (JsonNode special : node.path("special_tokens")) {
            List<Integer> values = new ArrayList<>();
            special.path("ids").forEach(id -> values.add(id.asInt()));
            ids.put(special.path("id").asText(), values);
        }
        List<Integer> before = new ArrayList<>();
        List<Integer> after = new ArrayList<>();
        int sequences = 0;
        for (JsonNode piece : node.path("single")) {
            if (piece.has("Sequence")) {
                sequences++;
                continue;
            }
            String special = piece.path("SpecialToken").path("id").asText("");
            if (!ids.containsKey(special)) {
                throw new InvalidInputException(
                        source + ": " + at + ".single: " + Quoted.of(special) + " is not in special_tokens");
            }
            (sequences == 0 ? before : after).addAll(ids.get(special));
        }
        if (sequences != 1) {
            throw invalid(at + ".single", node.path("single"), "Sequence exactly once");
        }
        return new Template(before, after);
    }

    /** The character that stands for a blank. */
    private int replacement(String at, JsonNode node) {
        String text = node.path("replacement").asText("\u2581");
        if (text.codePointCount(0, text.length()) != 1) {
            throw invalid(at + ".replacement", node.path("replacement"), "one character");
        }
        return text.codePointAt(0);
    }

    /** Files of before the key say {@code add_prefix_space}. */
    private String prependScheme(String at, JsonNode node) {
        String scheme =
                node.path("prepend_scheme").asText(node.path("add_prefix_space").asBoolean(true) ? "always" : "never");
        if (!List.of("always", "first", "never").contains(scheme)) {
            throw invalid(at + ".prepend_scheme", node.path("prepend_scheme"), "always, first or never");
        }
        return scheme;
    }

    Decoder decoder() {
        JsonNode node = file.value("decoder");
        return node.isObject() ? decoder("decoder", node, new boolean[1]) : new Decoder.Joined();
    }

    /**
     * @param fused set when a Fuse was read: what follows has one token to work on
     */
    private Decoder decoder(String at, JsonNode node, boolean[] fused) {
        return switch (type(node)) {
            case "ByteLevel" -> new Decoder.ByteLevel();
            case "ByteFallback" -> new Decoder.ByteFallback();
            case "Metaspace" ->
                new Decoder.Metaspace(
                        Character.toString(replacement(at, node)),
                        !prependScheme(at, node).equals("never"));
            case "Fuse" -> {
                fused[0] = true;
                yield new Decoder.Fuse();
            }
            case "Replace" -> {
                Pattern pattern = pattern(at, node);
                if (fused[0] && !(pattern instanceof Pattern.Literal(String one) && one.length() == 1)) {
                    throw invalid(at + ".pattern", node.path("pattern"), "one character, as it comes after Fuse");
                }
                yield new Decoder.Replace(pattern, text(at, node, "content"));
            }
            case "Strip" ->
                new Decoder.Strip(
                        character(at, node),
                        node.path("start").asInt(),
                        node.path("stop").asInt(),
                        fused[0]);
            case "Sequence" ->
                new Decoder.Sequence(each(at, node, "decoders", (where, child) -> decoder(where, child, fused)));
            default ->
                throw unsupported(at, type(node), "ByteLevel, ByteFallback, Metaspace, Fuse, Replace, Strip, Sequence");
        };
    }

    private int character(String at, JsonNode node) {
        String content = text(at, node, "content");
        if (content.codePointCount(0, content.length()) != 1) {
            throw invalid(at + ".content", node.path("content"), "one character");
        }
        return content.codePointAt(0);
    }

    private Pattern pattern(String at, JsonNode node) {
        JsonNode pattern = node.path("pattern");
        if (pattern.path("Regex").isTextual()) {
            return new Pattern.Regex(pattern.path("Regex").asText());
        }
        if (!pattern.path("String").isTextual()
                || pattern.path("String").asText().isEmpty()) {
            throw invalid(at + ".pattern", pattern, "an object with String or Regex");
        }
        return new Pattern.Literal(pattern.path("String").asText());
    }

    private String text(String at, JsonNode node, String key) {
        if (!node.path(key).isTextual()) {
            throw invalid(at + "." + key, node.path(key), "a string");
        }
        return node.path(key).asText();
    }

    private interface Reading<T> {
        T read(String at, JsonNode node);
    }

    private <T> List<T> each(String at, JsonNode node, String key, Reading<T> reading) {
        if (!node.path(key).isArray()) {
            throw invalid(at + "." + key, node.path(key), "an array");
        }
        List<T> read = new ArrayList<>();
        for (JsonNode child : node.path(key)) {
            read.add(reading.read(at + "." + key + "[" + read.size() + "]", child));
        }
        return read;
    }

    private static String type(JsonNode node) {
        return node.path("type").asText("");
    }

    private InvalidInputException unsupported(String at, String type, String known) {
        return new InvalidInputException(
                source + ": " + at + ": type " + Quoted.of(type) + " is not supported, expected one of " + known);
    }

    private InvalidInputException invalid(String at, JsonNode found, String expected) {
        StringJoiner line = new StringJoiner(" ");
        String value = found.isMissingNode() ? "nothing" : found.toString();
        line.add(source + ": " + at + ": expected " + expected + ", found");
        line.add(value.length() > 120 ? value.substring(0, 120) + "..." : value);
        return new InvalidInputException(line.toString());
    }
}
