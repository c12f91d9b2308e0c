package dev.skald.model;

import dev.skald.tensor.DType;

/** The weights of a model's files, opened to predict with; {@link #close} frees them. */
sealed interface StoredWeights extends AutoCloseable permits LlamaCheckpoint, BlockWeights {

    /** The model's configuration; its dtype is the one computed in. */
    LlamaConfig config();

    /** The dtype of activations, and of weights that are not quantised. */
    DType dtype();

    /** Bytes of all weights. */
    long bytes();

    /** What a decoder multiplies by; valid until this is closed. */
    Weights weights();

    @Override
    void close();
}
