/**
 * The GGUF file of llama.cpp. The noun is {@link dev.skald.gguf.Gguf}, the door: keys with values, and tensors in some
 * {@link dev.skald.tensor.Format}; it knows no model. Its files are memory-mapped; whoever opened it closes it, which unmaps them.
 */
package dev.skald.gguf;
