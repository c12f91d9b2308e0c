package dev.skald.train;

import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * AdamW by libtorch's operators, with whole f32 master weights: on CUDA, for f16, and, offloaded, in the CPU's memory for parameters that are
 * on CUDA. There a step copies gradients down and parameters up, slice by slice.
 */
final class AtenAdamW implements AdamW {

    private final List<Slice> slices;
    private final Tensor parameters;
    private final Tensor master;
    private final Tensor expAvg;
    private final Tensor expAvgSq;

    AtenAdamW(List<Slice> slices, Tensor parameters, boolean offloaded) {
        this.slices = slices;
        this.parameters = parameters;
        long shard =
                slices.stream().mapToLong(s -> s.shard() + s.length()).max().orElse(0);
        Device device = offloaded ? new Device("cpu") : parameters.device();
        TensorOptions f32 = new TensorOptions(ScalarType.Float).device(new DeviceOptional(device));
        this.master = torch.zeros(new long[] {shard}, f32);
        this.expAvg = torch.zeros(new long[] {shard}, f32);
        this.expAvgSq = torch.zeros(new long[] {shard}, f32);
        try (PointerScope _ = new PointerScope()) {
            for (Slice slice : slices) {
                of(master, slice).copy_(weights(slice));
            }
        }
    }

    private static Tensor of(Tensor shard, Slice slice) {
        return shard.narrow(0, slice.shard(), slice.length());
    }

    private Tensor weights(Slice slice) {
        return parameters.narrow(0, slice.flat(), slice.length());
    }

    @Override
    public void step(Update u, Tensor gradients) {
        for (Slice slice : slices) {
            try (PointerScope _ = new PointerScope()) {
                Tensor gradient = gradients
                        .narrow(0, slice.gradient(), slice.length())
                        .to(master.device(), ScalarType.Float)
                        .mul(new Scalar(u.gradientScale()));
                Tensor first = of(expAvg, slice).lerp_(gradient, new Scalar(u.oneMinusBeta1()));
                Tensor second = of(expAvgSq, slice)
                        .mul_(new Scalar(u.beta2()))
                        .addcmul_(gradient, gradient, new Scalar(u.oneMinusBeta2()));
                Tensor denominator =
                        second.sqrt().div_(new Scalar(u.rootBias2())).add_(new Scalar(u.epsilon()));
                Tensor weight = of(master, slice);
                if (slice.decayed()) {
                    weight.mul_(new Scalar(u.decay()));
                }
                weight.addcdiv_(first, denominator, new Scalar(-u.stepSize()));
                weights(slice).copy_(weight);
            }
        }
    }

    @Override
    public State state(Slice slice) {
        return new State(
                of(master, slice).cpu().clone(),
                of(expAvg, slice).cpu().clone(),
                of(expAvgSq, slice).cpu().clone());
    }

    @Override
    public void restore(Slice slice, State saved) {
        try (PointerScope _ = new PointerScope()) {
            of(master, slice).copy_(saved.master());
            of(expAvg, slice).copy_(saved.expAvg());
            of(expAvgSq, slice).copy_(saved.expAvgSq());
            weights(slice).copy_(saved.master());
        }
    }

    @Override
    public long bytes() {
        return master.nbytes() + expAvg.nbytes() + expAvgSq.nbytes();
    }

    @Override
    public void close() {
        master.close();
        expAvg.close();
        expAvgSq.close();
    }
}
