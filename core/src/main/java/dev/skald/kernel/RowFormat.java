package dev.skald.kernel;

import dev.skald.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.bytedeco.pytorch.Tensor;

/**
 * Rows of a tensor's memory, of bf16 or f32, to and from arrays of floats. A bf16 is the upper half of a float, so one 32-bit lane holds two
 * of them: the row is read a pair at a time, and lies in the array with the elements of even index first and those of odd index after them.
 * {@link #index} tells where an element is; loops that treat all elements alike, and rows of one format alike, need not know.
 */
enum RowFormat {
    BF16,
    F32;

    static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
    static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
    static final int LANES = FLOATS.length();
    static final ByteOrder ORDER = ByteOrder.nativeOrder();

    /** All memory, at offsets that are addresses: what loops over tensors read and write. */
    static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    /** The mask of the element of odd index in a pair. */
    static final int ODD = 0xffff0000;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

    /**
     * The format that the rows of some tensors have.
     *
     * @throws IllegalArgumentException for f16, different dtypes, and a tensor whose rows do not lie one after the other
     */
    static RowFormat of(Tensor... tensors) {
        RowFormat format = null;
        for (Tensor tensor : tensors) {
            RowFormat own = switch (DType.of(tensor.scalar_type())) {
                case BF16 -> BF16;
                case F32 -> F32;
                case F16 -> throw new IllegalArgumentException("no vector loops for f16");
            };
            if (!tensor.is_contiguous() || (format != null && format != own)) {
                throw new IllegalArgumentException("vector loops need contiguous tensors of one dtype");
            }
            format = own;
        }
        return format;
    }

    /** Bytes of {@code n} elements. */
    long bytes(long n) {
        return switch (this) {
            case BF16 -> 2 * n;
            case F32 -> 4 * n;
        };
    }

    /** Where element {@code i} of a row of {@code n} lies in the array. */
    int index(int i, int n) {
        return switch (this) {
            case BF16 -> (i & 1) * ((n + 1) >> 1) + (i >> 1);
            case F32 -> i;
        };
    }

    /** Reads {@code n} elements at {@code address} into {@code to[0..n)}. */
    void load(long address, int n, float[] to) {
        switch (this) {
            case BF16 -> loadPairs(address, n, to);
            case F32 -> MemorySegment.copy(MEMORY, FLOAT, address, to, 0, n);
        }
    }

    /** Reads {@code n} elements at {@code address} into {@code to[at..at + n)}, in the order in which they lie in memory. */
    void loadInOrder(long address, int n, float[] to, int at) {
        switch (this) {
            case BF16 -> {
                int i = 0;
                for (int bound = FLOATS.loopBound(n); i < bound; i += LANES) {
                    FloatConversion.bfloats(address + 2L * i).intoArray(to, at + i);
                }
                for (; i < n; i++) {
                    to[at + i] = bf16(address + 2L * i);
                }
            }
            case F32 -> MemorySegment.copy(MEMORY, FLOAT, address, to, at, n);
        }
    }

    /** Writes {@code from[0..n)}, rounded to nearest even, to {@code address}. */
    void store(float[] from, int n, long address) {
        switch (this) {
            case BF16 -> storePairs(from, n, address);
            case F32 -> MemorySegment.copy(from, 0, MEMORY, FLOAT, address, n);
        }
    }

    /** Rounds {@code x[0..n)} as {@link #store} would. */
    void round(float[] x, int n) {
        switch (this) {
            case BF16 -> roundPairs(x, n);
            case F32 -> {}
        }
    }

    /** Zeros at elements {@code from} to {@code to} of the row at {@code address}. */
    void zero(long address, int from, int to) {
        MEMORY.asSlice(address + bytes(from), bytes(to - from)).fill((byte) 0);
    }

    /** The bf16 at an address. */
    static float bf16(long address) {
        return Float.intBitsToFloat(MEMORY.get(SHORT, address) << 16);
    }

    private static void loadPairs(long address, int n, float[] to) {
        int pairs = n >> 1;
        int odds = (n + 1) >> 1;
        int i = 0;
        for (int bound = INTS.loopBound(pairs); i < bound; i += LANES) {
            IntVector pair = IntVector.fromMemorySegment(INTS, MEMORY, address + 4L * i, ORDER);
            pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(to, i);
            pair.and(ODD).reinterpretAsFloats().intoArray(to, odds + i);
        }
        for (; i < pairs; i++) {
            int pair = MEMORY.get(INT, address + 4L * i);
            to[i] = Float.intBitsToFloat(pair << 16);
            to[odds + i] = Float.intBitsToFloat(pair & ODD);
        }
        if (pairs < odds) {
            to[pairs] = bf16(address + 4L * pairs);
        }
    }

    private static void storePairs(float[] from, int n, long address) {
        int pairs = n >> 1;
        int odds = (n + 1) >> 1;
        int i = 0;
        for (int bound = INTS.loopBound(pairs); i < bound; i += LANES) {
            IntVector even = rounded(FloatVector.fromArray(FLOATS, from, i).reinterpretAsInts());
            IntVector odd =
                    rounded(FloatVector.fromArray(FLOATS, from, odds + i).reinterpretAsInts());
            even.lanewise(VectorOperators.LSHR, 16).or(odd.and(ODD)).intoMemorySegment(MEMORY, address + 4L * i, ORDER);
        }
        for (; i < pairs; i++) {
            MEMORY.set(INT, address + 4L * i, (rounded(from[i]) >>> 16) | (rounded(from[odds + i]) & ODD));
        }
        if (pairs < odds) {
            MEMORY.set(SHORT, address + 4L * pairs, (short) (rounded(from[pairs]) >>> 16));
        }
    }

    private static void roundPairs(float[] x, int n) {
        int i = 0;
        for (int bound = FLOATS.loopBound(n); i < bound; i += LANES) {
            rounded(FloatVector.fromArray(FLOATS, x, i).reinterpretAsInts())
                    .and(ODD)
                    .reinterpretAsFloats()
                    .intoArray(x, i);
        }
        for (; i < n; i++) {
            x[i] = Float.intBitsToFloat(rounded(x[i]) & ODD);
        }
    }

    /** The upper half of the sum is the nearest bf16, ties to even. */
    private static IntVector rounded(IntVector bits) {
        return bits.add(0x7fff).add(bits.lanewise(VectorOperators.LSHR, 16).and(1));
    }

    private static int rounded(float x) {
        int bits = Float.floatToRawIntBits(x);
        return bits + 0x7fff + ((bits >>> 16) & 1);
    }
}
