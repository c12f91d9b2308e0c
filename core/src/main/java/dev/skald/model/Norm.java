package dev.skald.model;

import dev.skald.kernel.Kernels;
import org.bytedeco.pytorch.Tensor;

/**
 * An RMSNorm over the features of rows.
 *
 * @param weight {@code [features]}
 */
record Norm(Parameter parameter, Tensor weight, double eps, Kernels kernels) {

    Tensor forward(Tensor x) {
        return kernels.rmsNorm(x, weight, eps);
    }

    /** The gradient of {@code x}, the input of the forward pass; the weight's is added to {@code gradients} and announced. */
    Tensor backward(Tensor dy, Tensor x, Gradients gradients) {
        Tensor dx = kernels.rmsNormBackward(dy, x, weight, eps, gradients.of(parameter));
        gradients.complete(parameter);
        return dx;
    }
}
