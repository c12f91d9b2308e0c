package dev.skald.train;

import dev.skald.model.PackedRows;
import dev.skald.model.TrainableLlama;
import java.util.List;

/**
 * The model that answers are compared with: the model as a run began. Its weights stay as they are.
 *
 * @param model makes no gradients
 * @param owned what is closed with it, in this order
 */
record Reference(TrainableLlama model, List<AutoCloseable> owned) implements AutoCloseable {

    Reference {
        owned = List.copyOf(owned);
    }

    /** By span, the sum of the log-probabilities of what is predicted. */
    double[] logps(PackedRows rows) {
        return MicroBatch.logps(rows, model.losses(rows));
    }

    @Override
    public void close() {
        model.close();
        for (AutoCloseable each : owned) {
            try {
                each.close();
            } catch (Exception e) {
                throw new IllegalStateException(e); // weights are only freed
            }
        }
    }
}
