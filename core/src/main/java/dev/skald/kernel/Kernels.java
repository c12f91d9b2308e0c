package dev.skald.kernel;

import dev.skald.cache.KvSpan;
import dev.skald.tensor.DType;
import dev.skald.tensor.DeviceType;
import dev.skald.tensor.Matrix;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/**
 * The operations of a Llama decoder, on one device. Two implementations: {@link AtenKernels} composes libtorch's operators and runs on any
 * device; {@link VectorKernels} replaces, on the CPU, those where libtorch is slow by loops of the Java Vector API over the tensors' memory.
 *
 * <p>Token rows of all sequences of a batch lie one after the other, without padding: an activation is {@code [rows, features]}. Weights and
 * activations have one dtype, bf16 or f32 (f16 on {@link AtenKernels} only); sums are f32. A tensor that is returned is new, contiguous and
 * belongs to the caller's {@code PointerScope}; arguments are read only unless said otherwise. Thread-safe.
 */
public sealed interface Kernels permits AtenKernels, VectorKernels {

    /** The target of a row that is not predicted. */
    int IGNORED = -100;

    /** The kernels for a device: vector loops on the CPU, ATen operators elsewhere. */
    static Kernels on(DeviceType device) {
        return switch (device) {
            case CPU -> new VectorKernels();
            case CUDA -> new AtenKernels();
        };
    }

    /** Rows of a table: {@code [rows, features]} of {@code table [vocab, features]} at {@code ids}. */
    Tensor embedding(Tensor table, int[] ids);

    /**
     * As {@link #embedding(Tensor, int[])}, of a table of any format.
     *
     * @param dtype of the result where the table has blocks; else the result has the table's
     */
    default Tensor embedding(Matrix table, int[] ids, DType dtype) {
        return switch (table) {
            case Matrix.Dense dense -> embedding(dense.tensor(), ids);
            case Matrix.Blocks blocks -> EmbeddingRows.of(blocks, ids, dtype);
            case Matrix.Grouped _ -> throw new IllegalArgumentException("rows of groups are not looked up");
        };
    }

    /** The matrix products. */
    Gemm gemm();

    /** The threads of loops over memory of the CPU, for whoever else has such loops: one pool, so that pools do not take the cores from each other. */
    Workers workers();

    /** {@code x / sqrt(mean(x^2) + eps)}, rounded to the dtype, times {@code weight [features]}; as LlamaRMSNorm of transformers. */
    Tensor rmsNorm(Tensor x, Tensor weight, double eps);

    /** {@code silu(gate) * up}, all {@code [rows, features]}. */
    Tensor swiGlu(Tensor gate, Tensor up);

    /**
     * Rotates {@code x [rows, heads, headDim]} in place, row {@code r} by the angles of {@code positions[r]}; halves layout, as the Llama of
     * transformers. {@code cos} and {@code sin} are f32 {@code [maxPositions, headDim / 2]}.
     */
    void rope(Tensor x, Tensor cos, Tensor sin, int[] positions);

    /**
     * Puts the keys and values of a layer into the caches.
     *
     * @param spans where the rows belong, in order, with room reserved
     * @param k {@code [rows, kvHeads, headDim]}, rotated
     * @param v {@code [rows, kvHeads, headDim]}
     */
    void store(int layer, List<KvSpan> spans, Tensor k, Tensor v);

    /**
     * Causal attention over caches, for all sequences of a batch. What a row comes to depends on its cache and its place in a run of
     * {@link Gemm#RUN} rows alone, and in a span that is not of many rows on its cache alone; on the CPU, bit for bit.
     *
     * @param spans the rows' positions, in order; their keys and values are in the caches already
     * @param q {@code [rows, heads, headDim]}, rotated
     * @return {@code [rows, heads * headDim]}
     */
    Tensor attention(int layer, List<KvSpan> spans, Tensor q);

    /** As {@link #rope} by the negative angles: takes the gradient of a rotated tensor, in place, to that of the tensor before. */
    void ropeBackward(Tensor x, Tensor cos, Tensor sin, int[] positions);

    /**
     * The gradients of {@link #rmsNorm}.
     *
     * @param dy {@code [rows, features]}: the gradient of the result
     * @param x what was normalised
     * @param weightGradient f32 {@code [features]}; the weight's gradient is added to it
     * @return {@code dx [rows, features]}
     */
    Tensor rmsNormBackward(Tensor dy, Tensor x, Tensor weight, double eps, Tensor weightGradient);

    /**
     * The gradients of {@link #swiGlu}, written over its arguments.
     *
     * @param dy {@code [rows, features]}: the gradient of the result
     * @param gate overwritten by its gradient
     * @param up overwritten by its gradient
     */
    void swiGluBackward(Tensor dy, Tensor gate, Tensor up);

    /** Adds the gradient of {@link #embedding}'s table, the rows of {@code dy [rows, features]}, to f32 {@code tableGradient [vocab, features]}. */
    void embeddingBackward(Tensor dy, int[] ids, Tensor tableGradient);

    /**
     * Causal attention inside each document: a row sees itself and the rows of its document before it. Memory grows with the rows, not with
     * their square.
     *
     * @param q {@code [rows, heads, headDim]}
     * @param k {@code [rows, kvHeads, headDim]}
     * @param v as {@code k}
     * @param documentStarts the first row of each document, ascending, from 0
     */
    DocumentAttention attention(Tensor q, Tensor k, Tensor v, int[] documentStarts);

    /**
     * The gradients of {@link #attention(Tensor, Tensor, Tensor, int[])}; probabilities are recomputed block by block from the saved sums.
     *
     * @param dOut {@code [rows, heads * headDim]}: the gradient of {@code forward.out()}
     */
    AttentionGradients attentionBackward(
            Tensor dOut, DocumentAttention forward, Tensor q, Tensor k, Tensor v, int[] documentStarts);

    /**
     * The cross entropy, in nats, of each row of {@code hidden [rows, features]} times the transpose of {@code weight [vocab, features]}. Logits are
     * held for some rows at a time.
     *
     * @param targets per row the id to predict; {@link #IGNORED} rows have 0
     */
    double[] crossEntropies(Tensor hidden, Tensor weight, int[] targets);

    /** The sum of {@link #crossEntropies}. */
    double crossEntropy(Tensor hidden, Tensor weight, int[] targets);

    /**
     * {@link #crossEntropy} with the gradients of the sum in which each row counts {@code gradientScales} times.
     *
     * @param gradientScales per row
     * @param hiddenGradient {@code [rows, features]} of the dtype of {@code hidden}; overwritten
     * @param weightGradient f32 {@code [vocab, features]}, to which the weight's gradient is added; empty where the weight is not learned
     */
    double crossEntropyBackward(
            Tensor hidden,
            Tensor weight,
            int[] targets,
            double[] gradientScales,
            Tensor hiddenGradient,
            Optional<Tensor> weightGradient);

    /**
     * What attention's forward pass leaves for the backward pass.
     *
     * @param out {@code [rows, heads * headDim]}
     * @param logSumExp f32 {@code [kvHeads, rows, heads / kvHeads]}: the logarithm of the sum of the exponentials of a query's scaled scores
     */
    record DocumentAttention(Tensor out, Tensor logSumExp) {}

    /**
     * The gradients of attention's arguments.
     *
     * @param dq {@code [rows, heads, headDim]}
     * @param dk {@code [rows, kvHeads, headDim]}
     * @param dv as {@code dk}
     */
    record AttentionGradients(Tensor dq, Tensor dk, Tensor dv) {}
}
