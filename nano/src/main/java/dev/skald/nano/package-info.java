/**
 * The model that ships with Skald, in the jar's resources. The door is {@link dev.skald.nano.SkaldNano}, which lays it into the user's cache
 * folder. No native memory.
 */
package dev.skald.nano;
