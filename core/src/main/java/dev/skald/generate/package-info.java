/**
 * From a prompt to a text. The noun is the {@link dev.skald.generate.Generation}; the door is {@link dev.skald.generate.Generator}, whose
 * {@code close} frees the model. The key-value caches of a batch are freed with the batch.
 */
package dev.skald.generate;
