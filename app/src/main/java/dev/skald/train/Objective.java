package dev.skald.train;

import dev.skald.model.Gradients;
import dev.skald.model.TrainableLlama;
import java.util.List;
import java.util.Map;

/** What a run makes small: the next token's cross entropy, or the loss of preferences between answers. */
sealed interface Objective extends AutoCloseable permits NextToken, Preferences, Kto {

    /** What a micro-batch's loss is divided by: an update's is the sum over all micro-batches and ranks, divided by the sum of these. */
    double units(MicroBatch batch);

    /**
     * What has to be known of all micro-batches of all ranks before the first of an update is learned; nothing, mostly.
     *
     * @param batch this rank's micro-batches of the update
     * @return what is summed over the ranks; as many numbers on each
     */
    default double[] before(TrainableLlama model, List<MicroBatch> batch) {
        return new double[0];
    }

    /** Takes the sums of {@link #before}. */
    default void told(double[] sums) {}

    /**
     * A forward and backward pass.
     *
     * @param scale of the gradients
     * @param gradients takes the gradients of {@code scale} times the loss
     * @return the loss, a sum over the micro-batch
     */
    double forwardBackward(TrainableLlama model, MicroBatch batch, double scale, Gradients gradients);

    /** The loss alone, of a micro-batch by itself. */
    double loss(TrainableLlama model, MicroBatch batch);

    /** Whether layers may drop inputs in a forward and backward pass. */
    boolean dropsInputs();

    /** Sums over this rank's micro-batches since the last call; as many numbers each time. */
    double[] takeSums();

    /**
     * The metrics of an update.
     *
     * @param sums those of {@link #takeSums}, added up over the ranks
     */
    Map<String, Double> metrics(double[] sums);

    /** Frees what belongs to the objective alone. */
    @Override
    default void close() {}
}
