package dev.skald.kernel;

import static dev.skald.kernel.RowFormat.FLOATS;
import static dev.skald.kernel.RowFormat.INTS;
import static dev.skald.kernel.RowFormat.LANES;
import static dev.skald.kernel.RowFormat.MEMORY;
import static dev.skald.kernel.RowFormat.ODD;
import static dev.skald.kernel.RowFormat.ORDER;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Dot products of a vector with rows that lie one after the other, in bf16 or f32: a query with the keys of a cache. Four rows are read side by
 * side, so that an element in a register serves four times and additions do not wait for each other.
 */
final class RowDots {

    private RowDots() {}

    /** The products of {@code x} with {@code count} rows of {@code n} that lie one after the other, to {@code sums} from {@code at}. */
    static void dots(RowFormat format, float[] x, long rows, int count, int n, float[] sums, int at) {
        switch (format) {
            case BF16 -> {
                int i = 0;
                for (; i + 4 <= count; i += 4) {
                    fourPairs(x, rows + 2L * i * n, n, sums, at + i);
                }
                for (; i < count; i++) {
                    sums[at + i] = onePairs(x, rows + 2L * i * n, n);
                }
            }
            case F32 -> {
                int i = 0;
                for (; i + 4 <= count; i += 4) {
                    fourFloats(x, rows + 4L * i * n, n, sums, at + i);
                }
                for (; i < count; i++) {
                    sums[at + i] = oneFloats(x, rows + 4L * i * n, n);
                }
            }
        }
    }

    private static void fourPairs(float[] x, long weight, int n, float[] sums, int at) {
        int pairs = n >> 1;
        int odds = (n + 1) >> 1;
        long row = 2L * n;
        FloatVector sum0 = FloatVector.zero(FLOATS);
        FloatVector sum1 = FloatVector.zero(FLOATS);
        FloatVector sum2 = FloatVector.zero(FLOATS);
        FloatVector sum3 = FloatVector.zero(FLOATS);
        int i = 0;
        for (int bound = INTS.loopBound(pairs); i < bound; i += LANES) {
            long address = weight + 4L * i;
            FloatVector even = FloatVector.fromArray(FLOATS, x, i);
            FloatVector odd = FloatVector.fromArray(FLOATS, x, odds + i);
            IntVector w0 = IntVector.fromMemorySegment(INTS, MEMORY, address, ORDER);
            IntVector w1 = IntVector.fromMemorySegment(INTS, MEMORY, address + row, ORDER);
            IntVector w2 = IntVector.fromMemorySegment(INTS, MEMORY, address + 2 * row, ORDER);
            IntVector w3 = IntVector.fromMemorySegment(INTS, MEMORY, address + 3 * row, ORDER);
            sum0 = w0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(even, sum0);
            sum1 = w1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(even, sum1);
            sum2 = w2.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(even, sum2);
            sum3 = w3.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(even, sum3);
            sum0 = w0.and(ODD).reinterpretAsFloats().fma(odd, sum0);
            sum1 = w1.and(ODD).reinterpretAsFloats().fma(odd, sum1);
            sum2 = w2.and(ODD).reinterpretAsFloats().fma(odd, sum2);
            sum3 = w3.and(ODD).reinterpretAsFloats().fma(odd, sum3);
        }
        sums[at] = FloatLoops.sum(sum0) + pairsFrom(i, x, weight, n);
        sums[at + 1] = FloatLoops.sum(sum1) + pairsFrom(i, x, weight + row, n);
        sums[at + 2] = FloatLoops.sum(sum2) + pairsFrom(i, x, weight + 2 * row, n);
        sums[at + 3] = FloatLoops.sum(sum3) + pairsFrom(i, x, weight + 3 * row, n);
    }

    private static float onePairs(float[] x, long weight, int n) {
        int pairs = n >> 1;
        int odds = (n + 1) >> 1;
        FloatVector sum = FloatVector.zero(FLOATS);
        int i = 0;
        for (int bound = INTS.loopBound(pairs); i < bound; i += LANES) {
            IntVector w = IntVector.fromMemorySegment(INTS, MEMORY, weight + 4L * i, ORDER);
            sum = w.lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(FloatVector.fromArray(FLOATS, x, i), sum);
            sum = w.and(ODD).reinterpretAsFloats().fma(FloatVector.fromArray(FLOATS, x, odds + i), sum);
        }
        return FloatLoops.sum(sum) + pairsFrom(i, x, weight, n);
    }

    /** What the vectors leave over. */
    private static float pairsFrom(int pair, float[] x, long weight, int n) {
        float sum = 0;
        for (int i = 2 * pair; i < n; i++) {
            sum = Math.fma(RowFormat.bf16(weight + 2L * i), x[RowFormat.BF16.index(i, n)], sum);
        }
        return sum;
    }

    private static void fourFloats(float[] x, long weight, int n, float[] sums, int at) {
        long row = 4L * n;
        FloatVector sum0 = FloatVector.zero(FLOATS);
        FloatVector sum1 = FloatVector.zero(FLOATS);
        FloatVector sum2 = FloatVector.zero(FLOATS);
        FloatVector sum3 = FloatVector.zero(FLOATS);
        int i = 0;
        for (int bound = FLOATS.loopBound(n); i < bound; i += LANES) {
            long address = weight + 4L * i;
            FloatVector input = FloatVector.fromArray(FLOATS, x, i);
            sum0 = FloatVector.fromMemorySegment(FLOATS, MEMORY, address, ORDER).fma(input, sum0);
            sum1 = FloatVector.fromMemorySegment(FLOATS, MEMORY, address + row, ORDER)
                    .fma(input, sum1);
            sum2 = FloatVector.fromMemorySegment(FLOATS, MEMORY, address + 2 * row, ORDER)
                    .fma(input, sum2);
            sum3 = FloatVector.fromMemorySegment(FLOATS, MEMORY, address + 3 * row, ORDER)
                    .fma(input, sum3);
        }
        sums[at] = FloatLoops.sum(sum0) + floatsFrom(i, x, weight, n);
        sums[at + 1] = FloatLoops.sum(sum1) + floatsFrom(i, x, weight + row, n);
        sums[at + 2] = FloatLoops.sum(sum2) + floatsFrom(i, x, weight + 2 * row, n);
        sums[at + 3] = FloatLoops.sum(sum3) + floatsFrom(i, x, weight + 3 * row, n);
    }

    private static float oneFloats(float[] x, long weight, int n) {
        FloatVector sum = FloatVector.zero(FLOATS);
        int i = 0;
        for (int bound = FLOATS.loopBound(n); i < bound; i += LANES) {
            sum = FloatVector.fromMemorySegment(FLOATS, MEMORY, weight + 4L * i, ORDER)
                    .fma(FloatVector.fromArray(FLOATS, x, i), sum);
        }
        return FloatLoops.sum(sum) + floatsFrom(i, x, weight, n);
    }

    private static float floatsFrom(int start, float[] x, long weight, int n) {
        float sum = 0;
        for (int i = start; i < n; i++) {
            sum = Math.fma(MEMORY.get(RowFormat.FLOAT, weight + 4L * i), x[i], sum);
        }
        return sum;
    }
}
