package dev.skald.kernel;

import static org.bytedeco.pytorch.global.torch.cat;

import dev.skald.kernel.Kernels.AttentionGradients;
import dev.skald.kernel.Kernels.DocumentAttention;
import dev.skald.torch.Scoped;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Causal attention, a block of queries at a time. A block's scores against all the keys it sees are one batched matrix product, so its
 * softmax is whole and needs no running maximum; keys of the future and of other documents are not multiplied, but for the block's own
 * triangle. Held at once are the scores of one block: memory grows with the length, not with its square.
 *
 * <p>The heads of one key-value head lie side by side as rows of one matrix, so that keys and values are never repeated: a query tensor is
 * {@code [kvHeads, time, group, headDim]}, and {@code time * group} are the rows of the product with {@code [kvHeads, headDim, keys]}.
 *
 * <p>The backward pass computes a block's scores again, and its probabilities from the saved logarithms of their sums, as in
 * FlashAttention-2 (Dao, 2023): with {@code delta = sum(dOut * out)}, {@code dS = P * (dP - delta)}.
 */
record BlockedAttention(Scores scores) {

    /** What is done to a block's scores between the matrix products. */
    interface Scores {

        /**
         * Scales and masks scores and makes them probabilities, in place. Row {@code r} is a query at time {@code r / group} of the block;
         * the last query sees all keys, the one before it all but one, and so on.
         *
         * @param scores {@code [kvHeads, time * group, keys]}
         * @param logSumExp f32 {@code [kvHeads, time, group]}: written, with a stride between the heads
         */
        void softmax(Tensor scores, int group, double scale, Tensor logSumExp);

        /**
         * Makes scores probabilities, and the gradient of probabilities that of the scores, in place.
         *
         * @param dP {@code [kvHeads, time * group, keys]}
         * @param logSumExp as {@link #softmax} left it
         * @param delta f32, as {@code logSumExp}
         */
        void gradient(Tensor scores, Tensor dP, int group, double scale, Tensor logSumExp, Tensor delta);
    }

    /** Scores held at once, unless that were too few queries for a matrix product. */
    private static final long MOST_SCORES = 1 << 24;

    private static long queryBlock(long heads, long keys) {
        return Math.clamp(MOST_SCORES / (heads * keys), 16, 128);
    }

    /** {@link Kernels#attention(Tensor, List, List, int)}. */
    Tensor overCache(Tensor q, List<Tensor> keys, List<Tensor> values, int length) {
        return Scoped.tensor(() -> {
            int group = (int) (q.size(1) / keys.getFirst().size(0));
            Tensor k_HLD = cached(keys, length);
            Tensor v_HLD = cached(values, length);
            Tensor q_HTGD = byHead(q, group);
            Tensor logSumExp = emptyFloats(q, q_HTGD.size(0), q.size(0), group);
            Tensor out = q.new_empty(q.size(0), q.size(1) * q.size(2));
            forward(q_HTGD, k_HLD, v_HLD, out, logSumExp);
            return out;
        });
    }

    /** {@link Kernels#attention(Tensor, Tensor, Tensor, int[])}. */
    DocumentAttention byDocument(Tensor q, Tensor k, Tensor v, int[] documentStarts) {
        int group = (int) (q.size(1) / k.size(1));
        Tensor out = q.new_empty(q.size(0), q.size(1) * q.size(2));
        Tensor logSumExp = emptyFloats(q, k.size(1), q.size(0), group);
        try (PointerScope _ = new PointerScope()) {
            Tensor q_HTGD = byHead(q, group);
            Tensor k_HTD = k.transpose(0, 1).contiguous();
            Tensor v_HTD = v.transpose(0, 1).contiguous();
            for (int d = 0; d < documentStarts.length; d++) {
                try (PointerScope _ = new PointerScope()) {
                    long start = documentStarts[d];
                    long rows = end(documentStarts, d, q) - start;
                    forward(
                            q_HTGD.narrow(1, start, rows),
                            k_HTD.narrow(1, start, rows),
                            v_HTD.narrow(1, start, rows),
                            out.narrow(0, start, rows),
                            logSumExp.narrow(1, start, rows));
                }
            }
        }
        return new DocumentAttention(out, logSumExp);
    }

    /** The queries are the last of the keys' positions. */
    private void forward(Tensor q_HTGD, Tensor k_HLD, Tensor v_HLD, Tensor out, Tensor logSumExp) {
        long kvHeads = q_HTGD.size(0);
        long time = q_HTGD.size(1);
        int group = (int) q_HTGD.size(2);
        long headDim = q_HTGD.size(3);
        double scale = 1 / Math.sqrt((double) headDim);
        long block = queryBlock(kvHeads * group, k_HLD.size(1));
        for (long start = 0; start < time; start += block) {
            try (PointerScope _ = new PointerScope()) {
                long rows = Math.min(block, time - start);
                long seen = k_HLD.size(1) - time + start + rows;
                Tensor q_HRD = rows(q_HTGD, start, rows);
                Tensor p_HRL = q_HRD.bmm(k_HLD.narrow(1, 0, seen).transpose(1, 2));
                scores.softmax(p_HRL, group, scale, logSumExp.narrow(1, start, rows));
                Tensor o_HTGD = p_HRL.bmm(v_HLD.narrow(1, 0, seen)).view(kvHeads, rows, group, headDim);
                out.narrow(0, start, rows).view(rows, kvHeads, group, headDim).copy_(o_HTGD.transpose(0, 1));
            }
        }
    }

