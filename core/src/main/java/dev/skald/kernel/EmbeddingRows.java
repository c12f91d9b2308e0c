package dev.skald.kernel;

import dev.skald.tensor.BlockValues;
import dev.skald.tensor.DType;
import dev.skald.tensor.DeviceType;
import dev.skald.tensor.Matrix;
import dev.skald.tensor.TensorMemory;
import java.lang.foreign.MemorySegment;
import org.bytedeco.pytorch.Tensor;

/** Rows of a table of blocks, dequantised exactly and rounded to a dtype. */
final class EmbeddingRows {

    private EmbeddingRows() {}

    /** {@code [ids, columns]} of bf16 or f32 in the CPU's memory; the caller's scope frees it. */
    static Tensor of(Matrix.Blocks table, int[] ids, DType dtype) {
        int columns = (int) table.columns();
        Tensor out = DeviceType.CPU.zeros(dtype, ids.length, columns);
        MemorySegment to = TensorMemory.of(out);
        float[] row = new float[columns];
        for (int r = 0; r < ids.length; r++) {
            if (ids[r] < 0 || ids[r] >= table.rows()) {
                throw new IllegalArgumentException("id " + ids[r] + " of a vocabulary of " + table.rows());
            }
            BlockValues.read(
                    table.format(), table.memory(), ids[r] * table.format().bytes(columns), columns, row, 0);
            Floats.write(row, to, (long) r * columns, dtype == DType.BF16);
        }
        return out;
    }
}
