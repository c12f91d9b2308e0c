package dev.skald.corpus;

import com.fasterxml.jackson.annotation.JsonProperty;

/** The places at which the documents of a run are counted, in their order. */
public enum Flow {
    /** All documents. */
    @JsonProperty("read")
    READ("read", "read"),
    /** Those that the filters left. */
    @JsonProperty("filtered")
    FILTERED("filtered", "after the filters"),
    /** Those that exact deduplication left. */
    @JsonProperty("exact_dedup")
    EXACT_DEDUP("exact_dedup", "after exact deduplication"),
    /** Those that near deduplication left: what is kept. */
    @JsonProperty("fuzzy_dedup")
    KEPT("fuzzy_dedup", "after near deduplication"),
    /** The training set, a document as often as it is packed. */
    @JsonProperty("train")
    TRAIN("train", "packed for training (mixed)"),
    /** The held-out documents. */
    @JsonProperty("validation")
    VALIDATION("validation", "packed for validation");

    private final String key;
    private final String words;

    Flow(String key, String words) {
        this.key = key;
        this.words = words;
    }

    /** For the reader of a report. */
    public String words() {
        return words;
    }

    /** As report.json spells it. */
    String key() {
        return key;
    }
}
