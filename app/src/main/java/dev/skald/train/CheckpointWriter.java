package dev.skald.train;

import dev.skald.base.AtomicFiles;
import dev.skald.model.TrainableWeights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;

/**
 * Writes checkpoints while training goes on. {@link #begin} copies what this rank has to write and returns; a thread of its own writes it
 * into a hidden folder beside the target and forces it to the disk. Once every rank has done so, which they tell each other with the sums
 * of a step, rank 0 {@link #commit commits}: it joins the ranks' checksums, renames the folder, moves {@code latest} on, and deletes what is
 * above {@code save_total_limit}. Whatever is killed when, {@code latest} names a complete checkpoint.
 *
 * <p>Output directories have to be on a file system that all ranks share.
 */
final class CheckpointWriter implements AutoCloseable {

    private static final String RANGES = "ranges-of-rank-";

    private final Checkpoints checkpoints;
    private final int keep;
    private final Collectives ranks;
    private final TrainableWeights parameters;
    private final ModelFiles model;
    private final ZeroOptimizer optimizer;
    private final OptimizerFiles files;
    private final ExecutorService thread = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().name("checkpoint").daemon().factory());
    private Optional<Saving> saving = Optional.empty();

    /** Writes what is learned as others read it. */
    interface ModelFiles {

        /** @param tensors of the parameters, in their order */
        void write(Path directory, List<Tensor> tensors) throws IOException;
    }

    /** A checkpoint that is being written. */
    private record Saving(long step, Path folder, Future<?> written) {}

    /** How far this rank is with its part. */
    enum Progress {
        NOTHING_TO_DO,
        WRITING,
        WRITTEN,
        FAILED
    }

    /**
     * @param keep save_total_limit
     * @param model writes what is learned
     */
    CheckpointWriter(
            Checkpoints checkpoints,
            int keep,
            Collectives ranks,
            TrainableWeights parameters,
            ModelFiles model,
            ZeroOptimizer optimizer) {
        this.checkpoints = checkpoints;
        this.keep = keep;
        this.ranks = ranks;
        this.parameters = parameters;
        this.model = model;
        this.optimizer = optimizer;
        this.files = new OptimizerFiles(parameters.list());
    }

    boolean busy() {
        return saving.isPresent();
    }

    /**
     * Begins to write; nothing else may be being written.
     *
     * @param gate of rank 0, where there is one
     */
    void begin(TrainerState state, Optional<GateState> gate) {
        Path folder = checkpoints.partial(state.globalStep());
        List<Slice> slices = optimizer.slices();
        List<AdamW.State> states = slices.stream().map(optimizer.adamW()::state).toList();
        Optional<Tensor> weights =
                ranks.rank() == 0 ? Optional.of(parameters.flat().clone()) : Optional.empty();
        Future<?> written = thread.submit(() -> {
            try {
                writePart(folder, state, gate, slices, states, weights);
            } finally {
                states.forEach(CheckpointWriter::free);
                weights.ifPresent(Tensor::close);
            }
            return null;
        });
        saving = Optional.of(new Saving(state.globalStep(), folder, written));
    }

    private static void free(AdamW.State state) {
        state.master().close();
        state.expAvg().close();
        state.expAvgSq().close();
    }

    private void writePart(
            Path folder,
            TrainerState state,
            Optional<GateState> gate,
            List<Slice> slices,
            List<AdamW.State> states,
            Optional<Tensor> weights)
            throws IOException {
        Files.createDirectories(folder);
        List<Checksums.Range> ranges = new ArrayList<>(files.write(folder, slices, states, ranks.rank() == 0));
        if (weights.isPresent()) {
            List<Tensor> tensors = parameters.list().stream()
                    .map(p -> weights.get().narrow(0, p.offset(), p.numel()).view(p.shape()))
                    .toList();
            model.write(folder, tensors);
            tensors.forEach(Tensor::close);
            state.write(folder);
            if (gate.isPresent()) {
                gate.get().write(folder);
            }
            for (Path file : plainFiles(folder)) {
                ranges.add(Checksums.ofFile(folder, file));
                AtomicFiles.force(file);
            }
        }
        Path part = folder.resolve(RANGES + ranks.rank() + ".json");
        Checksums.write(part, ranges);
        AtomicFiles.force(part);
    }

    /** What rank 0 alone wrote: all but the optimizer's files and the ranks' checksums. */
    private static List<Path> plainFiles(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(Files::isRegularFile)
                    .filter(file -> !file.getFileName().toString().startsWith(RANGES))
                    .sorted()
                    .toList();
        }
    }

    Progress progress() {
        if (saving.isEmpty()) {
            return Progress.NOTHING_TO_DO;
        }
        return switch (saving.get().written().state()) {
            case RUNNING -> Progress.WRITING;
            case SUCCESS -> Progress.WRITTEN;
            case FAILED, CANCELLED -> Progress.FAILED;
        };
    }

    /** Waits for this rank's part; returns how it went. */
    Progress await() {
        saving.ifPresent(part -> {
            try {
                part.written().get();
            } catch (ExecutionException e) {
                // progress() says FAILED, and abandon() why
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        return progress();
    }

    /** Every rank has written: on rank 0, makes the checkpoint the latest one. */
    void commit() throws IOException {
        Saving done = saving.orElseThrow();
        saving = Optional.empty();
        if (ranks.rank() != 0) {
            return;
        }
        List<Checksums.Range> all = new ArrayList<>();
        for (int rank = 0; rank < ranks.size(); rank++) {
            Path part = done.folder().resolve(RANGES + rank + ".json");
            all.addAll(Checksums.read(part));
            Files.delete(part);
        }
        Path checksums = done.folder().resolve(Checksums.FILE);
        Checksums.write(checksums, all);
        AtomicFiles.force(checksums);
        AtomicFiles.force(done.folder());
        Path target = checkpoints.of(done.step());
        // there, if the run went on from an earlier checkpoint and came by here again
        AtomicFiles.delete(target);
        AtomicFiles.rename(done.folder(), target);
        checkpoints.setLatest(done.step());
        checkpoints.prune(keep, done.step());
    }

    /**
     * A rank could not write: what is there of the checkpoint is deleted.
     *
     * @return why, as far as this rank knows
     */
    Optional<String> abandon() throws IOException {
        Saving failed = saving.orElseThrow();
        saving = Optional.empty();
        if (ranks.rank() == 0) {
            AtomicFiles.delete(failed.folder());
        }
        return failed.written().state() == Future.State.FAILED
                ? Optional.of(String.valueOf(failed.written().exceptionNow().getMessage()))
                : Optional.empty();
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
