package dev.skald.model;

import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** The weights of a Llama that learns: all of them ({@link LlamaParameters}), or an adapter beside those of a base model ({@link AdapterParameters}). */
public sealed interface TrainableWeights extends Weights, AutoCloseable permits LlamaParameters, AdapterParameters {

    /** The parameters that are learned, in the order in which they lie in {@link #flat}; a backward pass completes them from the last to the first. */
    List<Parameter> list();

    /** All that are learned, {@code [elements]}. */
    Tensor flat();

    /** One that is learned, a view of {@link #flat}. */
    Tensor view(Parameter parameter);

    /** Begins a forward and backward pass in which layers may draw random numbers; the same seed draws the same. */
    void begin(long seed);

    /** Ends what {@link #begin} began: from now on nothing is random. */
    void end();

    /** Frees the memory of what is learned. */
    @Override
    void close();
}
