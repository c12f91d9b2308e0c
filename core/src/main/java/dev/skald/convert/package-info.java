/**
 * A model's files as another kind of files. The noun is the {@link dev.skald.convert.Conversion}, the door; what the elements become is a
 * {@link dev.skald.convert.Preset}. Source files are mapped while one runs, and nothing outlives it.
 */
package dev.skald.convert;
