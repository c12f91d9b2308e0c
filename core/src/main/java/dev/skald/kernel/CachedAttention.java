package dev.skald.kernel;

import static dev.skald.kernel.RowFormat.FLOATS;
import static dev.skald.kernel.RowFormat.INTS;
import static dev.skald.kernel.RowFormat.LANES;
import static dev.skald.kernel.RowFormat.MEMORY;
import static dev.skald.kernel.RowFormat.ODD;
import static dev.skald.kernel.RowFormat.ORDER;

import dev.skald.cache.KvLayout;
import dev.skald.cache.KvSpan;
import dev.skald.tensor.TensorMemory;
import java.util.Arrays;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import org.bytedeco.pytorch.Tensor;

/**
 * Attention of rows that each see a cache of their own, as when texts are generated: all sequences of a step in one call. An item of work is a
 * row and four of its heads that share keys, so that an element of the cache in a register serves four times. Scores are found for
 * {@link KvLayout#POSITIONS} positions side by side, without sums across lanes; scores, softmax and sums are f32. What an item computes depends
 * on nothing but its row and its cache.
 */
record CachedAttention(Workers workers) {

    /** Heads of one item. */
    private static final int HEADS = 4;

    private static final int POSITIONS = KvLayout.POSITIONS;

    /** Multiplications that are worth another thread. */
    private static final long GRAIN = 64 * 1024;

    /** Where the score of a position of a block is among its scores: in bf16 a lane of 32 bits holds two positions. */
    private static final int[] PAIRED = new int[POSITIONS];

    private static final int[] PLAIN = new int[POSITIONS];

    static {
        for (int p = 0; p < POSITIONS; p++) {
            int tile = p - p % (2 * LANES);
            PAIRED[p] = tile + (p & 1) * LANES + ((p - tile) >> 1);
            PLAIN[p] = p;
        }
    }

    /** The rows of a step: what each of them sees. */
    private record Rows(long[][] blocks, int[] seen) {

        static Rows of(List<KvSpan> spans) {
            int count = spans.stream().mapToInt(KvSpan::rows).sum();
            long[][] blocks = new long[count][];
            int[] seen = new int[count];
            int row = 0;
            for (KvSpan span : spans) {
                long[] addresses = new long[KvLayout.blocks(span.end())];
                Arrays.setAll(addresses, i -> span.sequence().block(i).address());
                for (int i = 0; i < span.rows(); i++, row++) {
                    blocks[row] = addresses;
                    seen[row] = span.start() + i + 1;
                }
            }
            return new Rows(blocks, seen);
        }
    }

    /**
     * {@link Kernels#attention(int, List, Tensor)} of spans of which each row is by itself.
     *
     * @param q {@code [rows, heads, headDim]}
     * @param out {@code [rows, heads * headDim]}
     */
    void attend(KvLayout layout, int layer, List<KvSpan> spans, Tensor q, Tensor out) {
        RowFormat format = RowFormat.of(q);
        int kvHeads = layout.kvHeads();
        int headDim = layout.headDim();
        int group = (int) q.size(1) / kvHeads;
        int quads = Math.ceilDiv(group, HEADS);
        Rows rows = Rows.of(spans);
        long qAt = TensorMemory.address(q);
        long outAt = TensorMemory.address(out);
        long most = Arrays.stream(rows.seen).max().orElse(0);
        int items = rows.seen.length * kvHeads * quads;
        int chunk = Math.clamp(GRAIN / (most * headDim * HEADS), 1, items);
        workers.run(items, chunk, (first, last) -> {
            for (int item = first; item < last; item++) {
                int row = item / (kvHeads * quads);
                int kvHead = item / quads % kvHeads;
                int head = item % quads * HEADS;
                long at = format.bytes((((long) row * kvHeads + kvHead) * group + head) * headDim);
                attend(
                        format,
                        rows.blocks[row],
                        layout.offset(layer, 0) + kvHead * layout.headBytes(),
                        layout.offset(layer, 1) + kvHead * layout.headBytes(),
                        rows.seen[row],
                        headDim,
                        Math.min(HEADS, group - head),
                        qAt + at,
                        outAt + at);
            }
        });
    }

