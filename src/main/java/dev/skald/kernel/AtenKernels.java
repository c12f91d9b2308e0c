package dev.skald.kernel;

import static org.bytedeco.pytorch.global.torch.cat;
import static org.bytedeco.pytorch.global.torch.ones;
import static org.bytedeco.pytorch.global.torch.silu;

import dev.skald.torch.Scoped;
import java.util.List;
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

    /** Queries whose scores are held at once: memory grows with the length of the prompt, not with its square. */
    private static final int QUERY_BLOCK = 128;

    @Override
    public Tensor embedding(Tensor table, int[] ids) {
        return Scoped.tensor(() -> table.index_select(0, longs(ids, table.device())));
    }

    @Override
    public Tensor linear(Tensor x, Tensor weight) {
        return torch.linear(x, weight);
    }

    @Override
    public Tensor rmsNorm(Tensor x, Tensor weight, double eps) {
        return Scoped.tensor(() -> {
            Tensor x32 = x.to(ScalarType.Float);
            Tensor meanSquare = x32.square().mean(new long[] {-1}, true, new ScalarTypeOptional());
            Tensor inverseRms = meanSquare.add_(new Scalar(eps)).rsqrt_();
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
    public Tensor attention(Tensor q, List<Tensor> keys, List<Tensor> values, int length) {
        return Scoped.tensor(() -> {
            long time = q.size(0);
            long heads = q.size(1);
            long headDim = q.size(2);
            long kvHeads = keys.getFirst().size(0);
            long group = heads / kvHeads;
            Tensor k_HLD = cached(keys, length);
            Tensor v_HLD = cached(values, length);
            Tensor out = q.new_empty(time, heads * headDim);
            for (long start = 0; start < time; start += QUERY_BLOCK) {
                long rows = Math.min(QUERY_BLOCK, time - start);
                long seen = length - time + start + rows;
                try (PointerScope _ = new PointerScope()) {
                    Tensor q_HGTD = q.narrow(0, start, rows)
                            .view(rows, kvHeads, group, headDim)
                            .permute(1, 2, 0, 3)
                            .reshape(kvHeads, group * rows, headDim);
                    Tensor scores_HGTL = q_HGTD.bmm(k_HLD.narrow(1, 0, seen).transpose(1, 2))
                            .to(ScalarType.Float)
                            .mul_(new Scalar(1 / Math.sqrt((double) headDim)))
                            .view(kvHeads, group, rows, seen);
                    Tensor future = ones(new long[] {rows, seen}, new TensorOptions(q.device()))
                            .triu(seen - rows + 1)
                            .to(ScalarType.Bool);
                    Tensor probabilities_HGTL = scores_HGTL
                            .masked_fill_(future, new Scalar(Double.NEGATIVE_INFINITY))
                            .softmax(-1)
                            .to(q.scalar_type())
                            .view(kvHeads, group * rows, seen);
                    Tensor o_HGTD =
                            probabilities_HGTL.bmm(v_HLD.narrow(1, 0, seen)).view(kvHeads, group, rows, headDim);
                    out.narrow(0, start, rows)
                            .view(rows, kvHeads, group, headDim)
                            .copy_(o_HGTD.permute(2, 0, 1, 3));
                }
            }
            return out;
        });
    }

    /** The first {@code length} positions of a cache as one tensor {@code [kvHeads, length, headDim]}. */
    private static Tensor cached(List<Tensor> blocks, long length) {
        Tensor all = blocks.size() == 1 ? blocks.getFirst() : cat(new TensorVector(blocks.toArray(Tensor[]::new)), 1);
        return all.narrow(1, 0, length);
    }

    private static Tensor longs(int[] values, Device device) {
        return torch.from_blob(new IntPointer(values), new long[] {values.length}, new TensorOptions(ScalarType.Int))
                .to(device, ScalarType.Long);
    }
}
