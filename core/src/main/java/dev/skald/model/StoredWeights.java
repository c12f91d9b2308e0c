package dev.skald.model;

import dev.skald.tensor.DType;

/** The weights of a model's files, opened to predict with, or borrowed; {@link #close} frees what was opened. */
sealed interface StoredWeights extends AutoCloseable permits LlamaCheckpoint, BlockWeights, StoredWeights.Borrowed {

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

    /** Those of a model that learns, which stay their owner's. */
    static StoredWeights borrowed(LlamaConfig config, TrainableWeights weights) {
        DType dtype = DType.of(weights.flat().scalar_type());
        return new Borrowed(config.withDType(dtype), dtype, weights);
    }

    /** See {@link #borrowed}. */
    record Borrowed(LlamaConfig config, DType dtype, Weights weights) implements StoredWeights {

        @Override
        public long bytes() {
            return config.parameterCount() * dtype.bytes();
        }

        @Override
        public void close() {}
    }
}
