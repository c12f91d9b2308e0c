package dev.skald.evaluate;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What is measured of an item's answers, and how items are added up. Names as in lm-evaluation-harness (its api/metrics.py), and some of ours. */
public enum Metric {
    /** Whether the most likely choice is the right one; of one continuation, whether each of its tokens is the most likely. */
    ACC(Aggregation.MEAN, true),
    /** The same by the likelihood over the choice's characters (code points). */
    ACC_NORM(Aggregation.MEAN, true),
    /** The same by the likelihood over the choice's bytes in UTF-8. */
    ACC_BYTES(Aggregation.MEAN, true),
    /** The log-likelihood of the right choice over its bits and characters, negated: EuroEval's bits per character. Ours. */
    BITS_PER_CHARACTER(Aggregation.MEAN, false),
    /** Matthews' correlation of right and most likely choice, for any number of classes. */
    MCC(Aggregation.MCC, true),
    /** Of choices: F1 of class 1. Of texts: SQuAD's F1 over words, averaged. */
    F1(Aggregation.F1, true),
    /** F1 of each class, averaged. Ours. */
    F1_MACRO(Aggregation.F1_MACRO, true),
    /** Whether the text is the target; of choices, whether each token of the right one is the most likely. */
    EXACT_MATCH(Aggregation.MEAN, true),
    /** chrF of all texts together, 0 to 100. */
    CHRF(Aggregation.CHRF, true),
    /** Of one continuation: e to the mean negative log-likelihood. */
    PERPLEXITY(Aggregation.PERPLEXITY, false),
    /** Of texts, over their words. */
    WORD_PERPLEXITY(Aggregation.WEIGHTED_PERPLEXITY, false),
    /** Of texts, over their bytes. */
    BYTE_PERPLEXITY(Aggregation.WEIGHTED_PERPLEXITY, false),
    /** Of texts: bits over bytes. */
    BITS_PER_BYTE(Aggregation.BITS_PER_BYTE, false);

    private final Aggregation aggregation;
    private final boolean higherIsBetter;

    Metric(Aggregation aggregation, boolean higherIsBetter) {
        this.aggregation = aggregation;
        this.higherIsBetter = higherIsBetter;
    }

    /** As task files spell it. */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** How items are added up in tasks of a type. */
    Aggregation aggregation(OutputType type) {
        return this == F1 && type == OutputType.GENERATE_UNTIL ? Aggregation.MEAN : aggregation;
    }

    /** Whether more is better. */
    public boolean higherIsBetter() {
        return higherIsBetter;
    }

    /** Whether tasks of a type can be measured so. */
    boolean fits(OutputType type) {
        return switch (type) {
            case MULTIPLE_CHOICE ->
                List.of(ACC, ACC_NORM, ACC_BYTES, BITS_PER_CHARACTER, MCC, F1, F1_MACRO, EXACT_MATCH)
                        .contains(this);
            case LOGLIKELIHOOD -> this == PERPLEXITY || this == ACC;
            case LOGLIKELIHOOD_ROLLING -> type.defaultMetrics().contains(this);
            case GENERATE_UNTIL -> this == EXACT_MATCH || this == F1 || this == CHRF;
        };
    }

    /** The metric of a name in a task or result file. */
    public static Optional<Metric> of(String key) {
        return Arrays.stream(values())
                .filter(metric -> metric.key().equals(key))
                .findFirst();
    }

    static List<String> keys(OutputType type) {
        return Arrays.stream(values())
                .filter(metric -> metric.fits(type))
                .map(metric -> metric.name().toLowerCase(Locale.ROOT))
                .toList();
    }
}
