/**
 * From a prompt to a text. The door is {@link dev.skald.generate.Generator}, whose {@code close} frees the model.
 */
package dev.skald.generate;