    /** @param heads of the item, side by side at {@code q} and at {@code out}; zeros stand for what is missing to four */
    private static void attend(
            RowFormat format,
            long[] blocks,
            long keys,
            long values,
            int seen,
            int headDim,
            int heads,
            long q,
            long out) {
        float[] queries = Scratch.floats(0, HEADS * headDim);
        Arrays.fill(queries, heads * headDim, HEADS * headDim, 0f);
        for (int h = 0; h < heads; h++) {
            format.loadInOrder(q + format.bytes((long) h * headDim), headDim, queries, h * headDim);
        }
        int slots = KvLayout.blocks(seen) * POSITIONS;
        Four scores = Four.scratch(1, slots);
        for (int b = 0; b * POSITIONS < seen; b++) {
            switch (format) {
                case BF16 -> scorePairs(queries, headDim, blocks[b] + keys, scores, b * POSITIONS);
                case F32 -> scoreFloats(queries, headDim, blocks[b] + keys, scores, b * POSITIONS);
            }
        }
        int[] order = format == RowFormat.BF16 ? PAIRED : PLAIN;
        float scale = (float) (1 / Math.sqrt(headDim));
        Four sums = Four.scratch(5, headDim);
        float[] inverse = new float[heads];
        for (int h = 0; h < heads; h++) {
            float[] own = scores.of(h);
            for (int p = seen; p < slots; p++) {
                own[slots - POSITIONS + order[p % POSITIONS]] = Float.NEGATIVE_INFINITY;
            }
            inverse[h] = 1 / FloatLoops.exp(own, slots, scale, -scale * FloatLoops.max(own, slots));
        }
        switch (format) {
            case BF16 -> addPairs(scores, blocks, values, seen, headDim, sums);
            case F32 -> addFloats(scores, blocks, values, seen, headDim, sums);
        }
        for (int h = 0; h < heads; h++) {
            FloatLoops.scale(sums.of(h), headDim, inverse[h]);
            format.store(sums.of(h), headDim, out + format.bytes((long) h * headDim));
        }
    }

    /** An array for each head of an item. */
    private record Four(float[] a, float[] b, float[] c, float[] d) {

        static Four scratch(int slot, int n) {
            return new Four(
                    Scratch.floats(slot, n),
                    Scratch.floats(slot + 1, n),
                    Scratch.floats(slot + 2, n),
                    Scratch.floats(slot + 3, n));
        }

        float[] of(int head) {
            return switch (head) {
                case 0 -> a;
                case 1 -> b;
                case 2 -> c;
                default -> d;
            };
        }
    }

    /** The scores of a block's positions, as {@link #PAIRED} orders them, from {@code at} on. */
    private static void scorePairs(float[] q, int headDim, long keys, Four scores, int at) {
        for (int tile = 0; tile < POSITIONS; tile += 2 * LANES) {
            FloatVector even0 = FloatVector.zero(FLOATS);
            FloatVector even1 = even0;
            FloatVector even2 = even0;
            FloatVector even3 = even0;
            FloatVector odd0 = even0;
            FloatVector odd1 = even0;
            FloatVector odd2 = even0;
            FloatVector odd3 = even0;
            for (int d = 0; d < headDim; d++) {
                IntVector pair = IntVector.fromMemorySegment(INTS, MEMORY, keys + 2L * (d * POSITIONS + tile), ORDER);
                FloatVector even = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
                FloatVector odd = pair.and(ODD).reinterpretAsFloats();
                FloatVector q0 = FloatVector.broadcast(FLOATS, q[d]);
                FloatVector q1 = FloatVector.broadcast(FLOATS, q[headDim + d]);
                FloatVector q2 = FloatVector.broadcast(FLOATS, q[2 * headDim + d]);
                FloatVector q3 = FloatVector.broadcast(FLOATS, q[3 * headDim + d]);
                even0 = even.fma(q0, even0);
                odd0 = odd.fma(q0, odd0);
                even1 = even.fma(q1, even1);
                odd1 = odd.fma(q1, odd1);
                even2 = even.fma(q2, even2);
                odd2 = odd.fma(q2, odd2);
                even3 = even.fma(q3, even3);
                odd3 = odd.fma(q3, odd3);
            }
            int to = at + tile;
            even0.intoArray(scores.a, to);
            odd0.intoArray(scores.a, to + LANES);
            even1.intoArray(scores.b, to);
            odd1.intoArray(scores.b, to + LANES);
            even2.intoArray(scores.c, to);
            odd2.intoArray(scores.c, to + LANES);
            even3.intoArray(scores.d, to);
            odd3.intoArray(scores.d, to + LANES);
        }
    }

    /** The scores of a block's positions, from {@code at} on. */
    private static void scoreFloats(float[] q, int headDim, long keys, Four scores, int at) {
        for (int tile = 0; tile < POSITIONS; tile += LANES) {
            FloatVector sum0 = FloatVector.zero(FLOATS);
            FloatVector sum1 = sum0;
            FloatVector sum2 = sum0;
            FloatVector sum3 = sum0;
            for (int d = 0; d < headDim; d++) {
                FloatVector key =
                        FloatVector.fromMemorySegment(FLOATS, MEMORY, keys + 4L * (d * POSITIONS + tile), ORDER);
                sum0 = key.fma(FloatVector.broadcast(FLOATS, q[d]), sum0);
                sum1 = key.fma(FloatVector.broadcast(FLOATS, q[headDim + d]), sum1);
                sum2 = key.fma(FloatVector.broadcast(FLOATS, q[2 * headDim + d]), sum2);
                sum3 = key.fma(FloatVector.broadcast(FLOATS, q[3 * headDim + d]), sum3);
            }
            sum0.intoArray(scores.a, at + tile);
            sum1.intoArray(scores.b, at + tile);
            sum2.intoArray(scores.c, at + tile);
            sum3.intoArray(scores.d, at + tile);
        }
    }

