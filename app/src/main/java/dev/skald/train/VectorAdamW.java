package dev.skald.train;

import dev.skald.kernel.Workers;
import dev.skald.tensor.DType;
import dev.skald.tensor.TensorMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import java.util.function.Consumer;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * One pass over memory per update, by loops of the Java Vector API on the kernels' threads.
 *
 * <p><b>Master weights in two bytes.</b> A bf16 parameter is the upper half of its f32 master weight, rounded. So only the lower half is kept
 * beside it, as the signed difference: {@code master = (bf16 << 16) + low}, in bits, exact for every value. Rounding is half away from zero,
 * which differs from half to even in exact ties only, and makes the difference fit 16 bits. Parameters, master weights and moments then take
 * 2 + 2 + 8 bytes instead of 2 + 4 + 8. f32 parameters are their own master weights.
 */
final class VectorAdamW implements AdamW {

    private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Short> S =
            VectorSpecies.of(short.class, VectorShape.forBitSize(F.vectorBitSize() / 2));
    private static final int LANES = F.length();
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

    /** Elements a thread takes at a time. */
    private static final long CHUNK = 1 << 16;

    private final Workers workers;
    private final List<Slice> chunks;
    private final boolean split;
    private final Tensor expAvg;
    private final Tensor expAvgSq;
    private final Tensor low;
    private final MemorySegment p;
    private final MemorySegment m;
    private final MemorySegment v;
    private final MemorySegment l;

    VectorAdamW(List<Slice> slices, Tensor parameters, Workers workers) {
        this.workers = workers;
        this.chunks = slices.stream().<Slice>mapMulti(VectorAdamW::cut).toList();
        this.split = DType.of(parameters.scalar_type()) == DType.BF16;
        long shard =
                slices.stream().mapToLong(s -> s.shard() + s.length()).max().orElse(0);
        this.expAvg = zeros(shard, ScalarType.Float);
        this.expAvgSq = zeros(shard, ScalarType.Float);
        this.low = zeros(split ? shard : 0, ScalarType.Short);
        this.p = TensorMemory.of(parameters);
        this.m = TensorMemory.of(expAvg);
        this.v = TensorMemory.of(expAvgSq);
        this.l = TensorMemory.of(low);
    }

    /** At least one element long: an empty tensor has no address. */
    private static Tensor zeros(long length, ScalarType type) {
        return torch.zeros(new long[] {Math.max(1, length)}, new TensorOptions(type));
    }

    static boolean handles(Tensor parameters) {
        return parameters.device().is_cpu() && DType.of(parameters.scalar_type()) != DType.F16;
    }

    private static void cut(Slice slice, Consumer<Slice> to) {
        for (long at = 0; at < slice.length(); at += CHUNK) {
            to.accept(slice.part(at, Math.min(CHUNK, slice.length() - at)));
        }
    }

    @Override
    public void step(Update update, Tensor gradients) {
        MemorySegment g = TensorMemory.of(gradients);
        Update undecayed = update.withoutDecay();
        workers.run(chunks.size(), 1, (first, last) -> {
            for (Slice chunk : chunks.subList(first, last)) {
                Update u = chunk.decayed() ? update : undecayed;
                if (split) {
                    stepSplit(u, chunk, g);
                } else {
                    stepFloat(u, chunk, g);
                }
            }
        });
    }

    private void stepFloat(Update u, Slice chunk, MemorySegment g) {
        long end = chunk.length() - chunk.length() % LANES;
        for (long i = 0; i < end; i += LANES) {
            long s = (chunk.shard() + i) << 2;
            long d = (chunk.gradient() + i) << 2;
            long f = (chunk.flat() + i) << 2;
            FloatVector gradient = FloatVector.fromMemorySegment(F, g, d, ORDER).mul(u.gradientScale());
            FloatVector first = FloatVector.fromMemorySegment(F, m, s, ORDER);
            first = gradient.sub(first).fma(FloatVector.broadcast(F, u.oneMinusBeta1()), first);
            FloatVector second = FloatVector.fromMemorySegment(F, v, s, ORDER)
                    .mul(u.beta2())
                    .add(gradient.mul(gradient).mul(u.oneMinusBeta2()));
            FloatVector denominator =
                    second.lanewise(VectorOperators.SQRT).div(u.rootBias2()).add(u.epsilon());
            FloatVector weight = FloatVector.fromMemorySegment(F, p, f, ORDER).mul(u.decay());
            weight = weight.sub(first.mul(u.stepSize()).div(denominator));
            first.intoMemorySegment(m, s, ORDER);
            second.intoMemorySegment(v, s, ORDER);
            weight.intoMemorySegment(p, f, ORDER);
        }
        for (long i = end; i < chunk.length(); i++) {
            float weight = p.getAtIndex(FLOAT, chunk.flat() + i);
            p.setAtIndex(
                    FLOAT,
                    chunk.flat() + i,
                    stepOne(u, chunk.shard() + i, weight, g.getAtIndex(FLOAT, chunk.gradient() + i)));
        }
    }

