/**
 * Text to token ids and back. The noun is the token id; the door is {@code Tokenizer}. No native memory.
 */
package dev.skald.tokenizer;
