/**
 * From a prompt to a text. The door is {@code Generator}.
 */
package dev.skald.generate;
