package dev.skald.corpus;

import com.fasterxml.jackson.annotation.JsonProperty;

/** The kinds of duplicates. */
public enum Duplicates {
    /** Equal texts. */
    @JsonProperty("exact")
    EXACT("exact_dedup"),
    /** Nearly equal texts. */
    @JsonProperty("fuzzy")
    FUZZY("fuzzy_dedup");

    private final String key;

    Duplicates(String key) {
        this.key = key;
    }

    /** The stage that removes them, as recipes and outputs spell it. */
    public String key() {
        return key;
    }
}
