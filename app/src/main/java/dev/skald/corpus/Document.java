package dev.skald.corpus;

import java.util.Objects;

/**
 * One text with what is known about it.
 *
 * @param id as the source gives it, or made of the source, the file's path below the data directory and, unless it is a text of its own, the position: no two are the same
 * @param text as read at first, then normalised
 * @param url where it was found, or the empty string
 * @param metadata the record's other fields as the text of a JSON object, or the empty string
 * @param source index into the recipe's sources
 * @param declared the language that the source says it has, or the empty string
 */
record Document(String id, String text, String url, String metadata, int source, String declared) {

    Document {
        Objects.requireNonNull(id);
        Objects.requireNonNull(text);
        Objects.requireNonNull(url);
        Objects.requireNonNull(metadata);
        Objects.requireNonNull(declared);
    }

    Document withText(String changed) {
        return new Document(id, changed, url, metadata, source, declared);
    }
}
