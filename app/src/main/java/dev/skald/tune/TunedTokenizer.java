package dev.skald.tune;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.InvalidInputException;
import dev.skald.base.StrictJson;
import dev.skald.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * A tokenizer with what a configuration changes of it: named tokens, tokens that are added or get another spelling, the chat template. The same is
 * written beside the model that is tuned with it.
 *
 * @param tokenizer with the changes
 * @param files that are other than the base tokenizer's, by name; empty when nothing changes
 */
public record TunedTokenizer(Tokenizer tokenizer, Map<String, byte[]> files) {

    private static final ObjectMapper JSON = StrictJson.mapper();

    private static final String TOKENIZER = "tokenizer.json";
    private static final String CONFIG = "tokenizer_config.json";
    private static final String TEMPLATE = "chat_template.jinja";

    /** Keeps a copy of the map. */
    public TunedTokenizer {
        files = Collections.unmodifiableMap(new LinkedHashMap<>(files));
    }

    /**
     * What a configuration changes.
     *
     * @param named {@code eos_token} and so on, with their tokens
     * @param added tokens that are added at the end of the vocabulary where it lacks them, and whether they are special tokens
     * @param renamed by id, the spelling that a token of {@code tokenizer.json} is given
     */
    public record Changes(Map<String, String> named, Map<String, Boolean> added, Map<Integer, String> renamed) {

        /** Keeps copies in their order. */
        public Changes {
            named = Collections.unmodifiableMap(new LinkedHashMap<>(named));
            added = Collections.unmodifiableMap(new LinkedHashMap<>(added));
            renamed = Collections.unmodifiableMap(new TreeMap<>(renamed));
        }
    }

    /**
     * The tokenizer of a path with changes.
     *
     * @param path a directory, or a tokenizer.json
     * @param tuning has the chat template
     * @throws InvalidInputException when a token that is named is not there, or an id that is renamed is none of an added token
     */
    public static TunedTokenizer of(Path path, Changes changes, TuningConfig tuning) throws IOException {
        Tokenizer base = Tokenizer.load(path);
        Path file = Files.isDirectory(path) ? path.resolve(TOKENIZER) : path;
        Path configFile = file.resolveSibling(CONFIG);
        Path templateFile = file.resolveSibling(TEMPLATE);
        Map<String, byte[]> files = new LinkedHashMap<>();

        byte[] json = Files.readAllBytes(file);
        ObjectNode tokens = (ObjectNode) JSON.readTree(json);
        boolean renamed = rename(tokens, changes);
        boolean other = add(tokens, base, changes) || renamed;
        if (other) {
            json = JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(tokens);
            files.put(TOKENIZER, json);
        }

        ObjectNode config =
                Files.exists(configFile) ? (ObjectNode) JSON.readTree(configFile.toFile()) : JSON.createObjectNode();
        JsonNode before = config.deepCopy();
        if (Files.exists(templateFile)) {
            config.put("chat_template", Files.readString(templateFile));
        }
        if (other) {
            config.remove("added_tokens_decoder"); // tokenizer.json has them
        }
        changes.named().forEach(config::put);
        Tokenizer named = Tokenizer.of(file.toString(), json, config);
        changes.named().forEach((name, token) -> {
            if (!name.equals("pad_token") && named.id(token).isEmpty()) {
                throw new InvalidInputException("special_tokens." + name + ": found '" + token
                        + "', expected a token of the tokenizer; tokens: adds one");
            }
        });
        if (changes.named().containsKey("pad_token")
                && named.id(changes.named().get("pad_token")).isEmpty()) {
            config.remove("pad_token"); // nothing is padded here; a token for it alone is not added
        }
        if (tuning.chatTemplate() != null || tuning.chatTemplateJinja() != null) {
            String template = Formats.template(named, tuning.chatTemplate(), tuning.chatTemplateJinja())
                    .source();
            config.put("chat_template", template);
            files.put(TEMPLATE, template.getBytes(StandardCharsets.UTF_8));
        }
        if (!config.equals(before)) {
            files.put(CONFIG, JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(config));
        }
        return files.isEmpty()
                ? new TunedTokenizer(base, files)
                : new TunedTokenizer(Tokenizer.of(file.toString(), json, config), files);
    }

    private static boolean rename(ObjectNode tokens, Changes changes) {
        changes.renamed().forEach((id, content) -> {
            ObjectNode found = null;
            for (JsonNode each : tokens.path("added_tokens")) {
                found = each.path("id").asInt(-1) == id ? (ObjectNode) each : found;
            }
            if (found == null) {
                throw new InvalidInputException("added_tokens_overrides: found " + id
                        + ", expected the id of an added token of tokenizer.json, such as a reserved one");
            }
            found.put("content", content);
        });
        return !changes.renamed().isEmpty();
    }

    private static boolean add(ObjectNode tokens, Tokenizer base, Changes changes) {
        int next = base.vocabSize();
        for (Map.Entry<String, Boolean> each : changes.added().entrySet()) {
            if (base.id(each.getKey()).isEmpty() && !changes.renamed().containsValue(each.getKey())) {
                tokens.withArray("added_tokens")
                        .addObject()
                        .put("id", next++)
                        .put("content", each.getKey())
                        .put("single_word", false)
                        .put("lstrip", false)
                        .put("rstrip", false)
                        .put("normalized", false)
                        .put("special", each.getValue());
            }
        }
        return next > base.vocabSize();
    }
}
