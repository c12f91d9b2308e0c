/**
 * From a prompt to a text. The noun is the {@link dev.skald.generate.Generation}; the door is {@link dev.skald.generate.Generator}, whose
 * {@code close} frees the model. Keys and values are the engine's.
 */
package dev.skald.generate;
