package dev.skald.train;

import dev.skald.tensor.Natives;
import java.time.Duration;
import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.javacpp.chrono.Milliseconds;
import org.bytedeco.pytorch.Backend;
import org.bytedeco.pytorch.BroadcastOptions;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.ProcessGroupGloo;
import org.bytedeco.pytorch.TCPStore;
import org.bytedeco.pytorch.TCPStoreOptions;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.Work;
import org.bytedeco.pytorch.nccl.ProcessGroupNCCL;

/**
 * What the ranks of a run do together, on contiguous tensors, in the same order on every rank. Each call returns when its result may be
 * used. The order of a sum is fixed by the number of ranks and the length, so that a run repeats bit by bit.
 *
 * <p>Any call throws {@link LostRankException} when another rank died or stayed away for longer than the timeout.
 */
sealed interface Collectives extends AutoCloseable {

    int rank();

    int size();

    /** Replaces {@code tensor} by the sum of all ranks'. */
    void allReduce(Tensor tensor);

    /** Sums {@code whole} over the ranks; this rank's {@code 1/size} of the sum goes to {@code part}. {@code whole} is spent. */
    void reduceScatter(Tensor part, Tensor whole);

    /** {@code whole}: the {@code part} of every rank, one after the other. */
    void allGather(Tensor whole, Tensor part);

    /** Rank 0's {@code tensor} goes to all. */
    void broadcast(Tensor tensor);

    /**
     * Every rank runs {@code work}, which may take hours on some of them, and waits for the others: no timeout applies.
     *
     * @return what this rank's work gave
     */
    <T> T withoutTimeout(Supplier<T> work);

    @Override
    void close();

    /**
     * Joins the run: Gloo between CPUs, NCCL between CUDA devices.
     *
     * @param timeout how long a rank waits for the others before it takes them for lost
     */
    static Collectives join(Rank rank, Device device, Duration timeout) {
        return rank.worldSize() == 1 ? new SingleProcess() : C10d.join(rank, device, timeout);
    }

    /** A run of one process. */
    record SingleProcess() implements Collectives {

        @Override
        public int rank() {
            return 0;
        }

        @Override
        public int size() {
            return 1;
        }

        @Override
        public void allReduce(Tensor tensor) {}

        @Override
        public void reduceScatter(Tensor part, Tensor whole) {
            part.copy_(whole);
        }

        @Override
        public void allGather(Tensor whole, Tensor part) {
            whole.copy_(part);
        }

        @Override
        public void broadcast(Tensor tensor) {}

        @Override
        public <T> T withoutTimeout(Supplier<T> work) {
            return work.get();
        }

        @Override
        public void close() {}
    }

    /** A process group of libtorch's c10d. The two backends have one interface; they differ in how they are made and in how they reduce. */
    final class C10d implements Collectives {

        private static final Duration POLL = Duration.ofMillis(200);

        private final Rank rank;
        private final TCPStore store;
        private final Backend group;
        private int waits;

        private C10d(Rank rank, TCPStore store, Backend group) {
            this.rank = rank;
            this.store = store;
            this.group = group;
        }

        static C10d join(Rank rank, Device device, Duration timeout) {
            Natives.loadGloo();
            return answered(rank, "joining the run at " + rank.masterAddress() + ":" + rank.masterPort(), () -> {
                TCPStore store = new TCPStore(
                        rank.masterAddress(),
                        new TCPStoreOptions()
                                .port((short) rank.masterPort())
                                .isServer(rank.isFirst())
                                .waitWorkers(false)
                                .timeout(new Milliseconds(timeout.toMillis())));
                return new C10d(
                        rank, store, device.is_cuda() ? nccl(rank, store, timeout) : gloo(rank, store, timeout));
            });
        }

        private static Backend gloo(Rank rank, TCPStore store, Duration timeout) {
            ProcessGroupGloo.Options options = ProcessGroupGloo.Options.create(new Milliseconds(timeout.toMillis()));
            // The host's own name need not resolve; the address that leads to rank 0 does.
            options.devices()
                    .put(
                            rank.masterAddress().equals("localhost")
                                    ? ProcessGroupGloo.createDeviceForHostname("127.0.0.1")
                                    : ProcessGroupGloo.createDefaultDevice());
            return new ProcessGroupGloo(store, rank.rank(), rank.worldSize(), options);
        }

        /** Written against the same interface; it has not been run, for want of two CUDA devices. */
        private static Backend nccl(Rank rank, TCPStore store, Duration timeout) {
            ProcessGroupNCCL.Options options = ProcessGroupNCCL.Options.create();
            options.timeout(new Milliseconds(timeout.toMillis()));
            return new ProcessGroupNCCL(store, rank.rank(), rank.worldSize(), options);
        }

        @Override
        public int rank() {
            return rank.rank();
        }

        @Override
        public int size() {
            return rank.worldSize();
        }

        @Override
        public void allReduce(Tensor tensor) {
            finish("all-reduce", () -> group.allreduce(new TensorVector(tensor)));
        }

        /** Gloo's own reduce-scatter is an all-reduce of a copy; this is one without the copy. */
        @Override
        public void reduceScatter(Tensor part, Tensor whole) {
            if (group instanceof ProcessGroupGloo) {
                allReduce(whole);
                try (PointerScope _ = new PointerScope()) {
                    part.copy_(whole.narrow(0, rank() * part.numel(), part.numel()));
                }
            } else {
                finish("reduce-scatter", () -> group._reduce_scatter_base(part, whole));
            }
        }

        @Override
        public void allGather(Tensor whole, Tensor part) {
            finish("all-gather", () -> group._allgather_base(whole, part));
        }

        @Override
        public void broadcast(Tensor tensor) {
            finish("broadcast", () -> group.broadcast(new TensorVector(tensor), new BroadcastOptions().rootRank(0)));
        }

        @Override
        public <T> T withoutTimeout(Supplier<T> work) {
            T result = work.get();
            String key = "done-" + waits++;
            answered(rank, "telling the others", () -> store.add(key, 1));
            while (answered(rank, "waiting for the others", () -> store.add(key, 0)) < size()) {
                try {
                    Thread.sleep(POLL);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new LostRankException(
                            "rank " + rank.rank() + ": interrupted while waiting for the others", e);
                }
            }
            return result;
        }

        private void finish(String what, Supplier<Work> start) {
            try (PointerScope _ = new PointerScope()) {
                answered(rank, what, () -> start.get()._wait());
            }
        }

        /** JavaCPP turns every C++ exception into a RuntimeException. */
        private static <T> T answered(Rank rank, String what, Supplier<T> call) {
            try {
                return call.get();
            } catch (RuntimeException e) {
                String reason =
                        String.valueOf(e.getMessage()).lines().findFirst().orElse("");
                throw new LostRankException(
                        "rank " + rank.rank() + ": another rank was lost during " + what + ": "
                                + reason.replaceFirst("^\\[[^]]*cpp:\\d+] ", ""),
                        e);
            }
        }

        @Override
        public void close() {
            group.shutdown();
            group.close();
            store.close();
        }
    }
}
