/**
 * Conversations with a model. The noun is the {@link dev.skald.chat.Message}; the doors are {@link dev.skald.chat.Chat}, which answers, and {@link
 * dev.skald.chat.ChatTemplate}, which makes token ids of messages. No native memory of its own.
 */
package dev.skald.chat;