    /** The sums of the values of {@code seen} positions, each times its weight; elements in the order of {@link RowFormat#load}. */
    private static void addPairs(Four weights, long[] blocks, long values, int seen, int headDim, Four sums) {
        float[] a = weights.a;
        float[] b = weights.b;
        float[] c = weights.c;
        float[] d = weights.d;
        int pairs = headDim >> 1;
        int odds = (headDim + 1) >> 1;
        int i = 0;
        for (int bound = INTS.loopBound(pairs); i < bound; i += LANES) {
            FloatVector even0 = FloatVector.zero(FLOATS);
            FloatVector even1 = even0;
            FloatVector even2 = even0;
            FloatVector even3 = even0;
            FloatVector odd0 = even0;
            FloatVector odd1 = even0;
            FloatVector odd2 = even0;
            FloatVector odd3 = even0;
            for (int first = 0; first < seen; first += POSITIONS) {
                long rows = blocks[first / POSITIONS] + values + 4L * i;
                int count = Math.min(POSITIONS, seen - first);
                for (int p = 0; p < count; p++) {
                    IntVector pair = IntVector.fromMemorySegment(INTS, MEMORY, rows + 2L * p * headDim, ORDER);
                    FloatVector even = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
                    FloatVector odd = pair.and(ODD).reinterpretAsFloats();
                    int at = first + PAIRED[p];
                    FloatVector w0 = FloatVector.broadcast(FLOATS, a[at]);
                    FloatVector w1 = FloatVector.broadcast(FLOATS, b[at]);
                    FloatVector w2 = FloatVector.broadcast(FLOATS, c[at]);
                    FloatVector w3 = FloatVector.broadcast(FLOATS, d[at]);
                    even0 = even.fma(w0, even0);
                    odd0 = odd.fma(w0, odd0);
                    even1 = even.fma(w1, even1);
                    odd1 = odd.fma(w1, odd1);
                    even2 = even.fma(w2, even2);
                    odd2 = odd.fma(w2, odd2);
                    even3 = even.fma(w3, even3);
                    odd3 = odd.fma(w3, odd3);
                }
            }
            even0.intoArray(sums.a, i);
            odd0.intoArray(sums.a, odds + i);
            even1.intoArray(sums.b, i);
            odd1.intoArray(sums.b, odds + i);
            even2.intoArray(sums.c, i);
            odd2.intoArray(sums.c, odds + i);
            even3.intoArray(sums.d, i);
            odd3.intoArray(sums.d, odds + i);
        }
        for (int element = 2 * i; element < headDim; element++) {
            int to = RowFormat.BF16.index(element, headDim);
            for (int h = 0; h < HEADS; h++) {
                float[] own = weights.of(h);
                float sum = 0;
                for (int p = 0; p < seen; p++) {
                    long row = blocks[p / POSITIONS] + values + 2L * (p % POSITIONS * headDim + element);
                    sum = Math.fma(RowFormat.bf16(row), own[p - p % POSITIONS + PAIRED[p % POSITIONS]], sum);
                }
                sums.of(h)[to] = sum;
            }
        }
    }

    private static void addFloats(Four weights, long[] blocks, long values, int seen, int headDim, Four sums) {
        float[] a = weights.a;
        float[] b = weights.b;
        float[] c = weights.c;
        float[] d = weights.d;
        int i = 0;
        for (int bound = FLOATS.loopBound(headDim); i < bound; i += LANES) {
            FloatVector sum0 = FloatVector.zero(FLOATS);
            FloatVector sum1 = sum0;
            FloatVector sum2 = sum0;
            FloatVector sum3 = sum0;
            for (int first = 0; first < seen; first += POSITIONS) {
                long rows = blocks[first / POSITIONS] + values + 4L * i;
                int count = Math.min(POSITIONS, seen - first);
                for (int p = 0; p < count; p++) {
                    FloatVector value = FloatVector.fromMemorySegment(FLOATS, MEMORY, rows + 4L * p * headDim, ORDER);
                    sum0 = value.fma(FloatVector.broadcast(FLOATS, a[first + p]), sum0);
                    sum1 = value.fma(FloatVector.broadcast(FLOATS, b[first + p]), sum1);
                    sum2 = value.fma(FloatVector.broadcast(FLOATS, c[first + p]), sum2);
                    sum3 = value.fma(FloatVector.broadcast(FLOATS, d[first + p]), sum3);
                }
            }
            sum0.intoArray(sums.a, i);
            sum1.intoArray(sums.b, i);
            sum2.intoArray(sums.c, i);
            sum3.intoArray(sums.d, i);
        }
        for (; i < headDim; i++) {
            for (int h = 0; h < HEADS; h++) {
                float[] own = weights.of(h);
                float sum = 0;
                for (int p = 0; p < seen; p++) {
                    long row = blocks[p / POSITIONS] + values + 4L * (p % POSITIONS * headDim + i);
                    sum = Math.fma(MEMORY.get(RowFormat.FLOAT, row), own[p], sum);
                }
                sums.of(h)[i] = sum;
            }
        }
    }
}
