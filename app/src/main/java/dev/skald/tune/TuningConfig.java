package dev.skald.tune;

import dev.skald.InvalidInputException;
import dev.skald.config.Key;
import dev.skald.tokenizer.Tokenizer;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** The keys of a {@code trainer.yaml} that say how rows become examples. */
public record TuningConfig(
        @Key(
                "The chat template: tokenizer_default, tokenizer_default_fallback_NAME, llama3, chatml, or jinja; saved with the model.")
        String chatTemplate,

        @Key("A template in Jinja, or the file that has it; implies chat_template: jinja.")
        String chatTemplateJinja,

        @Key("More variables of the chat template.") Map<String, String> chatTemplateKwargs,

        @Key("The system message of conversations that have none.")
        String defaultSystemMessage,

        @Key("Tokens that end a message, for labels; the tokenizer's eos token when not given.")
        List<String> eotTokens,

        @Key(value = "Learn the prompts too.", defaultValue = "false")
        boolean trainOnInputs,

        @Key(
                value = "What becomes of rows longer than sequence_len: drop, truncate (their end is lost), raise.",
                defaultValue = "drop")
        String excessLengthStrategy,

        @Key(value = "Shorter rows are dropped; tokens.", defaultValue = "2")
        int minSampleLen,

        @Key(value = "Drop rows that are the same as one before.", defaultValue = "false")
        boolean datasetExactDeduplication,

        @Key(
                value =
                        "Refuse to train when no end of a message is learned, or a data set has rows of which nothing is.",
                defaultValue = "true")
        boolean requireLabels) {

    /** @throws InvalidInputException when a value is none of its key's */
    public TuningConfig {
        eotTokens = List.copyOf(eotTokens);
        chatTemplateKwargs = Collections.unmodifiableMap(new TreeMap<>(chatTemplateKwargs));
        if (!List.of("drop", "truncate", "raise").contains(excessLengthStrategy)) {
            throw new InvalidInputException("excess_length_strategy: found '" + excessLengthStrategy
                    + "', expected one of drop, truncate, raise");
        }
        if (minSampleLen < 1) {
            throw new InvalidInputException("min_sample_len: found " + minSampleLen + ", expected at least 1");
        }
        if (chatTemplateJinja != null && chatTemplate != null && !chatTemplate.equals("jinja")) {
            throw new InvalidInputException(
                    "chat_template_jinja contradicts chat_template " + chatTemplate + ": give one of them");
        }
    }

    /** The ids of the tokens that end a message or a text, the tokenizer's eos token first. */
    public List<Integer> terminators(Tokenizer tokenizer) {
        return IntStream.concat(
                        tokenizer.eosId().stream(),
                        eotTokens.stream().flatMapToInt(token -> tokenizer.id(token).stream()))
                .distinct()
                .boxed()
                .toList();
    }
}
