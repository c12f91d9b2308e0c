/**
 * A Llama: configuration, weights, forward and backward. The doors are {@link dev.skald.model.Llama}, which
 * predicts, and {@link dev.skald.model.TrainableLlama}, which learns the weights that
 * {@link dev.skald.model.LlamaParameters} owns; each is closed by who made it.
 */
package dev.skald.model;
