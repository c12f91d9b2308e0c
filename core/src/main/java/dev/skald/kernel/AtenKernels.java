package dev.skald.kernel;

import static org.bytedeco.pytorch.global.torch.silu;

import dev.skald.cache.KvBlock;
import dev.skald.cache.KvLayout;
import dev.skald.cache.KvSpan;
import dev.skald.tensor.Scoped;
import dev.skald.tensor.TensorMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** The operations composed of libtorch's operators: on any device, in any dtype; on the CPU the oracle of {@link VectorKernels}. */
public final class AtenKernels implements Kernels {

    private static final Gemm GEMM = new AtenGemm((x, sum) -> sum.add_(x));

    private static final BlockedAttention BLOCKS = new BlockedAttention(GEMM, new AtenScores());

    private static final ChunkedCrossEntropy LOSS = new ChunkedCrossEntropy(GEMM, new AtenLogits());

    @Override
    public Tensor embedding(Tensor table, int[] ids) {
        return Scoped.tensor(() -> table.index_select(0, longs(ids, table.device())));
    }

    private final Workers workers = new Workers(torch.get_num_threads());

    @Override
    public Gemm gemm() {
        return GEMM;
    }

    @Override
    public Workers workers() {
        return workers;
    }

    @Override
    public Tensor rmsNorm(Tensor x, Tensor weight, double eps) {
        return Scoped.tensor(() -> {
            Tensor x32 = x.to(ScalarType.Float);
            Tensor inverseRms = mean(x32.square()).add_(new Scalar(eps)).rsqrt_();
            return x32.mul(inverseRms).to(x.scalar_type()).mul(weight);
        });
    }

    @Override
    public Tensor swiGlu(Tensor gate, Tensor up) {
        return Scoped.tensor(() -> silu(gate).mul_(up));
    }

    @Override
    public void rope(Tensor x, Tensor cos, Tensor sin, int[] positions) {
        try (PointerScope _ = new PointerScope()) {
            long half = x.size(2) / 2;
            Tensor rows = longs(positions, x.device());
            Tensor cos_T1D = cos.index_select(0, rows).unsqueeze(1);
            Tensor sin_T1D = sin.index_select(0, rows).unsqueeze(1);
            Tensor first = x.narrow(2, 0, half);
            Tensor second = x.narrow(2, half, half);
            Tensor first32 = first.to(ScalarType.Float);
            Tensor second32 = second.to(ScalarType.Float);
            Tensor rotatedFirst = first32.mul(cos_T1D).sub_(second32.mul(sin_T1D));
            Tensor rotatedSecond = second32.mul(cos_T1D).add_(first32.mul(sin_T1D));
            first.copy_(rotatedFirst);
            second.copy_(rotatedSecond);
        }
    }

    @Override
    public void store(int layer, List<KvSpan> spans, Tensor k, Tensor v) {
        int row = 0;
        for (KvSpan span : spans) {
            KvLayout layout = span.sequence().layout();
            for (int done = 0; done < span.rows(); ) {
                int position = span.start() + done;
                int at = position % KvLayout.POSITIONS;
                int count = Math.min(KvLayout.POSITIONS - at, span.rows() - done);
                KvBlock block = span.sequence().block(position / KvLayout.POSITIONS);
                try (PointerScope _ = new PointerScope()) {
                    layout.keys(block, layer)
                            .narrow(2, at, count)
                            .copy_(k.narrow(0, row, count).permute(1, 2, 0));
                    layout.values(block, layer)
                            .narrow(1, at, count)
                            .copy_(v.narrow(0, row, count).transpose(0, 1));
                }
                done += count;
                row += count;
            }
        }
    }

