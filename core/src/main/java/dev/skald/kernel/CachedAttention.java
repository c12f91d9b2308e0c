package dev.skald.kernel;

import static dev.skald.kernel.RowFormat.FLOATS;
import static dev.skald.kernel.RowFormat.INTS;
import static dev.skald.kernel.RowFormat.LANES;
import static dev.skald.kernel.RowFormat.MEMORY;
import static dev.skald.kernel.RowFormat.ODD;
import static dev.skald.kernel.RowFormat.ORDER;

import dev.skald.tensor.TensorMemory;
import java.util.Arrays;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import org.bytedeco.pytorch.Tensor;

/**
 * Attention of a few queries over a cache of many positions, as when generating. The keys and values are read where they are, once for
 * all heads of their group; scores, softmax and sums are f32.
 */
record CachedAttention(Workers workers) {

    /** More queries than this are a matter for {@link BlockedAttention}. */
    static final int MOST = 8;

    /** {@link Kernels#attention(Tensor, List, List, int)}, written to {@code out [time, heads * headDim]}. */
    void attend(Tensor q, List<Tensor> keys, List<Tensor> values, int length, Tensor out) {
        int time = (int) q.size(0);
        int heads = (int) q.size(1);
        int headDim = (int) q.size(2);
        int kvHeads = (int) keys.getFirst().size(0);
        int group = heads / kvHeads;
        int blockLength = (int) keys.getFirst().size(1);
        RowFormat format = RowFormat.of(q, keys.getFirst(), values.getFirst());
        long qAt = TensorMemory.address(q);
        long outAt = TensorMemory.address(out);
        long[] keysAt = addresses(keys, length, blockLength);
        long[] valuesAt = addresses(values, length, blockLength);
        float scale = (float) (1 / Math.sqrt(headDim));
        workers.run(kvHeads, (long) length * headDim * heads < 16 * 1024 ? kvHeads : 1, (first, last) -> {
            float[] query = Scratch.floats(0, headDim);
            float[] scores = Scratch.floats(1, length);
            for (int kvHead = first; kvHead < last; kvHead++) {
                long head = format.bytes((long) kvHead * blockLength * headDim);
                for (int t = 0; t < time; t++) {
                    int seen = length - time + t + 1;
                    for (int g = 0; g < group; g++) {
                        long offset = format.bytes((((long) t * kvHeads + kvHead) * group + g) * headDim);
                        format.load(qAt + offset, headDim, query);
                        for (int p = 0; p < seen; p += blockLength) {
                            int count = Math.min(blockLength, seen - p);
                            RowDots.dots(format, query, keysAt[p / blockLength] + head, count, headDim, scores, p);
                        }
                        float shift = -scale * FloatLoops.max(scores, seen);
                        float sum = FloatLoops.exp(scores, seen, scale, shift);
                        Arrays.fill(query, 0, headDim, 0f);
                        for (int p = 0; p < seen; p += blockLength) {
                            int count = Math.min(blockLength, seen - p);
                            addRows(format, scores, p, valuesAt[p / blockLength] + head, count, headDim, query);
                        }
                        FloatLoops.scale(query, headDim, 1 / sum);
                        format.store(query, headDim, outAt + offset);
                    }
                }
            }
        });
    }

    private static long[] addresses(List<Tensor> blocks, int length, int blockLength) {
        return blocks.stream()
                .limit(Math.ceilDiv(length, blockLength))
                .mapToLong(TensorMemory::address)
                .toArray();
    }

    /** Adds {@code count} rows of {@code n}, each times its weight, to {@code sum}. */
    private static void addRows(RowFormat format, float[] weights, int at, long rows, int count, int n, float[] sum) {
        switch (format) {
            case BF16 -> addPairs(weights, at, rows, count, n, sum);
            case F32 -> addFloats(weights, at, rows, count, n, sum);
        }
    }

    private static void addPairs(float[] weights, int at, long rows, int count, int n, float[] sum) {
        int pairs = n >> 1;
        int odds = (n + 1) >> 1;
        int i = 0;
        for (int bound = INTS.loopBound(pairs); i < bound; i += LANES) {
            FloatVector even = FloatVector.fromArray(FLOATS, sum, i);
            FloatVector odd = FloatVector.fromArray(FLOATS, sum, odds + i);
            for (int p = 0; p < count; p++) {
                IntVector pair = IntVector.fromMemorySegment(INTS, MEMORY, rows + 2L * p * n + 4L * i, ORDER);
                FloatVector weight = FloatVector.broadcast(FLOATS, weights[at + p]);
                even = pair.lanewise(VectorOperators.LSHL, 16)
                        .reinterpretAsFloats()
                        .fma(weight, even);
                odd = pair.and(ODD).reinterpretAsFloats().fma(weight, odd);
            }
            even.intoArray(sum, i);
            odd.intoArray(sum, odds + i);
        }
        for (int element = 2 * i; element < n; element++) {
            float total = sum[RowFormat.BF16.index(element, n)];
            for (int p = 0; p < count; p++) {
                total = Math.fma(RowFormat.bf16(rows + 2L * ((long) p * n + element)), weights[at + p], total);
            }
            sum[RowFormat.BF16.index(element, n)] = total;
        }
    }

    private static void addFloats(float[] weights, int at, long rows, int count, int n, float[] sum) {
        int i = 0;
        for (int bound = FLOATS.loopBound(n); i < bound; i += LANES) {
            FloatVector total = FloatVector.fromArray(FLOATS, sum, i);
            for (int p = 0; p < count; p++) {
                total = FloatVector.fromMemorySegment(FLOATS, MEMORY, rows + 4L * ((long) p * n + i), ORDER)
                        .fma(FloatVector.broadcast(FLOATS, weights[at + p]), total);
            }
            total.intoArray(sum, i);
        }
        for (; i < n; i++) {
            float total = sum[i];
            for (int p = 0; p < count; p++) {
                total = Math.fma(MEMORY.get(RowFormat.FLOAT, rows + 4L * ((long) p * n + i)), weights[at + p], total);
            }
            sum[i] = total;
        }
    }
}
