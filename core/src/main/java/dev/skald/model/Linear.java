package dev.skald.model;

import dev.skald.kernel.Gemm;
import dev.skald.kernel.QuantisedWeight;
import dev.skald.tensor.Matrix;
import dev.skald.tensor.Scoped;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** A linear layer without bias, {@code [rows, in]} to {@code [rows, out]}: its weight, and what becomes of it when it learns. */
public sealed interface Linear permits Linear.Plain, Linear.Frozen, Linear.Quantised, Linear.LowRank {

    /**
     * The layer's output.
     *
     * @param x {@code [rows, in]}
     * @param many how many rows, from the first on, are multiplied as many ({@link Gemm#forward}); the others as few ({@link Gemm#fewRows})
     * @return {@code [rows, out]} of the dtype of {@code x}; the caller's scope frees it
     */
    Tensor forward(Tensor x, int many);

    /**
     * Adds the gradients of what the layer learns to {@code gradients}, announces them as complete, and gives the gradient of the input.
     *
     * @param dy {@code [rows, out]}: the gradient of the output
     * @param x {@code [rows, in]}: the input of the forward pass
     * @param dx {@code [rows, in]} of the dtype of {@code dy}; overwritten, or with {@code add} added to
     */
    void backward(Tensor dy, Tensor x, Tensor dx, boolean add, Gradients gradients);

    /** {@code x} times the transpose of a weight. */
    private static Tensor product(Tensor x, Matrix weight, Gemm gemm, int many) {
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

    /** A weight of which all elements are learned. */
    record Plain(Parameter parameter, Matrix weight, Gemm gemm) implements Linear {

        @Override
        public Tensor forward(Tensor x, int many) {
            return product(x, weight, gemm, many);
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

    /** A weight that stays as it is. */
    record Frozen(Matrix weight, Gemm gemm) implements Linear {

        @Override
        public Tensor forward(Tensor x, int many) {
            return product(x, weight, gemm, many);
        }

        @Override
        public void backward(Tensor dy, Tensor x, Tensor dx, boolean add, Gradients gradients) {
            try (PointerScope _ = new PointerScope()) {
                gemm.inputGradient(dy, weight, dx, add);
            }
        }
    }

    /**
     * A weight that stays as it is and is held in few bits: it is dequantised whenever it is multiplied by.
     *
     * @param scratch where its values lie meanwhile; other layers use it in turn
     */
    record Quantised(QuantisedWeight weight, Tensor scratch, Gemm gemm) implements Linear {

        private Matrix values() {
            Tensor values =
                    scratch.narrow(0, 0, weight.rows() * weight.columns()).view(weight.rows(), weight.columns());
            weight.dequantise(values);
            return Matrix.of(values);
        }

        @Override
        public Tensor forward(Tensor x, int many) {
            return Scoped.tensor(() -> product(x, values(), gemm, many));
        }

        @Override
        public void backward(Tensor dy, Tensor x, Tensor dx, boolean add, Gradients gradients) {
            try (PointerScope _ = new PointerScope()) {
                gemm.inputGradient(dy, values(), dx, add);
            }
        }
    }

    /**
     * A layer that stays as it is, and beside it the product of two small matrices that is learned: {@code y = base(x) + scale (dropped(x) A^T) B^T}.
     * Source: Hu et al., LoRA (2021); PEFT's lora/layer.py.
     *
     * @param down A {@code [rank, in]}
     * @param up B {@code [out, rank]}
     * @param number of the layer, which makes its random numbers its own
     */
    record LowRank(Linear base, Learned down, Learned up, double scale, Dropout dropout, int number, Gemm gemm)
            implements Linear {

        /** A matrix that is learned. */
        record Learned(Parameter parameter, Matrix weight) {}

        @Override
        public Tensor forward(Tensor x, int many) {
            return Scoped.tensor(() -> {
                Tensor out = base.forward(x, many);
                Tensor small = small(dropout.apply(x, number), many);
                return out.add_(product(small, up.weight, gemm, many));
            });
        }

        /** {@code scale x A^T}. */
        private Tensor small(Tensor x, int many) {
            return product(x, down.weight, gemm, many).mul_(new Scalar(scale));
        }

        @Override
        public void backward(Tensor dy, Tensor x, Tensor dx, boolean add, Gradients gradients) {
            base.backward(dy, x, dx, add, gradients);
            try (PointerScope _ = new PointerScope()) {
                Tensor dropped = dropout.apply(x, number);
                gemm.weightGradient(dy, small(dropped, (int) x.size(0)), gradients.of(up.parameter));
                gradients.complete(up.parameter);
                Tensor dSmall = dy.new_empty(dy.size(0), down.weight.rows());
                gemm.inputGradient(dy, up.weight, dSmall, false);
                dSmall.mul_(new Scalar(scale));
                gemm.weightGradient(dSmall, dropped, gradients.of(down.parameter));
                gradients.complete(down.parameter);
                if (dropout.isOn()) {
                    Tensor dDropped = dx.new_empty(dx.size(0), dx.size(1));
                    gemm.inputGradient(dSmall, down.weight, dDropped, false);
                    dx.add_(dropout.apply(dDropped, number));
                } else {
                    gemm.inputGradient(dSmall, down.weight, dx, true);
                }
            }
        }
    }
}
