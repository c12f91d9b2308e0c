package dev.skald.model;

import dev.skald.kernel.Gemm;
import dev.skald.tensor.Matrix;
import dev.skald.tensor.Scoped;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/** A linear layer without bias, {@code [rows, in]} to {@code [rows, out]}: its weight, and what becomes of it when it learns. */
public sealed interface Linear permits Linear.Plain {

    /**
     * The layer's output.
     *
     * @param x {@code [rows, in]}
     * @param many how many rows, from the first on, are multiplied as many ({@link Gemm#forward}); the others as few ({@link Gemm#fewRows})
     * @return {@code [rows, out]} of the dtype of {@code x}; the caller's scope frees it
     */
    Tensor forward(Tensor x, int many);

    /**
     * Adds the gradients of the layer's parameters to {@code gradients}, announces them as complete, and gives the gradient of the input.
     *
     * @param dy {@code [rows, out]}: the gradient of the output
     * @param x {@code [rows, in]}: the input of the forward pass
     * @param dx {@code [rows, in]} of the dtype of {@code dy}; overwritten, or with {@code add} added to
     */
    void backward(Tensor dy, Tensor x, Tensor dx, boolean add, Gradients gradients);

    /** A weight of which all elements are learned. */
    record Plain(Parameter parameter, Matrix weight, Gemm gemm) implements Linear {

        @Override
        public Tensor forward(Tensor x, int many) {
            return Scoped.tensor(() -> {
                int rows = (int) x.size(0);
                Tensor out = x.new_empty(rows, weight.rows());
                if (many > 0) {
                    gemm.forward(many == rows ? x : x.narrow(0, 0, many), weight, out.narrow(0, 0, many));
                }
                if (many < rows) {
                    gemm.fewRows(x.narrow(0, many, rows - many), weight, out.narrow(0, many, rows - many));
                }
                return out;
            });
        }

        @Override
        public void backward(Tensor dy, Tensor x, Tensor dx, boolean add, Gradients gradients) {
            try (PointerScope _ = new PointerScope()) {
                gemm.weightGradient(dy, x, gradients.of(parameter));
                gradients.complete(parameter);
                gemm.inputGradient(dy, weight, dx, add);
            }
        }
    }
}
