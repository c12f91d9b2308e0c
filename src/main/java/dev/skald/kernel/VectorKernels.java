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

    @Override
    public void ropeBackward(Tensor x, Tensor cos, Tensor sin, int[] positions) {
        aten.ropeBackward(x, cos, sin, positions);
    }

    @Override
    public Tensor rmsNormBackward(Tensor dy, Tensor x, Tensor weight, double eps, Tensor weightGradient) {
        return aten.rmsNormBackward(dy, x, weight, eps, weightGradient);
    }

    @Override
    public void swiGluBackward(Tensor dy, Tensor gate, Tensor up) {
        aten.swiGluBackward(dy, gate, up);
    }

    @Override
    public Tensor linearInputGradient(Tensor dy, Tensor weight) {
        return aten.linearInputGradient(dy, weight);
    }

    @Override
    public void addLinearInputGradient(Tensor dy, Tensor weight, Tensor dx) {
        aten.addLinearInputGradient(dy, weight, dx);
    }

    @Override
    public void linearWeightGradient(Tensor dy, Tensor x, Tensor weightGradient) {
        aten.linearWeightGradient(dy, x, weightGradient);
    }

    @Override
    public void embeddingBackward(Tensor dy, int[] ids, Tensor tableGradient) {
        aten.embeddingBackward(dy, ids, tableGradient);
    }

    @Override
    public DocumentAttention attention(Tensor q, Tensor k, Tensor v, int[] documentStarts) {
        return aten.attention(q, k, v, documentStarts);
    }

    @Override
    public AttentionGradients attentionBackward(
            Tensor dOut, DocumentAttention forward, Tensor q, Tensor k, Tensor v, int[] documentStarts) {
        return aten.attentionBackward(dOut, forward, q, k, v, documentStarts);
    }

    @Override
    public double crossEntropy(Tensor hidden, Tensor weight, int[] targets) {
        return aten.crossEntropy(hidden, weight, targets);
    }

    @Override
    public double crossEntropyBackward(
            Tensor hidden,
            Tensor weight,
            int[] targets,
            double gradientScale,
            Tensor hiddenGradient,
            Tensor weightGradient) {
        return aten.crossEntropyBackward(hidden, weight, targets, gradientScale, hiddenGradient, weightGradient);
    }
}