    @Override
    public Tensor attention(int layer, List<KvSpan> spans, Tensor q) {
        return Scoped.tensor(() -> {
            TensorVector outs = new TensorVector();
            int row = 0;
            for (KvSpan span : spans) {
                KvLayout layout = span.sequence().layout();
                TensorVector keys = new TensorVector();
                TensorVector values = new TensorVector();
                for (int b = 0; b < KvLayout.blocks(span.end()); b++) {
                    keys.push_back(layout.keys(span.sequence().block(b), layer));
                    values.push_back(layout.values(span.sequence().block(b), layer));
                }
                outs.push_back(BLOCKS.overCache(
                        q.narrow(0, row, span.rows()),
                        torch.cat(keys, 2).narrow(2, 0, span.end()),
                        torch.cat(values, 1).narrow(1, 0, span.end())));
                row += span.rows();
            }
            return torch.cat(outs, 0);
        });
    }

    @Override
    public void ropeBackward(Tensor x, Tensor cos, Tensor sin, int[] positions) {
        try (PointerScope _ = new PointerScope()) {
            rope(x, cos, sin.neg(), positions);
        }
    }

    @Override
    public Tensor rmsNormBackward(Tensor dy, Tensor x, Tensor weight, double eps, Tensor weightGradient) {
        return Scoped.tensor(() -> {
            Tensor x32 = x.to(ScalarType.Float);
            Tensor dy32 = dy.to(ScalarType.Float);
            Tensor inverseRms = mean(x32.square()).add_(new Scalar(eps)).rsqrt_();
            Tensor normalized = x32.mul(inverseRms);
            weightGradient.add_(dy32.mul(normalized).sum(0));
            Tensor dNormalized = dy32.mul(weight);
            Tensor along = mean(dNormalized.mul(normalized));
            return dNormalized.sub_(normalized.mul_(along)).mul_(inverseRms).to(x.scalar_type());
        });
    }

    @Override
    public void swiGluBackward(Tensor dy, Tensor gate, Tensor up) {
        try (PointerScope _ = new PointerScope()) {
            Tensor dy32 = dy.to(ScalarType.Float);
            Tensor gate32 = gate.to(ScalarType.Float);
            Tensor sigmoid = gate32.sigmoid();
            Tensor silu = gate32.mul(sigmoid);
            Tensor slope = sigmoid.add(silu.mul(sigmoid.neg().add_(new Scalar(1.0))));
            gate.copy_(dy32.mul(up).mul_(slope));
            up.copy_(dy32.mul(silu));
        }
    }

    @Override
    public void embeddingBackward(Tensor dy, int[] ids, Tensor tableGradient) {
        try (PointerScope _ = new PointerScope()) {
            tableGradient.index_add_(0, longs(ids, dy.device()), dy.to(ScalarType.Float));
        }
    }

    @Override
    public DocumentAttention attention(Tensor q, Tensor k, Tensor v, int[] documentStarts) {
        return BLOCKS.byDocument(q, k, v, documentStarts);
    }

    @Override
    public AttentionGradients attentionBackward(
            Tensor dOut, DocumentAttention forward, Tensor q, Tensor k, Tensor v, int[] documentStarts) {
        return BLOCKS.byDocumentBackward(dOut, forward, q, k, v, documentStarts);
    }

    @Override
    public double[] crossEntropies(Tensor hidden, Tensor weight, int[] targets) {
        return LOSS.rows(hidden, weight, targets);
    }

    @Override
    public double crossEntropy(Tensor hidden, Tensor weight, int[] targets) {
        return LOSS.forward(hidden, weight, targets);
    }

    @Override
    public double crossEntropyBackward(
            Tensor hidden,
            Tensor weight,
            int[] targets,
            double[] gradientScales,
            Tensor hiddenGradient,
            Optional<Tensor> weightGradient) {
        return LOSS.forwardBackward(hidden, weight, targets, gradientScales, hiddenGradient, weightGradient);
    }

    private static Tensor mean(Tensor x) {
        return x.mean(new long[] {-1}, true, new ScalarTypeOptional());
    }

