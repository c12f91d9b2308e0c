/**
 * What a text may look like, byte by byte, and which tokens may follow: JSON, and JSON of a schema. The noun is the {@link dev.skald.grammar.Grammar}; the doors are it and {@link
 * dev.skald.grammar.TokenMasks}. No native memory.
 */
package dev.skald.grammar;
