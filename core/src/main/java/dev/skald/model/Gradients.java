package dev.skald.model;

import org.bytedeco.pytorch.Tensor;

/** Where a backward pass leaves the gradients of the parameters. It completes them from the last of {@link Parameter#of} to the first. */
public interface Gradients {

    /** An f32 tensor of the parameter's shape, to which the backward pass adds; owned by this, valid until {@link #complete}. */
    Tensor of(Parameter parameter);

    /** The parameter's gradient of this pass is whole. Called once for each, in reverse order. */
    void complete(Parameter parameter);
}
