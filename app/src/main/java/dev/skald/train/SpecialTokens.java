package dev.skald.train;

import dev.skald.InvalidInputException;
import dev.skald.config.Key;
import dev.skald.tokenizer.Tokenizer;
import java.util.List;
import java.util.OptionalInt;

/**
 * {@code special_tokens}. Axolotl gives the tokenizer other special tokens by it; here it may say again what tokenizer_config.json says, and
 * the tokens that continued pretraining has no use for may be any.
 */
public record SpecialTokens(
        @Key("The token that begins a document: that of the tokenizer.")
        String bosToken,

        @Key("The token that ends a document: that of the tokenizer.")
        String eosToken,

        @Key("No effect: sequences are full, nothing is padded.")
        String padToken,

        @Key("No effect: every text has tokens.") String unkToken,

        @Key("No effect: no tokens are added.") List<String> additionalSpecialTokens) {

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
