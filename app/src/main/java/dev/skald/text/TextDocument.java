package dev.skald.text;

/**
 * One text, as a file has it.
 *
 * @param id as the record gives it, or the empty string
 * @param text of any length, perhaps empty
 * @param url as the record gives it, or the empty string
 * @param language as the record gives it, or the empty string
 * @param metadata the record's other fields as the text of a JSON object, if they were asked for and there are any; or the empty string
 * @param place for messages
 * @param position what tells it from the file's other documents: offset of its first byte in the uncompressed content, or number of its row
 */
public record TextDocument(
        String id, String text, String url, String language, String metadata, Place place, long position) {}
