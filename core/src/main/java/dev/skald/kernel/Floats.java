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

    /** Elements from {@code at} on, as many as the array has. */
    void read(long at, float[] to) {
        switch (dtype) {
            case F32 -> MemorySegment.copy(memory, FLOAT, at * Float.BYTES, to, 0, to.length);
            case BF16 -> {
                for (int i = 0; i < to.length; i++) {
                    to[i] = Float.intBitsToFloat(memory.getAtIndex(SHORT, at + i) << 16);
                }
            }
            case F16 -> {
                for (int i = 0; i < to.length; i++) {
                    to[i] = Float.float16ToFloat(memory.getAtIndex(SHORT, at + i));
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
     * The largest magnitude of elements {@code from <= i < to}.
     *
     * @throws IllegalArgumentException when one is not finite
     */
    static float absmax(float[] values, int from, int to) {
        float most = 0;
        for (int i = from; i < to; i++) {
            float magnitude = Math.abs(values[i]);
            if (!(magnitude <= Float.MAX_VALUE)) {
                throw new IllegalArgumentException("a weight is " + values[i] + ", which cannot be quantised");
            }
            most = Math.max(most, magnitude);
        }
        return most;
    }
}
