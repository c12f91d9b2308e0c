package dev.skald.tensor;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** How many bytes a second all cores together read from memory: what decoding, which reads every weight once for each token, is bound by. */
public final class MemoryReadRate {

    private static final long ELEMENTS = 1L << 27;
    private static final int TRIES = 4;

    private MemoryReadRate() {}

    /**
     * The best of some sums over half a GiB, more than caches hold.
     *
     * @return bytes a second; {@link Natives#load} comes first
     */
    public static double measure(DeviceType device) {
        double best = 0;
        try (PointerScope _ = new PointerScope();
                Scalar one = new Scalar(1.0)) {
            Tensor data = device.zeros(DType.F32, ELEMENTS);
            data.fill_(one); // zeros are one page of the system until they are written
            for (int i = 0; i < TRIES; i++) {
                try (PointerScope _ = new PointerScope()) {
                    long start = System.nanoTime();
                    data.sum().item_float();
                    best = Math.max(best, ELEMENTS * Float.BYTES / ((System.nanoTime() - start) / 1e9));
                }
            }
        }
        return best;
    }
}
