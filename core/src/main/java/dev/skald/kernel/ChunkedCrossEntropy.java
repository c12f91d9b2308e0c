package dev.skald.kernel;

import dev.skald.tensor.Matrix;
import java.util.Arrays;
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

    /** What is done to the logits of a chunk. */
    interface Logits {

        /**
         * The sum of the rows' cross entropies.
         *
         * @param logits {@code [rows, vocab]}; with {@code gradient}, overwritten by the gradient of {@code gradientScale} times the sum
         * @param targets per row
         */
        double crossEntropy(Tensor logits, int[] targets, double gradientScale, boolean gradient);
    }

    double forward(Tensor hidden, Tensor weight, int[] targets) {
        double sum = 0;
        int most = chunk(weight);
        for (int start = 0; start < targets.length; start += most) {
            try (PointerScope _ = new PointerScope()) {
                int rows = Math.min(most, targets.length - start);
                Tensor chunk = logits(hidden.narrow(0, start, rows), weight);
                sum += logits.crossEntropy(chunk, Arrays.copyOfRange(targets, start, start + rows), 0, false);
            }
        }
        return sum;
    }

    double forwardBackward(
            Tensor hidden,
            Tensor weight,
            int[] targets,
            double gradientScale,
            Tensor hiddenGradient,
            Tensor weightGradient) {
        double sum = 0;
        int most = chunk(weight);
        for (int start = 0; start < targets.length; start += most) {
            try (PointerScope _ = new PointerScope()) {
                int rows = Math.min(most, targets.length - start);
                Tensor hiddenRows = hidden.narrow(0, start, rows);
                Tensor chunk = logits(hiddenRows, weight);
                sum += logits.crossEntropy(
                        chunk, Arrays.copyOfRange(targets, start, start + rows), gradientScale, true);
                gemm.inputGradient(chunk, Matrix.of(weight), hiddenGradient.narrow(0, start, rows), false);
                gemm.weightGradient(chunk, hiddenRows, weightGradient);
            }
        }
        return sum;
    }

    private Tensor logits(Tensor hidden, Tensor weight) {
        Tensor logits = hidden.new_empty(hidden.size(0), weight.size(0));
        gemm.forward(hidden, Matrix.of(weight), logits);
        return logits;
    }
}