    /** {@link Kernels#attentionBackward}. */
    AttentionGradients byDocumentBackward(
            Tensor dOut, DocumentAttention forward, Tensor q, Tensor k, Tensor v, int[] documentStarts) {
        int group = (int) (q.size(1) / k.size(1));
        Tensor dq = q.new_empty(q.size(0), q.size(1), q.size(2));
        Tensor dk = k.new_empty(k.size(0), k.size(1), k.size(2));
        Tensor dv = v.new_empty(k.size(0), k.size(1), k.size(2));
        try (PointerScope _ = new PointerScope()) {
            Tensor q_HTGD = byHead(q, group);
            Tensor k_HTD = k.transpose(0, 1).contiguous();
            Tensor v_HTD = v.transpose(0, 1).contiguous();
            Tensor dOut_HTGD = byHead(dOut.view(q.size(0), q.size(1), q.size(2)), group);
            Tensor delta_HTG = dOut.to(ScalarType.Float)
                    .mul(forward.out())
                    .view(q.size(0), k.size(1), group, q.size(2))
                    .sum(3)
                    .transpose(0, 1)
                    .contiguous();
            for (int d = 0; d < documentStarts.length; d++) {
                try (PointerScope _ = new PointerScope()) {
                    long start = documentStarts[d];
                    long rows = end(documentStarts, d, q) - start;
                    backward(
                            q_HTGD.narrow(1, start, rows),
                            k_HTD.narrow(1, start, rows),
                            v_HTD.narrow(1, start, rows),
                            dOut_HTGD.narrow(1, start, rows),
                            forward.logSumExp().narrow(1, start, rows),
                            delta_HTG.narrow(1, start, rows),
                            dq.narrow(0, start, rows),
                            dk.narrow(0, start, rows),
                            dv.narrow(0, start, rows));
                }
            }
        }
        return new AttentionGradients(dq, dk, dv);
    }

    private void backward(
            Tensor q_HTGD,
            Tensor k_HTD,
            Tensor v_HTD,
            Tensor dOut_HTGD,
            Tensor logSumExp_HTG,
            Tensor delta_HTG,
            Tensor dq,
            Tensor dk,
            Tensor dv) {
        long kvHeads = q_HTGD.size(0);
        long time = q_HTGD.size(1);
        int group = (int) q_HTGD.size(2);
        long headDim = q_HTGD.size(3);
        double scale = 1 / Math.sqrt((double) headDim);
        Tensor dk_HTD = emptyFloats(k_HTD, kvHeads, time, headDim).zero_();
        Tensor dv_HTD = emptyFloats(k_HTD, kvHeads, time, headDim).zero_();
        long block = queryBlock(kvHeads * group, time);
        for (long start = 0; start < time; start += block) {
            try (PointerScope _ = new PointerScope()) {
                long rows = Math.min(block, time - start);
                long seen = start + rows;
                Tensor q_HRD = rows(q_HTGD, start, rows);
                Tensor dOut_HRD = rows(dOut_HTGD, start, rows);
                Tensor k_HLD = k_HTD.narrow(1, 0, seen);
                Tensor v_HLD = v_HTD.narrow(1, 0, seen);
                Tensor p_HRL = q_HRD.bmm(k_HLD.transpose(1, 2));
                Tensor ds_HRL = dOut_HRD.bmm(v_HLD.transpose(1, 2));
                scores.gradient(
                        p_HRL,
                        ds_HRL,
                        group,
                        scale,
                        logSumExp_HTG.narrow(1, start, rows),
                        delta_HTG.narrow(1, start, rows));
                dv_HTD.narrow(1, 0, seen).add_(p_HRL.transpose(1, 2).bmm(dOut_HRD));
                dk_HTD.narrow(1, 0, seen).add_(ds_HRL.transpose(1, 2).bmm(q_HRD));
                Tensor dq_HTGD = ds_HRL.bmm(k_HLD).view(kvHeads, rows, group, headDim);
                dq.narrow(0, start, rows).view(rows, kvHeads, group, headDim).copy_(dq_HTGD.transpose(0, 1));
            }
        }
        dk.copy_(dk_HTD.transpose(0, 1));
        dv.copy_(dv_HTD.transpose(0, 1));
    }

    /** {@code [time, heads, headDim]} as {@code [kvHeads, time, group, headDim]}, contiguous. */
    private static Tensor byHead(Tensor x, int group) {
        return x.view(x.size(0), x.size(1) / group, group, x.size(2))
                .transpose(0, 1)
                .contiguous();
    }

    /** Some times of {@code [kvHeads, time, group, headDim]} as the rows {@code [kvHeads, rows * group, headDim]}. */
    private static Tensor rows(Tensor x_HTGD, long start, long rows) {
        return x_HTGD.narrow(1, start, rows).view(x_HTGD.size(0), rows * x_HTGD.size(2), x_HTGD.size(3));
    }

    /** The first {@code length} positions of a cache as one tensor {@code [kvHeads, length, headDim]}. */
    private static Tensor cached(List<Tensor> blocks, long length) {
        Tensor all = blocks.size() == 1 ? blocks.getFirst() : cat(new TensorVector(blocks.toArray(Tensor[]::new)), 1);
        return all.narrow(1, 0, length);
    }

    private static long end(int[] documentStarts, int document, Tensor q) {
        return document + 1 < documentStarts.length ? documentStarts[document + 1] : q.size(0);
    }

    private static Tensor emptyFloats(Tensor like, long... shape) {
        try (TensorOptions options = like.options();
                TensorOptions floats = options.dtype(new ScalarTypeOptional(ScalarType.Float))) {
            return like.new_empty(shape, floats);
        }
    }
}