    private void stepSplit(Update u, Slice chunk, MemorySegment g) {
        long end = chunk.length() - chunk.length() % LANES;
        for (long i = 0; i < end; i += LANES) {
            long s = (chunk.shard() + i) << 2;
            long d = (chunk.gradient() + i) << 2;
            long h = (chunk.flat() + i) << 1;
            FloatVector gradient = FloatVector.fromMemorySegment(F, g, d, ORDER).mul(u.gradientScale());
            FloatVector first = FloatVector.fromMemorySegment(F, m, s, ORDER);
            first = gradient.sub(first).fma(FloatVector.broadcast(F, u.oneMinusBeta1()), first);
            FloatVector second = FloatVector.fromMemorySegment(F, v, s, ORDER)
                    .mul(u.beta2())
                    .add(gradient.mul(gradient).mul(u.oneMinusBeta2()));
            FloatVector denominator =
                    second.lanewise(VectorOperators.SQRT).div(u.rootBias2()).add(u.epsilon());
            IntVector upper =
                    (IntVector) ShortVector.fromMemorySegment(S, p, h, ORDER).convertShape(VectorOperators.S2I, I, 0);
            IntVector lower = (IntVector)
                    ShortVector.fromMemorySegment(S, l, s >> 1, ORDER).convertShape(VectorOperators.S2I, I, 0);
            FloatVector weight = upper.lanewise(VectorOperators.LSHL, 16)
                    .add(lower)
                    .reinterpretAsFloats()
                    .mul(u.decay());
            weight = weight.sub(first.mul(u.stepSize()).div(denominator));
            first.intoMemorySegment(m, s, ORDER);
            second.intoMemorySegment(v, s, ORDER);
            IntVector bits = weight.reinterpretAsInts();
            upper = bits.add(0x8000).lanewise(VectorOperators.ASHR, 16);
            lower = bits.sub(upper.lanewise(VectorOperators.LSHL, 16));
            ((ShortVector) upper.convertShape(VectorOperators.I2S, S, 0)).intoMemorySegment(p, h, ORDER);
            ((ShortVector) lower.convertShape(VectorOperators.I2S, S, 0)).intoMemorySegment(l, s >> 1, ORDER);
        }
        for (long i = end; i < chunk.length(); i++) {
            long shard = chunk.shard() + i;
            long flat = chunk.flat() + i;
            put(flat, shard, stepOne(u, shard, join(flat, shard), g.getAtIndex(FLOAT, chunk.gradient() + i)));
        }
    }

    private float stepOne(Update u, long shard, float weight, float scaled) {
        float gradient = scaled * u.gradientScale();
        float first = m.getAtIndex(FLOAT, shard);
        first = Math.fma(gradient - first, u.oneMinusBeta1(), first);
        float second = v.getAtIndex(FLOAT, shard) * u.beta2() + gradient * gradient * u.oneMinusBeta2();
        m.setAtIndex(FLOAT, shard, first);
        v.setAtIndex(FLOAT, shard, second);
        float denominator = (float) Math.sqrt(second) / u.rootBias2() + u.epsilon();
        return weight * u.decay() - first * u.stepSize() / denominator;
    }

    private float join(long flat, long shard) {
        return Float.intBitsToFloat((p.getAtIndex(SHORT, flat) << 16) + l.getAtIndex(SHORT, shard));
    }

    private void put(long flat, long shard, float weight) {
        int bits = Float.floatToRawIntBits(weight);
        int upper = (bits + 0x8000) >> 16;
        p.setAtIndex(SHORT, flat, (short) upper);
        l.setAtIndex(SHORT, shard, (short) (bits - (upper << 16)));
    }

    @Override
    public State state(Slice slice) {
        Tensor master = zeros(slice.length(), ScalarType.Float);
        MemorySegment to = TensorMemory.of(master);
        if (split) {
            for (long i = 0; i < slice.length(); i++) {
                to.setAtIndex(FLOAT, i, join(slice.flat() + i, slice.shard() + i));
            }
        } else {
            to.copyFrom(p.asSlice(slice.flat() << 2, slice.length() << 2));
        }
        return new State(master, copy(expAvg, slice), copy(expAvgSq, slice));
    }

    private static Tensor copy(Tensor shard, Slice slice) {
        return shard.narrow(0, slice.shard(), slice.length()).clone();
    }

    @Override
    public void restore(Slice slice, State saved) {
        MemorySegment master = TensorMemory.of(saved.master());
        if (split) {
            for (long i = 0; i < slice.length(); i++) {
                put(slice.flat() + i, slice.shard() + i, master.getAtIndex(FLOAT, i));
            }
        } else {
            p.asSlice(slice.flat() << 2, slice.length() << 2).copyFrom(master);
        }
        m.asSlice(slice.shard() << 2, slice.length() << 2).copyFrom(TensorMemory.of(saved.expAvg()));
        v.asSlice(slice.shard() << 2, slice.length() << 2).copyFrom(TensorMemory.of(saved.expAvgSq()));
    }

    @Override
    public long bytes() {
        return expAvg.nbytes() + expAvgSq.nbytes() + low.nbytes();
    }

    @Override
    public void close() {
        expAvg.close();
        expAvgSq.close();
        low.close();
    }
}
