package dev.skald.kernel;

import dev.skald.kernel.Kernels.AttentionGradients;
import dev.skald.kernel.Kernels.DocumentAttention;
import dev.skald.tensor.Scoped;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Causal attention, a block of queries at a time. A block's scores against all the keys it sees are one batched matrix product, so its
 * softmax is whole and needs no running maximum. Held at once are the scores of one block: memory grows with the length, not with its
 * square. Documents lie in one sequence of rows, which is cut into blocks without regard to them: a block meets the keys from the start of
 * its first query's document to its own end, and what a query does not see of these is masked. So the products have few different shapes,
 * however long the documents are; libtorch compiles, and keeps, code for every shape.
 *
 * <p>The heads of one key-value head lie side by side as rows of one matrix, so that keys and values are never repeated: a query tensor is
 * {@code [kvHeads, time, group, headDim]}, and {@code time * group} are the rows of the product with {@code [kvHeads, headDim, keys]}.
 *
 * <p>The backward pass computes a block's scores again, and its probabilities from the saved logarithms of their sums, as in
 * FlashAttention-2 (Dao, 2023): with {@code delta = sum(dOut * out)}, {@code dS = P * (dP - delta)}.
 */
record BlockedAttention(Gemm gemm, Scores scores) {

    /** What is done to a block's scores between the matrix products. */
    interface Scores {

        /**
         * Scales and masks scores and makes them probabilities, in place. Row {@code r} is a query at time {@code r / group} of the block;
         * the last query sees the last key, the one before it the last but one, and so on.
         *
         * @param scores {@code [kvHeads, time * group, keys]}
         * @param firstKeys for each time of the block the first key that is seen
         * @param logSumExp f32 {@code [kvHeads, time, group]}: written, with a stride between the heads
         */
        void softmax(Tensor scores, int[] firstKeys, int group, double scale, Tensor logSumExp);

        /**
         * Makes scores probabilities, and the gradient of probabilities that of the scores, in place.
         *
         * @param dP {@code [kvHeads, time * group, keys]}
         * @param firstKeys as {@link #softmax} had them
         * @param logSumExp as {@link #softmax} left it
         * @param delta f32, as {@code logSumExp}
         */
        void gradient(
                Tensor scores, Tensor dP, int[] firstKeys, int group, double scale, Tensor logSumExp, Tensor delta);
    }

    /** Scores held at once, unless that were too few queries for a matrix product. */
    private static final long MOST_SCORES = 1 << 24;

    /** Where the keys of a block begin is a multiple of this. */
    private static final int KEY_STEP = 64;

    private static int queryBlock(long heads, long keys) {
        return Math.clamp(MOST_SCORES / (heads * keys), 16, 128);
    }

    /**
     * Attention of the last positions of a cache.
     *
     * @param q {@code [time, heads, headDim]}
     * @param keys {@code [kvHeads, headDim, length]}
     * @param values {@code [kvHeads, length, headDim]}
     * @return {@code [time, heads * headDim]}
     */
    Tensor overCache(Tensor q, Tensor keys, Tensor values) {
        return Scoped.tensor(() -> {
            Shape shape = Shape.of(q, keys.size(0));
            Tensor out = q.new_empty(q.size(0), q.size(1) * q.size(2));
            int queries = (int) q.size(0);
            int length = (int) keys.size(2);
            Inputs inputs = new Inputs(byHead(q, shape), keys.transpose(1, 2), values);
            Tensor logSumExp = emptyFloats(q, shape.kvHeads, queries, shape.group);
            int size = queryBlock(q.size(1), length);
            for (int start = 0; start < queries; start += size) {
                int end = Math.min(start + size, queries);
                forward(
                        shape,
                        inputs,
                        new Block(start, end, 0, length - queries + end, new int[end - start]),
                        out,
                        logSumExp);
            }
            return out;
        });
    }

