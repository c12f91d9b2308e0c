/**
 * The only way into a loaded model: requests from any thread become steps of one batch. The door is {@link dev.skald.engine.Engine}, whose
 * {@code close} ends what runs and frees keys and values; the model is its owner's.
 */
package dev.skald.engine;
