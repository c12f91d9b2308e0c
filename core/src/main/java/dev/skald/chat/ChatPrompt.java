package dev.skald.chat;

/**
 * Messages as a model reads them.
 *
 * @param text as the template wrote it
 * @param ids its tokens
 */
@SuppressWarnings("ArrayRecordComponent") // read only, and as long as a conversation
public record ChatPrompt(String text, int[] ids) {}
