package dev.skald.kernel;

import dev.skald.torch.DeviceType;
import java.util.List;
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

    /** The kernels for a device: vector loops on the CPU, ATen operators elsewhere. */
    static Kernels on(DeviceType device) {
        return switch (device) {
            case CPU -> new VectorKernels();
            case CUDA -> new AtenKernels();
        };
    }

    /** Rows of a table: {@code [rows, features]} of {@code table [vocab, features]} at {@code ids}. */
    Tensor embedding(Tensor table, int[] ids);

    /** {@code x [rows, in]} times the transpose of {@code weight [out, in]}: {@code [rows, out]}. */
    Tensor linear(Tensor x, Tensor weight);

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
     * Causal attention of one sequence over its cache.
     *
     * @param q {@code [time, heads, headDim]}: the queries of the last {@code time} of {@code length} positions
     * @param keys blocks {@code [kvHeads, blockLength, headDim]}; position {@code p} is in block {@code p / blockLength}
     * @param values as {@code keys}
     * @param length how many positions of the cache are valid, those of {@code q} included
     * @return {@code [time, heads * headDim]}
     */
    Tensor attention(Tensor q, List<Tensor> keys, List<Tensor> values, int length);
}