    /** Loss and gradient of logits by operators, in f32. */
    private record AtenLogits() implements ChunkedCrossEntropy.Logits {

        @Override
        public double[] crossEntropies(Tensor logits, int[] targets, double[] gradientScales) {
            try (PointerScope _ = new PointerScope()) {
                Tensor logits32 = logits.to(ScalarType.Float);
                Tensor target = longs(targets, logits.device()).unsqueeze(1);
                Tensor predicted = target.ne(new Scalar(IGNORED)).to(ScalarType.Float);
                Tensor index = target.clamp_min(new Scalar(0L));
                Tensor logSumExp = logits32.logsumexp(new long[] {1}, true);
                Tensor losses = logSumExp.sub(logits32.gather(1, index)).mul(predicted);
                double[] found = TensorMemory.of(
                                losses.to(new Device("cpu"), ScalarType.Double).contiguous())
                        .toArray(ValueLayout.JAVA_DOUBLE);
                if (gradientScales.length > 0) {
                    Tensor probabilities = logits32.sub_(logSumExp).exp_();
                    probabilities.scatter_add_(
                            1, index, torch.ones_like(logSumExp).neg());
                    Tensor scales = doubles(gradientScales)
                            .to(logits.device(), ScalarType.Float)
                            .unsqueeze(1);
                    logits.copy_(probabilities.mul_(predicted.mul(scales)));
                }
                return found;
            }
        }
    }

    private static Tensor doubles(double[] values) {
        Tensor tensor = torch.zeros(new long[] {values.length}, new TensorOptions(ScalarType.Double));
        TensorMemory.of(tensor).copyFrom(MemorySegment.ofArray(values));
        return tensor;
    }

    /** Attention's scores by operators, in f32. */
    private record AtenScores() implements BlockedAttention.Scores {

        @Override
        public void softmax(Tensor scores, int[] firstKeys, int group, double scale, Tensor logSumExp) {
            try (PointerScope _ = new PointerScope()) {
                Tensor masked = masked(scores, firstKeys, group, scale);
                Tensor sums = masked.logsumexp(new long[] {-1}, true);
                logSumExp.copy_(sums.view_as(logSumExp));
                scores.copy_(masked.sub_(sums).exp_());
            }
        }

        @Override
        public void gradient(
                Tensor scores, Tensor dP, int[] firstKeys, int group, double scale, Tensor logSumExp, Tensor delta) {
            try (PointerScope _ = new PointerScope()) {
                long[] column = {scores.size(0), scores.size(1), 1};
                Tensor p = masked(scores, firstKeys, group, scale)
                        .sub_(logSumExp.reshape(column))
                        .exp_();
                Tensor ds = dP.to(ScalarType.Float).sub_(delta.reshape(column)).mul_(p);
                scores.copy_(p);
                dP.copy_(ds.mul_(new Scalar(scale)));
            }
        }

        private static Tensor masked(Tensor scores, int[] firstKeys, int group, double scale) {
            long keys = scores.size(2);
            long time = firstKeys.length;
            Tensor key = torch.arange(new Scalar(keys), new TensorOptions(scores.device()));
            Tensor first = longs(firstKeys, scores.device()).unsqueeze(1);
            Tensor last = torch.arange(new Scalar(keys - time), new Scalar(keys), new TensorOptions(scores.device()))
                    .unsqueeze(1);
            Tensor unseen = key.lt(first)
                    .bitwise_or(key.gt(last))
                    .unsqueeze(1)
                    .expand(time, group, keys)
                    .reshape(time * group, keys);
            return scores.to(ScalarType.Float)
                    .mul(new Scalar(scale))
                    .masked_fill_(unseen, new Scalar(Double.NEGATIVE_INFINITY));
        }
    }

    private static Tensor longs(int[] values, Device device) {
        return torch.from_blob(new IntPointer(values), new long[] {values.length}, new TensorOptions(ScalarType.Int))
                .to(device, ScalarType.Long);
    }
}
