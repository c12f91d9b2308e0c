package dev.skald.tensor;

import java.lang.foreign.MemorySegment;
import org.bytedeco.pytorch.Tensor;

/**
 * The weights of a linear layer, {@code [rows, columns]} = {@code [out, in]}, in some {@link Format}; read only where matrices are multiplied.
 * A matrix owns no memory: who made its tensor, or its memory, frees it.
 */
public sealed interface Matrix permits Matrix.Dense, Matrix.Blocks, Matrix.Grouped {

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

    /**
     * A matrix of which the rows lie one after the other in blocks, as in a GGUF file.
     *
     * @param memory native memory of any alignment, mapped or not; read only
     * @param columns a whole number of the format's blocks
     */
    record Blocks(MemorySegment memory, long rows, long columns, Format format) implements Matrix {

        /** @throws IllegalArgumentException when a row is no whole number of blocks, or the memory is of another size or not native */
        public Blocks {
            if (columns % format.blockElements() != 0
                    || !memory.isNative()
                    || memory.byteSize() != rows * format.bytes(columns)) {
                throw new IllegalArgumentException("a matrix of " + rows + " rows of " + columns + " elements in "
                        + format + " is not of " + memory.byteSize() + " bytes");
            }
        }
    }

    /**
     * A matrix of blocks that was rearranged for this machine's processor: some rows side by side, so that a vector has one element of each. What
     * lies where is {@code dev.skald.kernel}'s affair, which makes such a matrix of a {@link Blocks} one; values and format are the same. Rows are multiplied by it;
     * it has no gradients.
     *
     * @param memory native memory, aligned to 64 bytes
     */
    record Grouped(MemorySegment memory, long rows, long columns, Format format) implements Matrix {}
}
