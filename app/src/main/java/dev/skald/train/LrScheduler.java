package dev.skald.train;

/** How the learning rate goes on after the warmup; names and formulas of the transformers library. */
public enum LrScheduler {
    COSINE,
    LINEAR,
    CONSTANT,
    CONSTANT_WITH_WARMUP
}
