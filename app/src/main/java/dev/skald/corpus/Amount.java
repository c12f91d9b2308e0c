package dev.skald.corpus;

/**
 * How much text.
 *
 * @param documents how many
 * @param bytes of their text in UTF-8
 * @param tokens of their text; 0 where none were counted
 */
public record Amount(long documents, long bytes, long tokens) {

    /** Nothing. */
    public static final Amount NONE = new Amount(0, 0, 0);

    /** The two together. */
    public Amount plus(Amount other) {
        return new Amount(documents + other.documents, bytes + other.bytes, tokens + other.tokens);
    }
}
