package dev.skald.train;

/** How the learning rate goes on after the warmup; names and formulas of the transformers library, {@code REX} of Axolotl. */
public enum LrScheduler {
    COSINE,
    COSINE_WITH_RESTARTS,
    LINEAR,
    POLYNOMIAL,
    INVERSE_SQRT,
    REX,
    CONSTANT,
    CONSTANT_WITH_WARMUP
}
