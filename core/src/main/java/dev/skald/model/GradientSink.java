package dev.skald.model;

import org.bytedeco.pytorch.Tensor;

/**
 * Where a backward pass leaves the gradients of the parameters. Parameters are numbered as in {@link Parameter} lists: embedding first, head
 * last; a backward pass completes them from the last to the first.
 */
public interface GradientSink {

    /** An f32 tensor of the parameter's shape, to which the backward pass adds; the sink's own, valid until {@link #complete}. */
    Tensor gradient(int parameter);

    /** The parameter's gradient of this pass is whole. Called once for each, in reverse order. */
    void complete(int parameter);
}
