package dev.skald.kernel;

import dev.skald.tensor.Matrix;
import java.util.Arrays;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/**
 * The output layer and its loss, some rows at a time: the logits of a chunk become its loss, then, in place, the gradient of the loss, and
 * from that the gradients of the hidden rows and of the weight. The logits of 8192 rows over a vocabulary of 128256 would be 2 GB.
 */
record ChunkedCrossEntropy(Gemm gemm, Logits logits) {

    /** Rows whose logits are held at once: few enough that they take no more memory than the weight does. */
    private static int chunk(Tensor weight) {
        return Math.clamp(weight.size(1), 256, 1024);
    }

    /** No gradient is wanted. */
    private static final double[] NONE = {};

    /** What is done to the logits of a chunk. */
    interface Logits {

        /**
         * The cross entropy of each row.
         *
         * @param logits {@code [rows, vocab]}; with scales, overwritten by the gradient of the sum in which each row counts so many times
         * @param targets per row
         * @param gradientScales per row; none where no gradient is wanted
         */
        double[] crossEntropies(Tensor logits, int[] targets, double[] gradientScales);
    }

    double[] rows(Tensor hidden, Tensor weight, int[] targets) {
        double[] losses = new double[targets.length];
        forward(hidden, weight, targets, losses);
        return losses;
    }

    double forward(Tensor hidden, Tensor weight, int[] targets) {
        return forward(hidden, weight, targets, new double[targets.length]);
    }

    private double forward(Tensor hidden, Tensor weight, int[] targets, double[] losses) {
        double sum = 0;
        int most = chunk(weight);
        for (int start = 0; start < targets.length; start += most) {
            try (PointerScope _ = new PointerScope()) {
                int rows = Math.min(most, targets.length - start);
                Tensor chunk = logits(hidden.narrow(0, start, rows), weight);
                double[] found = logits.crossEntropies(chunk, Arrays.copyOfRange(targets, start, start + rows), NONE);
                System.arraycopy(found, 0, losses, start, rows);
                sum += sum(found);
            }
        }
        return sum;
    }

    double forwardBackward(
            Tensor hidden,
            Tensor weight,
            int[] targets,
            double[] gradientScales,
            Tensor hiddenGradient,
            Optional<Tensor> weightGradient) {
        double sum = 0;
        int most = chunk(weight);
        for (int start = 0; start < targets.length; start += most) {
            try (PointerScope _ = new PointerScope()) {
                int rows = Math.min(most, targets.length - start);
                Tensor hiddenRows = hidden.narrow(0, start, rows);
                Tensor chunk = logits(hiddenRows, weight);
                sum += sum(logits.crossEntropies(
                        chunk,
                        Arrays.copyOfRange(targets, start, start + rows),
                        Arrays.copyOfRange(gradientScales, start, start + rows)));
                gemm.inputGradient(chunk, Matrix.of(weight), hiddenGradient.narrow(0, start, rows), false);
                weightGradient.ifPresent(gradient -> gemm.weightGradient(chunk, hiddenRows, gradient));
            }
        }
        return sum;
    }

    private static double sum(double[] losses) {
        double sum = 0;
        for (double loss : losses) {
            sum += loss;
        }
        return sum;
    }

    private Tensor logits(Tensor hidden, Tensor weight) {
        Tensor logits = hidden.new_empty(hidden.size(0), weight.size(0));
        gemm.forward(hidden, Matrix.of(weight), logits);
        return logits;
    }
}
