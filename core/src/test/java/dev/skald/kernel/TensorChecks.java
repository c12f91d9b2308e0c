package dev.skald.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Random tensors, their values, and how far two are apart. */
final class TensorChecks {

    private TensorChecks() {}

    /** Normally distributed, rounded to {@code dtype}. */
    static Tensor random(ScalarType dtype, long... shape) {
        return torch.randn(shape).to(dtype);
    }

    static Tensor zeros(long... shape) {
        return torch.zeros(shape);
    }

    static float[] floats(Tensor tensor) {
        try (PointerScope _ = new PointerScope()) {
            float[] values = new float[(int) tensor.numel()];
            Tensor plain = tensor.detach().to(ScalarType.Float).contiguous();
            new FloatPointer(plain.data_ptr_float()).get(values);
            return values;
        }
    }

    static double[] doubles(Tensor tensor) {
        float[] values = floats(tensor);
        double[] wide = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            wide[i] = values[i];
        }
        return wide;
    }

    /**
     * The largest difference is at most {@code tolerance} times the largest expected value. That counts as 0.1 at least: operands are about 1,
     * and where all results are differences of equal terms (the gradient of a query that sees one key) what is left of them is rounding.
     */
    static void assertClose(String what, Tensor actual, double[] expected, double tolerance) {
        float[] values = floats(actual);
        assertThat(values).as(what).hasSameSizeAs(expected);
        double scale = 0.1;
        double error = 0;
        for (int i = 0; i < values.length; i++) {
            assertThat(values[i]).as("%s [%d]", what, i).isFinite();
            scale = Math.max(scale, Math.abs(expected[i]));
            error = Math.max(error, Math.abs(values[i] - expected[i]));
        }
        assertThat(error / scale).as(what).isLessThanOrEqualTo(tolerance);
    }
}
