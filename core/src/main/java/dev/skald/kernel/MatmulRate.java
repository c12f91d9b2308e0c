package dev.skald.kernel;

import dev.skald.tensor.DType;
import dev.skald.tensor.DeviceType;
import dev.skald.tensor.Matrix;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/** How many floating point operations a second a matrix product does here, by whichever {@link Gemm} is taken: what MFU is measured against. */
public final class MatmulRate {

    private static final int ROWS = 2048;
    private static final int IN = 512;
    private static final int OUT = 1408;
    private static final int TRIES = 40;
    private static final long MOST_NANOS = 1_000_000_000L;

    private MatmulRate() {}

    /**
     * The best of many products (half a second in all, or somewhat more) of a size that fits caches as a model's do.
     *
     * @param kernels for {@code dtype} on {@code device}
     * @return floating point operations a second
     */
    public static double measure(Kernels kernels, DType dtype, DeviceType device) {
        double best = 0;
        long start = System.nanoTime();
        for (int i = 0; i < TRIES && (i < 3 || System.nanoTime() - start < MOST_NANOS); i++) {
            try (PointerScope _ = new PointerScope()) {
                Tensor x = device.zeros(dtype, ROWS, IN);
                Matrix weight = Matrix.of(device.zeros(dtype, OUT, IN));
                Tensor out = x.new_empty(ROWS, OUT);
                long begin = System.nanoTime();
                kernels.gemm().forward(x, weight, out);
                // A number that is read back: on a GPU, the time is that of the work, not of asking for it.
                out.select(0, 0).select(0, 0).item_float();
                best = Math.max(best, 2.0 * ROWS * IN * OUT / ((System.nanoTime() - begin) / 1e9));
            }
        }
        return best;
    }
}
