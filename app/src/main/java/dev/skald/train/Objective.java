package dev.skald.train;

import dev.skald.model.Gradients;
import dev.skald.model.PackedRows;
import dev.skald.model.TrainableLlama;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a run makes small: the next token's cross entropy, or the loss of preferences between answers. */
sealed interface Objective extends AutoCloseable permits NextToken, Preferences {

    /** What a micro-batch's loss is divided by: an update's is the sum over all micro-batches and ranks, divided by the sum of these. */
    double units(PackedRows rows);

    /**
     * A forward and backward pass.
     *
     * @param scale of the gradients
     * @param gradients takes the gradients of {@code scale} times the loss
     * @return the loss, a sum over the micro-batch
     */
    double forwardBackward(TrainableLlama model, PackedRows rows, double scale, Gradients gradients);

    /** The loss alone. */
    double loss(TrainableLlama model, PackedRows rows);

    /** Whether layers may drop inputs in a forward and backward pass. */
    boolean dropsInputs();

    /** Names of what {@link #takeSums} sums, in its order. */
    List<String> names();

    /** Sums over this rank's micro-batches since the last call; each is divided by the units of all ranks. */
    double[] takeSums();

    /** Frees what belongs to the objective alone. */
    @Override
    default void close() {}

    /** The metrics of an update. */
    default Map<String, Double> metrics(double[] sums, double units) {
        Map<String, Double> metrics = new LinkedHashMap<>();
        for (int i = 0; i < sums.length; i++) {
            metrics.put(names().get(i), sums[i] / units);
        }
        return metrics;
    }
}