    /** {@link Kernels#attention(Tensor, Tensor, Tensor, int[])}. */
    DocumentAttention byDocument(Tensor q, Tensor k, Tensor v, int[] documentStarts) {
        Shape shape = Shape.of(q, k.size(1));
        Tensor out = q.new_empty(q.size(0), q.size(1) * q.size(2));
        Tensor logSumExp = emptyFloats(q, shape.kvHeads, q.size(0), shape.group);
        try (PointerScope _ = new PointerScope()) {
            Inputs inputs = Inputs.of(q, k, v, shape);
            for (Block block : blocks(q, documentStarts)) {
                forward(shape, inputs, block, out, logSumExp);
            }
        }
        return new DocumentAttention(out, logSumExp);
    }

    private void forward(Shape shape, Inputs inputs, Block block, Tensor out, Tensor logSumExp) {
        try (PointerScope _ = new PointerScope()) {
            Tensor q_HRD = block.queries(inputs.q_HTGD);
            Tensor p_HRL = gemm.batched(q_HRD, block.keys(inputs.k_HLD).transpose(1, 2));
            scores.softmax(p_HRL, block.firstKeys, shape.group, shape.scale(), block.times(logSumExp));
            block.write(gemm.batched(p_HRL, block.keys(inputs.v_HLD)), shape, out);
        }
    }

    /** {@link Kernels#attentionBackward}. */
    AttentionGradients byDocumentBackward(
            Tensor dOut, DocumentAttention forward, Tensor q, Tensor k, Tensor v, int[] documentStarts) {
        Shape shape = Shape.of(q, k.size(1));
        Tensor dq = q.new_empty(q.size(0), q.size(1), q.size(2));
        Tensor dk = k.new_empty(k.size(0), k.size(1), k.size(2));
        Tensor dv = v.new_empty(k.size(0), k.size(1), k.size(2));
        try (PointerScope _ = new PointerScope()) {
            Inputs inputs = Inputs.of(q, k, v, shape);
            Tensor dOut_HTGD = byHead(dOut.view(q.size(0), q.size(1), q.size(2)), shape);
            Tensor delta_HTG = dOut.to(ScalarType.Float)
                    .mul(forward.out())
                    .view(q.size(0), shape.kvHeads, shape.group, shape.headDim)
                    .sum(3)
                    .transpose(0, 1)
                    .contiguous();
            Tensor dk_HTD =
                    emptyFloats(k, shape.kvHeads, k.size(0), shape.headDim).zero_();
            Tensor dv_HTD =
                    emptyFloats(k, shape.kvHeads, k.size(0), shape.headDim).zero_();
            for (Block block : blocks(q, documentStarts)) {
                backward(shape, inputs, block, dOut_HTGD, forward.logSumExp(), delta_HTG, dq, dk_HTD, dv_HTD);
            }
            dk.copy_(dk_HTD.transpose(0, 1));
            dv.copy_(dv_HTD.transpose(0, 1));
        }
        return new AttentionGradients(dq, dk, dv);
    }

    private void backward(
            Shape shape,
            Inputs inputs,
            Block block,
            Tensor dOut_HTGD,
            Tensor logSumExp_HTG,
            Tensor delta_HTG,
            Tensor dq,
            Tensor dk_HTD,
            Tensor dv_HTD) {
        try (PointerScope _ = new PointerScope()) {
            Tensor q_HRD = block.queries(inputs.q_HTGD);
            Tensor dOut_HRD = block.queries(dOut_HTGD);
            Tensor k_HLD = block.keys(inputs.k_HLD);
            Tensor p_HRL = gemm.batched(q_HRD, k_HLD.transpose(1, 2));
            Tensor ds_HRL = gemm.batched(dOut_HRD, block.keys(inputs.v_HLD).transpose(1, 2));
            scores.gradient(
                    p_HRL,
                    ds_HRL,
                    block.firstKeys,
                    shape.group,
                    shape.scale(),
                    block.times(logSumExp_HTG),
                    block.times(delta_HTG));
            block.keys(dv_HTD).add_(gemm.batched(p_HRL.transpose(1, 2), dOut_HRD));
            block.keys(dk_HTD).add_(gemm.batched(ds_HRL.transpose(1, 2), q_HRD));
            block.write(gemm.batched(ds_HRL, k_HLD), shape, dq);
        }
    }

