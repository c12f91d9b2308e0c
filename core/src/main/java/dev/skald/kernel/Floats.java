package dev.skald.kernel;

import dev.skald.tensor.DType;
import dev.skald.tensor.TensorMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.bytedeco.pytorch.Tensor;

/** The elements of a tensor on the CPU as arrays of floats, in their order, and back. */
final class Floats {

    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

    private final MemorySegment memory;
    private final DType dtype;

    Floats(Tensor tensor) {
        this.memory = TensorMemory.of(tensor);
        this.dtype = DType.of(tensor.scalar_type());
    }

    /**
     * The first {@code n} of the array become the elements from {@code at} on.
     *
     * @param halves for {@code n} elements, overwritten
     */
    void read(long at, int n, float[] to, short[] halves) {
        switch (dtype) {
            case F32 -> MemorySegment.copy(memory, FLOAT, at * Float.BYTES, to, 0, n);
            case BF16 -> {
                MemorySegment.copy(memory, SHORT, at * Short.BYTES, halves, 0, n);
                for (int i = 0; i < n; i++) {
                    to[i] = Float.intBitsToFloat(halves[i] << 16);
                }
            }
            case F16 -> {
                MemorySegment.copy(memory, SHORT, at * Short.BYTES, halves, 0, n);
                for (int i = 0; i < n; i++) {
                    to[i] = Float.float16ToFloat(halves[i]);
                }
            }
        }
    }

    /** Elements from {@code at} on, rounded to bf16 or as they are. */
    static void write(float[] from, MemorySegment memory, long at, boolean bf16) {
        if (!bf16) {
            MemorySegment.copy(from, 0, memory, FLOAT, at * Float.BYTES, from.length);
            return;
        }
        short[] rounded = new short[from.length];
        for (int i = 0; i < from.length; i++) {
            rounded[i] = bf16(from[i]);
        }
        MemorySegment.copy(rounded, 0, memory, SHORT, at * Short.BYTES, rounded.length);
    }

    /** To the nearest, of two as near the even one. */
    static short bf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
    }

    /**
     * The largest magnitude of the first {@code n}.
     *
     * @throws IllegalArgumentException when one is not finite
     */
    static float absmax(float[] values, int n) {
        float most = 0;
        for (int i = 0; i < n; i++) {
            most = Math.max(most, Math.abs(values[i])); // of a NaN and a number the NaN
        }
        if (!(most <= Float.MAX_VALUE)) {
            throw new IllegalArgumentException("a weight is not finite (" + most + "), and cannot be quantised");
        }
        return most;
    }
}
