package dev.skald.cache;

/**
 * Positions of a sequence that attention computes: rows of a batch, side by side.
 *
 * @param sequence has room for them, and all positions before them
 * @param start the first position
 * @param rows how many
 * @param many whether they are multiplied as many rows, which are whole runs, or each by itself
 */
public record KvSpan(KvSequence sequence, int start, int rows, boolean many) {

    /** How many positions are valid once these are. */
    public int end() {
        return start + rows;
    }
}
