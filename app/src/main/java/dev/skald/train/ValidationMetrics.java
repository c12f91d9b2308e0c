package dev.skald.train;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;

/**
 * How well the held-out documents of one dataset and language were predicted after a step; a line of {@code validation.jsonl}.
 *
 * @param step updates done
 * @param dataset its name
 * @param language "" when the documents have none
 * @param documents how many
 * @param tokens that were predicted
 * @param textBytes UTF-8 bytes of their text
 * @param nll sum of the negative log likelihoods, nats
 */
@JsonNaming(SnakeCaseStrategy.class)
public record ValidationMetrics(
        long step, String dataset, String language, long documents, long tokens, long textBytes, double nll) {

    /** The two together, after the same step. */
    public ValidationMetrics plus(ValidationMetrics other) {
        return new ValidationMetrics(
                step,
                dataset,
                language,
                documents + other.documents,
                tokens + other.tokens,
                textBytes + other.textBytes,
                nll + other.nll);
    }

    /** Mean negative log likelihood of a token, nats. */
    @JsonProperty
    public double loss() {
        return nll / tokens;
    }

    /** {@code exp} of the loss. */
    @JsonProperty
    public double perplexity() {
        return Math.exp(loss());
    }

    /** Bits for a byte of text; comparable between tokenizers. */
    @JsonProperty
    public double bitsPerByte() {
        return nll / Math.log(2) / textBytes;
    }
}
