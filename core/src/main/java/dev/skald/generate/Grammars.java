package dev.skald.generate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skald.InvalidInputException;
import dev.skald.base.StrictJson;
import dev.skald.grammar.Grammar;
import dev.skald.grammar.TokenMasks;
import dev.skald.grammar.TokenTrie;
import dev.skald.tokenizer.Tokenizer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The grammars of a model's callers; those that are used again have their masks ready. Thread-safe; the masks are the engine's thread's. */
final class Grammars {

    private static final int MOST_KEPT = 32;
    private static final ObjectMapper JSON = StrictJson.mapper();

    private final Tokenizer tokenizer;
    private final int vocabulary;
    private Optional<TokenTrie> trie = Optional.empty();
    private final Map<List<String>, TokenMasks> kept = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<List<String>, TokenMasks> eldest) {
            return size() > MOST_KEPT;
        }
    };

    Grammars(Tokenizer tokenizer, int vocabulary) {
        this.tokenizer = tokenizer;
        this.vocabulary = vocabulary;
    }

    /**
     * What a configuration asks for; empty if it asks for none.
     *
     * @throws InvalidInputException when its schema is not valid, or uses what is not supported
     */
    synchronized Optional<TokenMasks> of(GenerationConfig config) {
        if (!config.json_object() && config.json_schema().isEmpty()) {
            return Optional.empty();
        }
        TokenMasks known = kept.get(config.json_schema());
        if (known == null) {
            known = new TokenMasks(grammar(config.json_schema()), trie());
            kept.put(config.json_schema(), known);
        }
        return Optional.of(known);
    }

    private static Grammar grammar(List<String> schema) {
        if (schema.isEmpty()) {
            return Grammar.anyObject();
        }
        JsonNode node;
        try {
            node = JSON.readTree(schema.get(1));
        } catch (JsonProcessingException e) {
            throw new InvalidInputException("json_schema is not JSON: " + e.getOriginalMessage(), e);
        }
        return Grammar.around(schema.get(0), node, schema.get(2));
    }

    private TokenTrie trie() {
        if (trie.isEmpty()) {
            trie = Optional.of(new TokenTrie(vocabulary, this::bytes));
        }
        return trie.get();
    }

    /** What a token stands for; empty for one that may never be chosen. */
    byte[] bytes(int id) {
        return id >= tokenizer.vocabSize() || tokenizer.isSpecial(id) || !tokenizer.has(id)
                ? new byte[0]
                : tokenizer.tokenBytes(id);
    }
}
