package dev.skald.kernel;

import dev.skald.tensor.DType;
import dev.skald.tensor.Format;
import dev.skald.tensor.Matrix;
import dev.skald.tensor.TensorMemory;
import org.bytedeco.pytorch.Tensor;

/**
 * Products of rows with a matrix in groups, in integers: the rows are quantised once, and each group of weights is read once and used for all of them while
 * it is in the first-level cache. A result depends on its row and its weights alone, bit for bit: neither on the other rows nor on the threads.
 */
record GroupProducts(Workers workers) {

    /** Weights that are worth another thread. */
    private static final int GRAIN = 256 * 1024;

    /** Activations that are worth another thread, and that are quantised and multiplied at once. */
    private static final int ROW_GRAIN = 8 * 1024;

    private static final int MOST = 4 << 20;

    /** Writes {@code x [rows, in]}, bf16 or f32, times the transpose of {@code weight [out, in]} to {@code out [rows, out]}. */
    void multiply(Tensor x, Matrix.Grouped weight, Tensor out) {
        int rows = (int) x.size(0);
        int in = (int) x.size(1);
        int outs = (int) weight.rows();
        if (weight.columns() != in || out.size(0) != rows || out.size(1) != outs) {
            throw new IllegalArgumentException("rows of " + in + " features, weight of " + weight.columns());
        }
        RowFormat format = RowFormat.of(x, out);
        long xAt = TensorMemory.address(x);
        long outAt = TensorMemory.address(out);
        int most = Math.max(1, MOST / in);
        for (int first = 0; first < rows; first += most) {
            int count = Math.min(most, rows - first);
            ActivationBlocks inputs =
                    quantise(format, xAt + format.bytes((long) first * in), count, in, weight.format());
            multiply(
                    inputs,
                    count,
                    weight,
                    Format.of(DType.of(out.scalar_type())),
                    outAt + format.bytes((long) first * outs));
        }
    }

    private ActivationBlocks quantise(RowFormat format, long at, int rows, int in, Format weights) {
        ActivationBlocks inputs = ActivationBlocks.of(weights, rows, in);
        workers.run(rows, Math.max(1, ROW_GRAIN / in), (from, to) -> {
            float[] row = Scratch.floats(2, in);
            int[] integers = new int[in];
            for (int r = from; r < to; r++) {
                format.loadInOrder(at + format.bytes((long) r * in), in, row, 0);
                inputs.quantise(r, row, integers);
            }
        });
        return inputs;
    }

    private void multiply(ActivationBlocks inputs, int rows, Matrix.Grouped weight, Format rounded, long outAt) {
        long groupBytes = GroupLayout.bytes(weight.format(), weight.columns());
        int outs = (int) weight.rows();
        long w = weight.memory().address();
        int chunk = Math.clamp(GRAIN / weight.columns() / GroupLayout.ROWS, 1, 64);
        workers.run(Math.ceilDiv(outs, GroupLayout.ROWS), chunk, (first, last) -> {
            int from = first * GroupLayout.ROWS;
            int count = Math.min(outs, last * GroupLayout.ROWS) - from;
            int width = (last - first) * GroupLayout.ROWS;
            long results = NativeScratch.floats(1, (long) rows * width);
            for (int group = first; group < last; group++) {
                for (int r = 0; r < rows; r++) {
                    long to = results + 4L * (r * width + (group - first) * GroupLayout.ROWS);
                    GroupDots.multiply(w + group * groupBytes, inputs, r, to);
                }
            }
            for (int r = 0; r < rows; r++) {
                FloatConversion.fromFloats(
                        results + 4L * r * width, count, rounded, outAt + rounded.bytes((long) r * outs + from));
            }
        });
    }
}
