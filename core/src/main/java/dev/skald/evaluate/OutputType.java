package dev.skald.evaluate;

import java.util.List;
import java.util.Locale;

/** What a task asks of a model; names as in lm-evaluation-harness. */
public enum OutputType {
    /** The likelihood of each choice. */
    MULTIPLE_CHOICE,
    /** The likelihood of one continuation. */
    LOGLIKELIHOOD,
    /** The likelihood of a whole text. */
    LOGLIKELIHOOD_ROLLING,
    /** A text. */
    GENERATE_UNTIL;

    /** What is measured where a task does not say. */
    List<Metric> defaultMetrics() {
        return switch (this) {
            case MULTIPLE_CHOICE -> List.of(Metric.ACC, Metric.ACC_NORM);
            case LOGLIKELIHOOD -> List.of(Metric.PERPLEXITY, Metric.ACC);
            case LOGLIKELIHOOD_ROLLING -> List.of(Metric.WORD_PERPLEXITY, Metric.BYTE_PERPLEXITY, Metric.BITS_PER_BYTE);
            case GENERATE_UNTIL -> List.of(Metric.EXACT_MATCH);
        };
    }

    /** As task files spell it. */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }
}
