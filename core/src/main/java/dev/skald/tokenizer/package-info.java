/**
 * Text to token ids and back. The nouns are the token id and the packed dataset of them; the doors are
 * {@link dev.skald.tokenizer.Tokenizer}, {@link dev.skald.tokenizer.TokenizerTrainer} and {@link dev.skald.tokenizer.PackedTokens}. No native memory, but for the files that PackedTokens maps and the garbage collector unmaps.
 */
package dev.skald.tokenizer;
