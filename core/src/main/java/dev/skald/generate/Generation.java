package dev.skald.generate;

import java.util.List;
import java.util.Optional;

/**
 * One generated text.
 *
 * @param promptIds the prompt's tokens, the begin token included where the tokenizer adds one
 * @param generatedIds the new tokens, the end token included where one was generated
 * @param text prompt and continuation
 * @param generatedText the continuation, without special tokens
 * @param stopString the stop string that ended it
 * @param cachedTokens tokens of the prompt that the prefix cache had
 * @param promptSeconds time from the call to the first token's logits
 * @param generatedSeconds time from there to the last token
 * @param scores how likely each generated token was; empty unless they were asked for
 * @param logits the raw logits that each generated token was chosen from, {@code [vocab]} each; empty unless they were asked for
 */
public record Generation(
        int[] promptIds,
        int[] generatedIds,
        String text,
        String generatedText,
        FinishReason finishReason,
        Optional<String> stopString,
        int cachedTokens,
        double promptSeconds,
        double generatedSeconds,
        List<ScoredToken> scores,
        List<float[]> logits) {

    /** Keeps its own copies of the lists. */
    public Generation {
        scores = List.copyOf(scores);
        logits = List.copyOf(logits);
    }

    /** Speed of reading the prompt. */
    public double promptTokensPerSecond() {
        return promptIds.length / promptSeconds;
    }

    /** Speed of writing: the tokens after the first one, which the prompt's pass gives, per second; 0 if there are none. */
    public double generatedTokensPerSecond() {
        return generatedIds.length < 2 ? 0 : (generatedIds.length - 1) / generatedSeconds;
    }
}
