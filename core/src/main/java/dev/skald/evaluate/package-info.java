/**
 * How well a model predicts a text. The noun is the perplexity; the door is {@link dev.skald.evaluate.Perplexity}, which frees what it makes;
 * the model is its owner's.
 */
package dev.skald.evaluate;
