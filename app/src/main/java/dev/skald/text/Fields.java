package dev.skald.text;

/**
 * The fields of a JSON object, or columns of a table, that a document is made of; the empty string for what is not wanted.
 *
 * @param text a string; a record without it is no document. One inside another object or struct has that one's name before it, as {@code a.b}
 * @param id any scalar
 * @param url a string
 * @param language a string
 */
public record Fields(String text, String id, String url, String language) {

    /** The text alone. */
    public static Fields text(String text) {
        return new Fields(text, "", "", "");
    }
}
