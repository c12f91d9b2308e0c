package dev.skald.train;

import dev.skald.InvalidInputException;
import dev.skald.config.Key;
import java.util.List;

/**
 * {@code optimizer} of DeepSpeed's file, which takes the place of the trainer's optimizer there. Here it may say again what the trainer says, and
 * what it leaves out is the trainer's.
 */
public record DeepSpeedOptimizer(
        @Key(value = "AdamW, or Adam with adam_w_mode.", defaultValue = "AdamW")
        String type,

        @Key(value = "Its hyperparameters.", defaultValue = "{}")
        Params params) {

    /** {@code optimizer.params}. */
    public record Params(
            @Key(value = "Learning rate.", defaultValue = "auto")
            Auto lr,

            @Key(value = "Decays of the two moments.", defaultValue = "auto")
            List<Auto> betas,

            @Key(value = "Added to the root of the second moment.", defaultValue = "auto")
            Auto eps,

            @Key(value = "Decoupled weight decay.", defaultValue = "auto")
            Auto weightDecay,

            @Key(value = "Whether Adam's weight decay is decoupled; always true here.", defaultValue = "true")
            boolean adamWMode) {

        public Params {
            betas = List.copyOf(betas);
            if (!(betas.size() == 2 || (betas.size() == 1 && !betas.getFirst().isSet()))) {
                throw new InvalidInputException(
                        "optimizer.params.betas: found " + betas + ", expected auto or two numbers");
            }
            if (!adamWMode) {
                throw new InvalidInputException(
                        "optimizer.params.adam_w_mode: found false, but weight decay is always decoupled here");
            }
        }
    }

    public DeepSpeedOptimizer {
        if (!type.equalsIgnoreCase("AdamW") && !type.equalsIgnoreCase("Adam")) {
            throw new InvalidInputException("optimizer.type: found '" + type + "', expected AdamW");
        }
    }

    /** With the trainer's values; those it states otherwise are refused. */
    DeepSpeedOptimizer resolve(TrainerConfig trainer) {
        boolean auto = params.betas.size() == 1;
        return new DeepSpeedOptimizer(
                type,
                new Params(
                        params.lr.resolve("optimizer.params.lr", "learning_rate", trainer.learningRate()),
                        List.of(
                                (auto ? Auto.UNSET : params.betas.getFirst())
                                        .resolve("optimizer.params.betas[0]", "adam_beta1", trainer.adamBeta1()),
                                (auto ? Auto.UNSET : params.betas.getLast())
                                        .resolve("optimizer.params.betas[1]", "adam_beta2", trainer.adamBeta2())),
                        params.eps.resolve("optimizer.params.eps", "adam_epsilon", trainer.adamEpsilon()),
                        params.weightDecay.resolve(
                                "optimizer.params.weight_decay", "weight_decay", trainer.weightDecay()),
                        true));
    }
}
