package dev.skald.tensor;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** How many floating point operations a second matrix multiplication does here: what MFU is measured against. */
public final class MatmulRate {

    private static final int ROWS = 2048;
    private static final int IN = 512;
    private static final int OUT = 1408;
    private static final int TRIES = 40;

    private MatmulRate() {}

    /**
     * The best of many multiplications (a third of a second in all) of a size that fits caches as a model's do.
     *
     * @return floating point operations a second; {@link Natives#load} comes first
     */
    public static double measure(DType dtype, DeviceType device) {
        double best = 0;
        for (int i = 0; i < TRIES; i++) {
            try (PointerScope _ = new PointerScope()) {
                Tensor x = device.zeros(dtype, ROWS, IN);
                Tensor weight = device.zeros(dtype, OUT, IN);
                long start = System.nanoTime();
                // A number that is read back: on a GPU, the time is that of the work, not of asking for it.
                torch.linear(x, weight).select(0, 0).select(0, 0).item_float();
                best = Math.max(best, 2.0 * ROWS * IN * OUT / ((System.nanoTime() - start) / 1e9));
            }
        }
        return best;
    }
}
