package dev.skald.model;

import dev.skald.kernel.Gemm;
import dev.skald.tensor.Matrix;
import org.bytedeco.pytorch.Tensor;

/** The weights of a base model that an adapter learns beside: those of a checkpoint, as they lie in its files. The checkpoint stays its owner's. */
public final class BaseWeights {

    private final LlamaCheckpoint checkpoint;

    /** The weights of a checkpoint. */
    public BaseWeights(LlamaCheckpoint checkpoint) {
        this.checkpoint = checkpoint;
    }

    Tensor weight(Parameter parameter) {
        return checkpoint.tensor(parameter);
    }

    /** By the parameter's name. */
    Tensor weight(String name) {
        return Parameter.of(checkpoint.config()).stream()
                .filter(each -> each.name().equals(name))
                .map(checkpoint::tensor)
                .findFirst()
                .orElseThrow();
    }

    Linear linear(Parameter parameter, Gemm gemm) {
        return new Linear.Frozen(Matrix.of(weight(parameter)), gemm);
    }
}
