/**
 * How well a model predicts a text. The door is {@code Perplexity}.
 */
package dev.skald.evaluate;
