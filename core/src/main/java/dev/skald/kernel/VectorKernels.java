package dev.skald.kernel;

import dev.skald.cache.KvLayout;
import dev.skald.cache.KvSpan;
import dev.skald.tensor.Natives;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** The operations on the CPU, in bf16 and f32: loops of the Java Vector API where libtorch is slow, its matrix products elsewhere. */
public final class VectorKernels implements Kernels {

    private final Workers workers;
    private final Gemm gemm;
    private final RowOperations rows;
    private final CacheRows caches;
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
        caches = new CacheRows(workers);
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
    public void store(int layer, List<KvSpan> spans, Tensor k, Tensor v) {
        caches.store(spans.getFirst().sequence().layout(), layer, spans, k, v);
    }

    @Override
    public Tensor attention(int layer, List<KvSpan> spans, Tensor q) {
        KvLayout layout = spans.getFirst().sequence().layout();
        Tensor out = q.new_empty(q.size(0), q.size(1) * q.size(2));
        List<KvSpan> few = new ArrayList<>();
        try (PointerScope _ = new PointerScope()) {
            int row = 0;
            for (KvSpan span : spans) {
                if (!span.many()) {
                    few.add(span);
                    continue;
                }
                for (int run = 0; run < span.rows(); run += Gemm.RUN) {
                    int rows = Math.min(Gemm.RUN, span.rows() - run);
                    attendRun(layout, layer, new KvSpan(span.sequence(), span.start() + run, rows, true), q, row, out);
                    row += rows;
                }
            }
            if (!few.isEmpty()) {
                long rest = q.size(0) - row;
                cached.attend(layout, layer, few, q.narrow(0, row, rest), out.narrow(0, row, rest));
            }
        }
        return out;
    }

    /** The rows of one run, by matrix products whose shape depends on the run's place in its sequence alone. */
    private void attendRun(KvLayout layout, int layer, KvSpan run, Tensor q, int row, Tensor out) {
        try (PointerScope _ = new PointerScope()) {
            Tensor keys = q.new_empty(layout.kvHeads(), layout.headDim(), run.end());
            Tensor values = q.new_empty(layout.kvHeads(), run.end(), layout.headDim());
            caches.gather(layer, run.sequence(), run.end(), keys, values);
            out.narrow(0, row, run.rows()).copy_(blocks.overCache(q.narrow(0, row, run.rows()), keys, values));
        }
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
    public double[] crossEntropies(Tensor hidden, Tensor weight, int[] targets) {
        return loss.rows(hidden, weight, targets);
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
            double[] gradientScales,
            Tensor hiddenGradient,
            Optional<Tensor> weightGradient) {
        return loss.forwardBackward(hidden, weight, targets, gradientScales, hiddenGradient, weightGradient);
    }

    private static Tensor emptyLike(Tensor x) {
        return x.new_empty(x.size(0), x.size(1));
    }
}
