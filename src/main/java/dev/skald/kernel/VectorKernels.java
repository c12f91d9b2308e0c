package dev.skald.kernel;

import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** The operations on the CPU, in bf16 and f32: loops of the Java Vector API where libtorch is slow, its operators elsewhere. */
public final class VectorKernels implements Kernels {

    private final AtenKernels aten = new AtenKernels();

    @Override
    public Tensor embedding(Tensor table, int[] ids) {
        return aten.embedding(table, ids);
    }

    @Override
    public Tensor linear(Tensor x, Tensor weight) {
        return aten.linear(x, weight);
    }

    @Override
    public Tensor rmsNorm(Tensor x, Tensor weight, double eps) {
        return aten.rmsNorm(x, weight, eps);
    }

    @Override
    public Tensor swiGlu(Tensor gate, Tensor up) {
        return aten.swiGlu(gate, up);
    }

    @Override
    public void rope(Tensor x, Tensor cos, Tensor sin, int[] positions) {
        aten.rope(x, cos, sin, positions);
    }

    @Override
    public Tensor attention(Tensor q, List<Tensor> keys, List<Tensor> values, int length) {
        return aten.attention(q, keys, values, length);
    }
}
