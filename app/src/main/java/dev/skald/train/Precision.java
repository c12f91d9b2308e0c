package dev.skald.train;

/** In what the parameters and activations are held; master weights, moments and sums are f32 in all of them. */
public enum Precision {
    BF16,
    FP16,
    F32
}
