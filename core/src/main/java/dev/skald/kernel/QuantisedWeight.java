package dev.skald.kernel;

import org.bytedeco.pytorch.Tensor;

/**
 * A weight {@code [rows, columns]} that is held in few bits and dequantised whenever it is multiplied by: the base model's in a run that learns an
 * adapter. Read only, and thread-safe but for {@link #close}, which frees its memory.
 */
public sealed interface QuantisedWeight extends AutoCloseable permits Nf4Weight, Int8Weight {

    /** Rows: the features that the layer gives. */
    long rows();

    /** Columns: the features that the layer takes. */
    long columns();

    /** Bytes of memory. */
    long bytes();

    /**
     * The values.
     *
     * @param out {@code [rows, columns]} of bf16 or f32 in the CPU's memory, contiguous; overwritten
     */
    void dequantise(Tensor out);

    @Override
    void close();
}
