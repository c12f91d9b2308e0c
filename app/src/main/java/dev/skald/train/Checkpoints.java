package dev.skald.train;

import dev.skald.InvalidInputException;
import dev.skald.base.AtomicFiles;
import dev.skald.model.LatestCheckpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The checkpoints in an output directory: {@code checkpoint-N}, complete whenever they have that name, and {@code latest}, the name of one. */
final class Checkpoints {

    private static final Pattern PARTIAL = Pattern.compile("\\.checkpoint-\\d+\\.partial");

    private final Path outputDir;

    Checkpoints(Path outputDir) {
        this.outputDir = outputDir;
    }

    Path of(long step) {
        return LatestCheckpoint.folder(outputDir, step);
    }

    /** Where a checkpoint is while it is being written, or deleted. */
    Path partial(long step) {
        return outputDir.resolve(".checkpoint-" + step + ".partial");
    }

    /** The steps that have a checkpoint, ascending. */
    List<Long> steps() throws IOException {
        return List.copyOf(LatestCheckpoint.all(outputDir).keySet());
    }

    Optional<Path> latest() throws IOException {
        return LatestCheckpoint.in(outputDir);
    }

    void setLatest(long step) throws IOException {
        LatestCheckpoint.set(outputDir, step);
    }

    /** Deletes the oldest above {@code keep}, but never {@code latest}. */
    void prune(int keep, long latest) throws IOException {
        List<Long> steps = steps();
        for (long step : steps.subList(0, Math.max(0, steps.size() - keep))) {
            if (step != latest) {
                // Renamed first: a kill in between leaves no checkpoint that lacks files.
                Path going = partial(step);
                AtomicFiles.delete(going);
                AtomicFiles.rename(of(step), going);
                AtomicFiles.delete(going);
            }
        }
    }

    /** Deletes what killed runs left half written in the output directory, which is there. */
    void clean() throws IOException {
        List<Path> left;
        try (Stream<Path> entries = Files.list(outputDir)) {
            left = entries.filter(entry ->
                            PARTIAL.matcher(entry.getFileName().toString()).matches())
                    .toList();
        }
        for (Path path : left) {
            AtomicFiles.delete(path);
        }
        AtomicFiles.deleteParts(outputDir);
    }

    /**
     * The checkpoint to go on from.
     *
     * @return empty for a run from the start
     * @throws InvalidInputException when the output directory holds checkpoints that the configuration does not say to go on from
     */
    Optional<Path> resumed(TrainerConfig config) throws IOException {
        if (config.resumeFromCheckpoint() != null) {
            Path named = Path.of(config.resumeFromCheckpoint());
            if (!Files.exists(named.resolve(TrainerState.FILE))) {
                throw new InvalidInputException("resume_from_checkpoint: " + named + " has no " + TrainerState.FILE
                        + ", expected a directory checkpoint-N that train saved");
            }
            return Optional.of(named);
        }
        Optional<Path> latest = latest();
        if (latest.isPresent() && !config.autoResumeFromCheckpoints()) {
            throw new InvalidInputException(
                    "output_dir " + outputDir + " holds " + latest.get().getFileName()
                            + " of an earlier run: go on from it with auto_resume_from_checkpoints=true, or choose another output_dir");
        }
        return latest;
    }

    /**
     * Reads the checkpoint to go on from and compares it with its checksums. Where {@code auto_resume_from_checkpoints} chose it and it is damaged, the
     * last other one that is whole becomes {@code latest}.
     *
     * @return what was damaged, if training can go on all the same
     * @throws InvalidInputException when {@code resume_from_checkpoint} names a damaged one, or no checkpoint is whole
     */
    Optional<String> verify(TrainerConfig config) throws IOException {
        Optional<Path> chosen = resumed(config);
        Optional<InvalidInputException> damage = chosen.flatMap(Checkpoints::damage);
        if (damage.isEmpty()) {
            return Optional.empty();
        }
        if (!config.autoResumeFromCheckpoints()) {
            throw damage.get();
        }
        for (long step : steps().reversed()) {
            if (!of(step).equals(chosen.get()) && damage(of(step)).isEmpty()) {
                setLatest(step);
                return Optional.of(damage.get().getMessage() + "; going on from " + of(step));
            }
        }
        throw new InvalidInputException(
                damage.get().getMessage() + "; no other checkpoint in " + outputDir + " is whole", damage.get());
    }

    private static Optional<InvalidInputException> damage(Path checkpoint) {
        try {
            Checksums.verify(checkpoint);
            return Optional.empty();
        } catch (InvalidInputException e) {
            return Optional.of(e);
        }
    }
}
