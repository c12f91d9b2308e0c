package dev.skald.tensor;

import org.bytedeco.pytorch.Tensor;

/**
 * The weights of a linear layer, {@code [rows, columns]} = {@code [out, in]}, in some {@link Format}; read only where matrices are multiplied.
 * A matrix owns no memory: who made its tensor frees it.
 */
public sealed interface Matrix permits Matrix.Dense {

    /** Rows: the features that the layer gives. */
    long rows();

    /** Columns: the features that the layer takes. */
    long columns();

    /** How the elements lie in memory. */
    Format format();

    /** A matrix over a contiguous tensor {@code [rows, columns]} of bf16, f16 or f32. */
    static Dense of(Tensor tensor) {
        return new Dense(tensor);
    }

    /**
     * A matrix whose elements have a dtype.
     *
     * @param tensor {@code [rows, columns]}, contiguous, on any device
     */
    record Dense(Tensor tensor) implements Matrix {

        /** @throws IllegalArgumentException when the tensor is not contiguous or has not two dimensions */
        public Dense {
            if (tensor.dim() != 2 || !tensor.is_contiguous()) {
                throw new IllegalArgumentException("a matrix is a contiguous tensor of two dimensions");
            }
        }

        @Override
        public long rows() {
            return tensor.size(0);
        }

        @Override
        public long columns() {
            return tensor.size(1);
        }

        @Override
        public Format format() {
            return Format.of(dtype());
        }

        /** The elements' dtype. */
        public DType dtype() {
            return DType.of(tensor.scalar_type());
        }
    }
}
