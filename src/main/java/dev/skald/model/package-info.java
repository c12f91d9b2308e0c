/**
 * A Llama: configuration, weights, forward and backward. The door is {@code Llama}.
 */
package dev.skald.model;
