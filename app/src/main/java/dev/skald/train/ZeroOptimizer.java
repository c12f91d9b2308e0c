package dev.skald.train;

import dev.skald.kernel.Workers;
import dev.skald.model.Gradients;
import dev.skald.model.Parameter;
import dev.skald.tensor.TensorMemory;
import dev.skald.train.Buckets.Bucket;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The optimizer of a data-parallel run, partitioned over the ranks: ZeRO (Rajbhandari et al., 2020), as DeepSpeed's stages 0, 1 and 2.
 *
 * <p>Every rank holds all parameters, in one flat tensor, and runs the same number of micro-batches. The stages differ in what else a rank holds:
 *
 * <table>
 * <caption>bf16 bytes per parameter on N ranks</caption>
 * <tr><th>stage</th><th>parameters</th><th>gradients (f32)</th><th>moments and master weights</th></tr>
 * <tr><td>0</td><td>2</td><td>4</td><td>10</td></tr>
 * <tr><td>1</td><td>2</td><td>4</td><td>10/N</td></tr>
 * <tr><td>2</td><td>2</td><td>4/N, and two buckets</td><td>10/N</td></tr>
 * </table>
 *
 * <p><b>Buckets.</b> Communication is by {@link Buckets} of parameters, each divided equally among the ranks.
 *
 * <p><b>Overlap.</b> A bucket whose last parameter is complete goes to one communication thread, which reduces it while the backward pass goes on
 * below ({@code overlap_comm}). Ranks issue the same reductions in the same order, since that order is the parameters'. Stage 2 does this in every
 * micro-batch, filling one buffer while the other is being reduced, and adds the sum to the part it owns; stages 0 and 1 gather the gradients
 * of all micro-batches first and reduce with the last one.
 *
 * <p>A step: {@link #beginMicroBatch}, backward pass, ... , {@link #gradientNorm}, then {@link #step} or {@link #discard}.
 */
final class ZeroOptimizer implements Gradients, AutoCloseable {

    /**
     * @param stage 0, 1 or 2
     * @param reduceBucketSize elements
     * @param allgatherBucketSize elements
     * @param overlapComm whether reductions run beside the backward pass
     * @param offloaded whether optimizer state is in the CPU's memory whatever the parameters' device
     */
    record Options(
            int stage, long reduceBucketSize, long allgatherBucketSize, boolean overlapComm, boolean offloaded) {}

    private static final int BUFFERS = 2;

    private final Tensor flat;
    private final Options options;
    private final Collectives ranks;
    private final Workers workers;
    private final int parts;
    private final Buckets buckets;
    private final List<Slice> slices;
    private final Tensor gradients;
    private final AdamW adamW;
    private final ExecutorService communication = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().name("communication").daemon().factory());

    private final int[] incomplete;
    private final Tensor[] filling;
    private final Deque<Tensor> free = new ArrayDeque<>();
    private final Deque<Future<?>> reducing = new ArrayDeque<>();
    private boolean firstMicroBatch = true;
    private boolean lastMicroBatch;
    private long updates;
    private final AtomicLong communicationNanos = new AtomicLong();

    /**
     * @param parameters in the order of the flat tensor
     * @param flat all of them; this optimizer updates it
     * @param workers the kernels' threads, for the norm and the update
     */
    ZeroOptimizer(List<Parameter> parameters, Tensor flat, Options options, Collectives ranks, Workers workers) {
        this.workers = workers;
        this.flat = flat;
        this.options = options;
        this.ranks = ranks;
        this.parts = options.stage() == 0 ? 1 : ranks.size();
        this.buckets = new Buckets(parameters, options.reduceBucketSize(), parts);
        this.slices = List.copyOf(buckets.slices(parameters, owned(), partitionsGradients()));
        this.incomplete = new int[buckets.list().size()];
        this.filling = new Tensor[buckets.list().size()];
        Device device = options.offloaded() && partitionsGradients() ? new Device("cpu") : flat.device();
        this.gradients = zeros(partitionsGradients() ? buckets.padded() / parts : buckets.padded(), device);
        this.adamW = AdamW.over(slices, flat, options.offloaded(), workers);
        ranks.broadcast(flat);
    }

    private boolean partitionsGradients() {
        return options.stage() == 2 && parts > 1;
    }

    /** Which of the parts of a bucket is this rank's. */
    private int owned() {
        return parts == 1 ? 0 : ranks.rank();
    }

    private static Tensor zeros(long length, Device device) {
        return torch.zeros(new long[] {length}, new TensorOptions(ScalarType.Float).device(new DeviceOptional(device)));
    }

    /** @param last whether the step's update follows */
    void beginMicroBatch(boolean last) {
        lastMicroBatch = last;
        for (int b = 0; b < incomplete.length; b++) {
            incomplete[b] = buckets.get(b).end() - buckets.get(b).first();
        }
    }

    @Override
    public Tensor of(Parameter parameter) {
        int b = buckets.of(parameter.index());
        Bucket bucket = buckets.get(b);
        Tensor holder = gradients;
        long at = bucket.gradient();
        if (partitionsGradients()) {
            if (filling[b] == null) {
                filling[b] = buffer(bucket.padded());
            }
            holder = filling[b];
            at = 0;
        }
        return holder.narrow(0, at + parameter.offset() - bucket.flat(), parameter.numel())
                .view(parameter.shape());
    }

    /** A zeroed buffer; waits where all are in use. The embedding tied to the head is in use throughout, and gets one more. */
    private Tensor buffer(long length) {
        while (reducing.size() >= BUFFERS) {
            await(reducing.poll());
        }
        try (PointerScope _ = new PointerScope()) {
            Tensor buffer;
            synchronized (free) {
                buffer = free.poll();
            }
            if (buffer == null) {
                buffer = zeros(buckets.largest(), flat.device());
                buffer.retainReference();
            }
            buffer.narrow(0, 0, length).zero_();
            return buffer;
        }
    }

    @Override
    public void complete(Parameter parameter) {
        int b = buckets.of(parameter.index());
        if (--incomplete[b] > 0 || ranks.size() == 1 || !(partitionsGradients() || lastMicroBatch)) {
            return;
        }
        Tensor buffer = filling[b];
        filling[b] = null;
        boolean add = !firstMicroBatch;
        reducing.add(communication.submit(() -> reduce(buckets.get(b), buffer, add)));
        if (!options.overlapComm()) {
            await(reducing.poll());
        }
    }

    private void reduce(Bucket bucket, Tensor buffer, boolean add) {
        long start = System.nanoTime();
        long part = buckets.part(bucket);
        try (PointerScope _ = new PointerScope()) {
            if (partitionsGradients()) {
                Tensor whole = buffer.narrow(0, 0, bucket.padded());
                Tensor sum = whole.narrow(0, part * owned(), part);
                ranks.reduceScatter(sum, whole);
                Tensor mine = gradients.narrow(0, bucket.shard(), part);
                if (add) {
                    mine.add_(sum.to(mine.device(), ScalarType.Float));
                } else {
                    mine.copy_(sum);
                }
                synchronized (free) {
                    free.add(buffer);
                }
            } else {
                Tensor whole = gradients.narrow(0, bucket.gradient(), bucket.padded());
                if (parts == 1) {
                    ranks.allReduce(whole);
                } else {
                    ranks.reduceScatter(whole.narrow(0, part * owned(), part), whole);
                }
            }
        }
        communicationNanos.addAndGet(System.nanoTime() - start);
    }

    /** Ends a micro-batch; returns once this rank need not wait for the communication thread before the next one. */
    void endMicroBatch() {
        firstMicroBatch = false;
        while (lastMicroBatch && !reducing.isEmpty()) {
            await(reducing.poll());
        }
    }

    private static void await(Future<?> work) {
        try {
            work.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while gradients are reduced", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    /** The L2 norm of the summed gradients of all ranks, the same on each; not finite where one gradient is not. */
    double gradientNorm() {
        double sum = 0;
        for (Bucket bucket : buckets.list()) {
            long part = buckets.part(bucket);
            long from = partitionsGradients() ? bucket.shard() : bucket.gradient() + part * owned();
            sum += GradientNorm.sumOfSquares(gradients, from, part, workers);
        }
        return Math.sqrt(parts == 1 ? sum : sumOverRanks(ranks, flat.device(), sum)[0]);
    }

    /** Sums numbers over the ranks, in f64. */
    static double[] sumOverRanks(Collectives ranks, Device device, double... numbers) {
        if (ranks.size() == 1) {
            return numbers;
        }
        try (PointerScope _ = new PointerScope()) {
            Tensor host = torch.zeros(new long[] {numbers.length}, new TensorOptions(ScalarType.Double));
            MemorySegment memory = TensorMemory.of(host);
            memory.copyFrom(MemorySegment.ofArray(numbers));
            Tensor all = host.to(device, ScalarType.Double);
            ranks.allReduce(all);
            host.copy_(all);
            double[] sums = memory.toArray(ValueLayout.JAVA_DOUBLE);
            return sums;
        }
    }

    /**
     * Updates what this rank owns, gathers what the others own, and clears the gradients.
     *
     * @param divisor what the gradients are divided by: loss scale and clipping
     */
    void step(AdamW.Options adam, double lr, double divisor) {
        updates++;
        adamW.step(AdamW.Update.of(adam, updates, lr, divisor), gradients);
        if (parts > 1) {
            buckets.list().forEach(this::gather);
        }
        discard();
    }

    /** In pieces of at most allgather_bucket_size; the padding of the last part is gathered, and left out. */
    private void gather(Bucket bucket) {
        long part = buckets.part(bucket);
        long most = Math.max(1, options.allgatherBucketSize() / parts);
        for (long at = 0; at < part; at += most) {
            long piece = Math.min(most, part - at);
            try (PointerScope _ = new PointerScope()) {
                TensorOptions like = flat.options();
                Tensor all = torch.zeros(new long[] {piece * parts}, like);
                Tensor mine = torch.zeros(new long[] {piece}, like);
                copyWithin(bucket, owned() * part + at, piece, mine, 0, false);
                ranks.allGather(all, mine);
                for (int r = 0; r < parts; r++) {
                    if (r != owned()) {
                        copyWithin(bucket, r * part + at, piece, all, r * piece, true);
                    }
                }
            }
        }
    }

    /** Copies a run of a bucket's parameters, less what is padding, to or from a buffer. */
    private void copyWithin(Bucket bucket, long from, long length, Tensor buffer, long at, boolean toParameters) {
        long real = Math.min(length, bucket.length() - from);
        if (real > 0) {
            Tensor there = flat.narrow(0, bucket.flat() + from, real);
            Tensor here = buffer.narrow(0, at, real);
            (toParameters ? there : here).copy_(toParameters ? here : there);
        }
    }

    /** Clears the gradients. */
    void discard() {
        if (!partitionsGradients()) {
            try (PointerScope _ = new PointerScope()) {
                gradients.zero_();
            }
        }
        firstMicroBatch = true;
    }

    /** Nanoseconds that reductions took since the last call, whether or not the backward pass went on beside them. */
    long takeCommunicationNanos() {
        return communicationNanos.getAndSet(0);
    }

    /** How many updates there have been: those of overflown steps not counted. */
    long updates() {
        return updates;
    }

    /** Goes on from a checkpoint's count; {@link AdamW#restore} brings back the rest. */
    void resume(long savedUpdates) {
        updates = savedUpdates;
    }

    /** What gradients, moments and master weights of this rank take; in stage 2 without the buckets that are being filled. */
    long bytes() {
        return gradients.nbytes() + adamW.bytes();
    }

    AdamW adamW() {
        return adamW;
    }

    /** What this rank owns: the parts of a checkpoint that it writes. */
    List<Slice> slices() {
        return slices;
    }

    @Override
    public void close() {
        communication.shutdownNow();
        adamW.close();
        gradients.close();
        free.forEach(Tensor::close);
    }
}
