package dev.skald.train;

import dev.skald.model.Gradients;
import dev.skald.model.TrainableLlama;
import java.util.Map;

/** The cross entropy of the tokens that are to be predicted, in nats; each counts the same, in whichever micro-batch and rank it is. */
record NextToken() implements Objective {

    @Override
    public double units(MicroBatch batch) {
        return batch.rows().predicted();
    }

    @Override
    public double forwardBackward(TrainableLlama model, MicroBatch batch, double scale, Gradients gradients) {
        return model.forwardBackward(batch.rows(), scale, gradients);
    }

    @Override
    public double loss(TrainableLlama model, MicroBatch batch) {
        return model.loss(batch.rows());
    }

    @Override
    public boolean dropsInputs() {
        return true;
    }

    @Override
    public double[] takeSums() {
        return new double[0];
    }

    @Override
    public Map<String, Double> metrics(double[] sums) {
        return Map.of();
    }
}
