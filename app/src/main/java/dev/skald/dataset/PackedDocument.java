package dev.skald.dataset;

/**
 * What a packed dataset knows of a document.
 *
 * @param id names it in messages
 * @param language "" if not known
 * @param dataset the dataset it belongs to
 * @param tokens with {@code bos} and {@code eos}
 * @param textBytes UTF-8 bytes of its text
 */
public record PackedDocument(String id, String language, String dataset, long tokens, int textBytes) {}
