/**
 * What every package may use: {@link dev.skald.InvalidInputException}. Everything else lives in the packages below.
 */
package dev.skald;
