package dev.skald.train;

import dev.skald.model.Gradients;
import dev.skald.model.PackedRows;
import dev.skald.model.TrainableLlama;
import java.util.List;

/** The cross entropy of the tokens that are to be predicted, in nats; each counts the same, in whichever micro-batch and rank it is. */
record NextToken() implements Objective {

    @Override
    public double units(PackedRows rows) {
        return rows.predicted();
    }

    @Override
    public double forwardBackward(TrainableLlama model, PackedRows rows, double scale, Gradients gradients) {
        return model.forwardBackward(rows, scale, gradients);
    }

    @Override
    public double loss(TrainableLlama model, PackedRows rows) {
        return model.loss(rows);
    }

    @Override
    public boolean dropsInputs() {
        return true;
    }

    @Override
    public List<String> names() {
        return List.of();
    }

    @Override
    public double[] takeSums() {
        return new double[0];
    }
}
