package dev.skald.kernel;

import dev.skald.tensor.BlockValues;
import dev.skald.tensor.DType;
import dev.skald.tensor.Matrix;
import dev.skald.tensor.TensorMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/** A matrix of any format as a tensor: for the products that are not made for blocks, which are rare. */
final class WholeValues {

    private WholeValues() {}

    /**
     * The values.
     *
     * @param like what they are multiplied by: gives device and dtype where the matrix has blocks
     * @return {@code [rows, columns]}; the caller's scope frees it
     */
    static Tensor of(Matrix w, Tensor like) {
        return switch (w) {
            case Matrix.Dense dense -> dense.tensor();
            case Matrix.Blocks blocks -> placed(floats(blocks), like);
            case Matrix.Grouped _ ->
                throw new IllegalArgumentException("weights in groups are for products of rows alone");
        };
    }

    private static Tensor placed(Tensor values, Tensor like) {
        return values.to(like.device(), like.scalar_type());
    }

    private static Tensor floats(Matrix.Blocks w) {
        Tensor values =
                torch.empty(new long[] {w.rows(), w.columns()}, new TensorOptions(DType.F32.scalarType()), null);
        MemorySegment to = TensorMemory.of(values);
        int columns = (int) w.columns();
        float[] row = new float[columns];
        for (long r = 0; r < w.rows(); r++) {
            BlockValues.read(w.format(), w.memory(), r * w.format().bytes(columns), columns, row, 0);
            MemorySegment.copy(row, 0, to, ValueLayout.JAVA_FLOAT, 4 * r * columns, columns);
        }
        return values;
    }
}