    /** Blocks of all rows, each with the keys from its first query's document on. */
    private static List<Block> blocks(Tensor q, int[] documentStarts) {
        int rows = (int) q.size(0);
        int longest = 0;
        for (int d = 0; d < documentStarts.length; d++) {
            longest = Math.max(longest, end(documentStarts, d, rows) - documentStarts[d]);
        }
        int size = queryBlock(q.size(1), longest);
        List<Block> blocks = new ArrayList<>();
        int document = 0;
        for (int start = 0; start < rows; start += size) {
            int stop = Math.min(start + size, rows);
            int[] firstKeys = new int[stop - start];
            for (int row = start; row < stop; row++) {
                while (end(documentStarts, document, rows) <= row) {
                    document++;
                }
                firstKeys[row - start] = documentStarts[document];
            }
            int firstKey = firstKeys[0] - firstKeys[0] % KEY_STEP;
            for (int t = 0; t < firstKeys.length; t++) {
                firstKeys[t] -= firstKey;
            }
            blocks.add(new Block(start, stop, firstKey, stop, firstKeys));
        }
        return blocks;
    }

    private static int end(int[] documentStarts, int document, int rows) {
        return document + 1 < documentStarts.length ? documentStarts[document + 1] : rows;
    }

    private record Shape(long kvHeads, int group, long headDim) {

        /** The shape of queries {@code [time, heads, headDim]}. */
        static Shape of(Tensor q, long kvHeads) {
            return new Shape(kvHeads, (int) (q.size(1) / kvHeads), q.size(2));
        }

        double scale() {
            return 1 / Math.sqrt((double) headDim);
        }
    }

    /** Queries {@code [kvHeads, time, group, headDim]}, keys and values {@code [kvHeads, keys, headDim]}. */
    private record Inputs(Tensor q_HTGD, Tensor k_HLD, Tensor v_HLD) {

        static Inputs of(Tensor q, Tensor k, Tensor v, Shape shape) {
            return new Inputs(
                    byHead(q, shape),
                    k.transpose(0, 1).contiguous(),
                    v.transpose(0, 1).contiguous());
        }
    }

    /** Queries from a time to another, and the keys that they meet, the last query's own the last. */
    private static final class Block {
        private final int start;
        private final int end;
        private final int firstKey;
        private final int endKey;
        private final int[] firstKeys;

        Block(int start, int end, int firstKey, int endKey, int[] firstKeys) {
            this.start = start;
            this.end = end;
            this.firstKey = firstKey;
            this.endKey = endKey;
            this.firstKeys = firstKeys;
        }

        /** The block's part of {@code [kvHeads, time, group, headDim]} as rows {@code [kvHeads, time * group, headDim]}. */
        Tensor queries(Tensor x_HTGD) {
            return times(x_HTGD).view(x_HTGD.size(0), (end - start) * x_HTGD.size(2), x_HTGD.size(3));
        }

        /** The block's part of {@code [kvHeads, time, ...]}. */
        Tensor times(Tensor x_HT) {
            return x_HT.narrow(1, start, end - start);
        }

        /** The keys' part of {@code [kvHeads, keys, headDim]}. */
        Tensor keys(Tensor x_HLD) {
            return x_HLD.narrow(1, firstKey, endKey - firstKey);
        }

        /** Rows as {@link #queries} gives them, to the block's part of {@code [time, heads * headDim]}. */
        void write(Tensor rows_HRD, Shape shape, Tensor to) {
            int time = end - start;
            to.narrow(0, start, time)
                    .view(time, shape.kvHeads, shape.group, shape.headDim)
                    .copy_(rows_HRD.view(shape.kvHeads, time, shape.group, shape.headDim)
                            .transpose(0, 1));
        }
    }

    /** {@code [time, heads, headDim]} as {@code [kvHeads, time, group, headDim]}, contiguous. */
    private static Tensor byHead(Tensor x, Shape shape) {
        return x.view(x.size(0), shape.kvHeads, shape.group, shape.headDim)
                .transpose(0, 1)
                .contiguous();
    }

    private static Tensor emptyFloats(Tensor like, long... shape) {
        try (TensorOptions options = like.options();
                TensorOptions floats = options.dtype(new ScalarTypeOptional(ScalarType.Float))) {
            return like.new_empty(shape, floats);
        }
    }
}
