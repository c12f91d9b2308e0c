package dev.skald.model;

import dev.skald.kernel.Kernels;
import dev.skald.tensor.DType;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/**
 * An RMSNorm over the features of rows.
 *
 * @param learned what is learned of the weight
 * @param weight {@code [features]}
 */
record Norm(Optional<Parameter> learned, Tensor weight, double eps, Kernels kernels) {

    Tensor forward(Tensor x) {
        return kernels.rmsNorm(x, weight, eps);
    }

    /** The gradient of {@code x}, the input of the forward pass; the weight's is added to {@code gradients} and announced, if it is learned. */
    Tensor backward(Tensor dy, Tensor x, Gradients gradients) {
        Tensor dWeight = learned.map(gradients::of)
                .orElseGet(() -> x.new_zeros(new long[] {weight.size(0)}).to(DType.F32.scalarType()));
        Tensor dx = kernels.rmsNormBackward(dy, x, weight, eps, dWeight);
        learned.ifPresent(gradients::complete);
        return dx;
    }
}
