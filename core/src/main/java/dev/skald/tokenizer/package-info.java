/**
 * Text to token ids and back. The noun is the token id; the doors are {@link dev.skald.tokenizer.Tokenizer} and {@link
 * dev.skald.tokenizer.TokenizerTrainer}. No native memory.
 */
package dev.skald.tokenizer;
