package dev.skald.kernel;

import dev.skald.tensor.DType;
import dev.skald.tensor.Matrix;
import dev.skald.tensor.TensorMemory;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Products of many rows with a matrix in groups by libtorch's product: some groups at a time are turned to the dtype of the rows, in memory that
 * stays in the caches and is used again and again. What a panel is depends on the matrix alone.
 */
record GroupPanels(Workers workers) {

    /** Elements of a panel. */
    private static final int PANEL = 4 << 20;

    /** Elements that are worth another thread. */
    private static final int GRAIN = 128 * 1024;

    /** Writes {@code x [rows, in]}, bf16 or f32, times the transpose of {@code weight [out, in]} to {@code out [rows, out]}. */
    void multiply(Tensor x, Matrix.Grouped weight, Tensor out) {
        DType dtype = DType.of(x.scalar_type());
        int in = (int) weight.columns();
        int groups = (int) Math.ceilDiv(weight.rows(), GroupLayout.ROWS);
        int most = Math.clamp(PANEL / in / GroupLayout.ROWS, 1, groups);
        try (PointerScope _ = new PointerScope()) {
            Tensor panel = x.new_empty((long) in * most * GroupLayout.ROWS);
            Tensor product = x.new_empty(x.size(0) * most * GroupLayout.ROWS);
            for (int first = 0; first < groups; first += most) {
                try (PointerScope _ = new PointerScope()) {
                    int count = Math.min(most, groups - first);
                    long width = (long) count * GroupLayout.ROWS;
                    long outs = Math.min(width, weight.rows() - (long) first * GroupLayout.ROWS);
                    Tensor values = panel.narrow(0, 0, in * width).view(in, width);
                    Tensor part = product.narrow(0, 0, x.size(0) * width).view(x.size(0), width);
                    fill(weight, first, count, dtype, TensorMemory.address(values));
                    torch.mm_out(part, x, values);
                    out.narrow(1, (long) first * GroupLayout.ROWS, outs).copy_(part.narrow(1, 0, outs));
                }
            }
        }
    }

    /** By parts of the columns, which lie one after the other in the panel. */
    private void fill(Matrix.Grouped weight, int group, int groups, DType dtype, long to) {
        int block = weight.format().blockElements();
        int width = groups * GroupLayout.ROWS;
        int chunk = Math.max(1, GRAIN / width / block);
        workers.run(
                (int) weight.columns() / block,
                chunk,
                (first, last) -> GroupValues.read(
                        weight,
                        first * block,
                        (last - first) * block,
                        group,
                        groups,
                        dtype,
                        to + (long) first * block * width * dtype.bytes()));
    }
}
