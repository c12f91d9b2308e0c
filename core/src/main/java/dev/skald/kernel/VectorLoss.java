package dev.skald.kernel;

import dev.skald.tensor.TensorMemory;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;

/** Cross entropy over rows of logits, each read once. */
record VectorLoss(Workers workers) implements ChunkedCrossEntropy.Logits {

    @Override
    public double[] crossEntropies(Tensor logits, int[] targets, double[] gradientScales) {
        boolean gradient = gradientScales.length > 0;
        int vocab = (int) logits.size(1);
        RowFormat format = RowFormat.of(logits);
        long at = TensorMemory.address(logits);
        double[] losses = new double[targets.length];
        workers.run(targets.length, 4, (first, last) -> {
            float[] row = Scratch.floats(0, vocab);
            for (int r = first; r < last; r++) {
                long address = at + format.bytes((long) r * vocab);
                if (targets[r] == Kernels.IGNORED) {
                    if (gradient) {
                        format.zero(address, 0, vocab);
                    }
                    continue;
                }
                format.load(address, vocab, row);
                int target = format.index(Objects.checkIndex(targets[r], vocab), vocab);
                float logit = row[target];
                float max = FloatLoops.max(row, vocab);
                float sum = FloatLoops.exp(row, vocab, 1, -max);
                // StrictMath: interpreter and compiler may give another last bit for Math.log.
                losses[r] = StrictMath.log(sum) + max - logit;
                if (gradient) {
                    FloatLoops.scale(row, vocab, (float) (gradientScales[r] / sum));
                    row[target] -= (float) gradientScales[r];
                    format.store(row, vocab, address);
                }
            }
        });
        return losses;
    }
}
