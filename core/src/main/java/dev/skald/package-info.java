/**
 * What every package may throw: {@link dev.skald.InvalidInputException}. Everything else lives in the packages below. No native memory.
 */
package dev.skald;
