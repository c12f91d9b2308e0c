package dev.skald.corpus;

import dev.skald.base.AtomicFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongConsumer;

/**
 * The files that a task writes: each beside its target, all renamed by {@link #commit}, and the tally last, whose presence says that the
 * partition is complete. Two runs of the same task do not disturb each other.
 */
final class TaskOutput implements AutoCloseable {

    private final Plan plan;
    private final Stage stage;
    private final int partition;
    private final LongConsumer progress;
    private final Map<Path, Path> files = new LinkedHashMap<>();
    private final Tally tally = new Tally();
    private boolean committed;

    TaskOutput(Plan plan, Stage stage, int partition, LongConsumer progress) throws IOException {
        this.plan = plan;
        this.stage = stage;
        this.partition = partition;
        this.progress = progress;
        Files.createDirectories(plan.directory(stage));
    }

    Tally tally() {
        return tally;
    }

    /** Tells the progress of bytes done. */
    void progress(long bytes) {
        progress.accept(bytes);
    }

    /** A file for the later stages. */
    Path file(String kind) {
        return beside(plan.file(stage.name(), partition, kind));
    }

    /** A file of the result, in a directory of the output. */
    Path result(String directory, String name) throws IOException {
        Path target = plan.output().resolve(directory).resolve(name);
        Files.createDirectories(target.getParent());
        return beside(target);
    }

    /** A writer of sorted runs for the later stages. */
    SortedRuns.Writer runs(String kind, int width, SortedRuns.Receiver receiver, int receivers) {
        return new SortedRuns.Writer(run -> file(kind + "." + run), width, receiver, receivers);
    }

    private Path beside(Path target) {
        Path part = AtomicFiles.part(target);
        files.put(part, target);
        return part;
    }

    void commit() throws IOException {
        tally.write(beside(mark(plan, stage, partition)));
        for (Map.Entry<Path, Path> file : files.entrySet()) {
            AtomicFiles.rename(file.getKey(), file.getValue());
        }
        committed = true;
    }

    /** The file whose presence says that a partition is complete. */
    static Path mark(Plan plan, Stage stage, int partition) {
        return plan.file(stage.name(), partition, "json");
    }

    @Override
    public void close() throws IOException {
        if (!committed) {
            for (Path part : files.keySet()) {
                Files.deleteIfExists(part);
            }
        }
    }
}
