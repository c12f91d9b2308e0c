package dev.skald.train;

import dev.skald.InvalidInputException;
import dev.skald.config.Key;
import dev.skald.tokenizer.Tokenizer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * {@code special_tokens}. A tuning run gives the tokenizer other special tokens by it. In continued pretraining it may say again what
 * tokenizer_config.json says, and the tokens that it has no use for may be any.
 */
public record SpecialTokens(
        @Key("The token that begins a text.") String bosToken,

        @Key("The token that ends a text; of a chat template mostly the one that ends a message.")
        String eosToken,

        @Key("Only named in tokenizer_config.json: nothing is padded here.")
        String padToken,

        @Key("No effect: every text has tokens.") String unkToken,

        @Key("Special tokens that are added where the tokenizer lacks them; in tuning.")
        List<String> additionalSpecialTokens) {

    /** The tokens that have a name, by it. */
    Map<String, String> named() {
        Map<String, String> named = new LinkedHashMap<>();
        put(named, "bos_token", bosToken);
        put(named, "eos_token", eosToken);
        put(named, "pad_token", padToken);
        put(named, "unk_token", unkToken);
        return named;
    }

    private static void put(Map<String, String> named, String name, String token) {
        if (token != null) {
            named.put(name, token);
        }
    }

    /** @throws InvalidInputException if a document would begin or end otherwise than this says */
    void require(Tokenizer tokenizer) {
        require("bos_token", bosToken, tokenizer, tokenizer.bosId());
        require("eos_token", eosToken, tokenizer, tokenizer.eosId());
    }

    private static void require(String key, String stated, Tokenizer tokenizer, OptionalInt known) {
        if (stated != null && !(known.isPresent() && tokenizer.id(stated).equals(known))) {
            throw new InvalidInputException("special_tokens." + key + ": found '" + stated + "', but " + key
                    + " of tokenizer_config.json is "
                    + (known.isPresent() ? "'" + tokenizer.token(known.getAsInt()) + "'" : "missing")
                    + ": change it there, so that whoever uses the model does the same");
        }
    }
}
