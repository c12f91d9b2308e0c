package dev.skald.kernel;

import dev.skald.tensor.Natives;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** The operations on the CPU, in bf16 and f32: loops of the Java Vector API where libtorch is slow, its matrix products elsewhere. */
public final class VectorKernels implements Kernels {

    private final Workers workers;
    private final Gemm gemm;
    private final RowOperations rows;
    private final CachedAttention cached;
    private final BlockedAttention blocks;
    private final ChunkedCrossEntropy loss;

    /** Kernels with as many threads as libtorch takes. */
    public VectorKernels() {
        Natives.load();
        this(GemmTimes.ofThisMachine());
    }

    /** Kernels with the products that these times choose. */
    VectorKernels(GemmTimes times) {
        Natives.load();
        workers = new Workers(torch.get_num_threads());
        rows = new RowOperations(workers);
        gemm = new FastestGemm(workers, new AtenGemm(rows::addTo), times);
        cached = new CachedAttention(workers);
        blocks = new BlockedAttention(gemm, new VectorScores(workers));
        loss = new ChunkedCrossEntropy(gemm, new VectorLoss(workers));
    }

    @Override
    public Tensor embedding(Tensor table, int[] ids) {
        Tensor out = table.new_empty(ids.length, table.size(1));
        rows.embedding(table, ids, out);
        return out;
    }

    @Override
    public Gemm gemm() {
        return gemm;
    }

    @Override
    public Workers workers() {
        return workers;
    }

    @Override
    public Tensor rmsNorm(Tensor x, Tensor weight, double eps) {
        Tensor out = emptyLike(x);
        rows.rmsNorm(x, weight, eps, out);
        return out;
    }

    @Override
    public Tensor swiGlu(Tensor gate, Tensor up) {
        Tensor out = emptyLike(gate);
        rows.swiGlu(gate, up, out);
        return out;
    }

    @Override
    public void rope(Tensor x, Tensor cos, Tensor sin, int[] positions) {
        rows.rope(x, cos, sin, positions, 1);
    }

    @Override
    public Tensor attention(Tensor q, List<Tensor> keys, List<Tensor> values, int length) {
        if (q.size(0) > CachedAttention.MOST) {
            return blocks.overCache(q, keys, values, length);
        }
        Tensor out = q.new_empty(q.size(0), q.size(1) * q.size(2));
        cached.attend(q, keys, values, length, out);
        return out;
    }

    @Override
    public void ropeBackward(Tensor x, Tensor cos, Tensor sin, int[] positions) {
        rows.rope(x, cos, sin, positions, -1);
    }

    @Override
    public Tensor rmsNormBackward(Tensor dy, Tensor x, Tensor weight, double eps, Tensor weightGradient) {
        Tensor dx = emptyLike(x);
        rows.rmsNormBackward(dy, x, weight, eps, weightGradient, dx);
        return dx;
    }

    @Override
    public void swiGluBackward(Tensor dy, Tensor gate, Tensor up) {
        rows.swiGluBackward(dy, gate, up);
    }

    @Override
    public void embeddingBackward(Tensor dy, int[] ids, Tensor tableGradient) {
        rows.embeddingBackward(dy, ids, tableGradient);
    }

    @Override
    public DocumentAttention attention(Tensor q, Tensor k, Tensor v, int[] documentStarts) {
        return blocks.byDocument(q, k, v, documentStarts);
    }

    @Override
    public AttentionGradients attentionBackward(
            Tensor dOut, DocumentAttention forward, Tensor q, Tensor k, Tensor v, int[] documentStarts) {
        return blocks.byDocumentBackward(dOut, forward, q, k, v, documentStarts);
    }

    @Override
    public double crossEntropy(Tensor hidden, Tensor weight, int[] targets) {
        return loss.forward(hidden, weight, targets);
    }

    @Override
    public double crossEntropyBackward(
            Tensor hidden,
            Tensor weight,
            int[] targets,
            double gradientScale,
            Tensor hiddenGradient,
            Tensor weightGradient) {
        return loss.forwardBackward(hidden, weight, targets, gradientScale, hiddenGradient, weightGradient);
    }

    private static Tensor emptyLike(Tensor x) {
        return x.new_empty(x.size(0), x.size(1));
    }
}
