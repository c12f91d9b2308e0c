package dev.skald.model;

import dev.skald.kernel.Gemm;
import dev.skald.tensor.Matrix;
import java.util.Optional;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;

/**
 * The weights that a {@link Decoder} multiplies by, on one device, and which of them are learned. All are of one dtype, but for matrices that are
 * quantised.
 */
public sealed interface Weights permits Weights.Fixed, Weights.Base, BlockWeights, TrainableWeights {

    /** The weight of one of the model's parameters; owned by this. */
    Tensor weight(Parameter parameter);

    /** The same as a matrix, in whatever format it is held. */
    default Matrix matrix(Parameter parameter) {
        return Matrix.of(weight(parameter));
    }

    /** The same as a table, whose rows are looked up. */
    default Matrix table(Parameter parameter) {
        return matrix(parameter);
    }

    /** What is learned of one of the model's parameters as a whole; empty where it stays as it is. */
    Optional<Parameter> learned(Parameter parameter);

    /** The linear layer of one of the model's parameters. */
    Linear linear(Parameter parameter, Gemm gemm);

    /** Weights of which nothing is learned. */
    record Fixed(Function<Parameter, Tensor> weights) implements Weights {

        @Override
        public Tensor weight(Parameter parameter) {
            return weights.apply(parameter);
        }

        @Override
        public Optional<Parameter> learned(Parameter parameter) {
            return Optional.empty();
        }

        @Override
        public Linear linear(Parameter parameter, Gemm gemm) {
            return new Linear.Frozen(Matrix.of(weights.apply(parameter)), gemm);
        }
    }

    /** The weights of a base model, of which nothing is learned. */
    record Base(BaseWeights weights) implements Weights {

        @Override
        public Tensor weight(Parameter parameter) {
            return weights.weight(parameter);
        }

        @Override
        public Optional<Parameter> learned(Parameter parameter) {
            return Optional.empty();
        }

        @Override
        public Linear linear(Parameter parameter, Gemm gemm) {
            return weights.linear(parameter, gemm);
        }
    }
}
