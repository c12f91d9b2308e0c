package dev.skald.model;

import dev.skald.base.AtomicFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Which checkpoint of a training run is the one to use: its output directory has folders {@code checkpoint-N}, and the file {@code latest} with
 * the name of one of them.
 */
public final class LatestCheckpoint {

    private static final Pattern NAME = Pattern.compile("checkpoint-(\\d{1,18})");
    private static final String LATEST = "latest";

    private LatestCheckpoint() {}

    /** The checkpoint that {@code latest} names; the last by number where it names none; empty where there is no checkpoint. */
    public static Optional<Path> in(Path outputDir) throws IOException {
        Path file = outputDir.resolve(LATEST);
        if (Files.isRegularFile(file)) {
            String name = Files.readString(file).strip();
            if (NAME.matcher(name).matches() && Files.isDirectory(outputDir.resolve(name))) {
                return Optional.of(outputDir.resolve(name));
            }
        }
        SortedMap<Long, Path> all = all(outputDir);
        return all.isEmpty() ? Optional.empty() : Optional.of(all.lastEntry().getValue());
    }

    /** All checkpoints by their number, the step after which they were saved. */
    public static SortedMap<Long, Path> all(Path outputDir) throws IOException {
        SortedMap<Long, Path> found = new TreeMap<>();
        try (Stream<Path> entries = Files.list(outputDir)) {
            entries.forEach(entry -> {
                Matcher name = NAME.matcher(entry.getFileName().toString());
                if (name.matches()) {
                    found.put(Long.valueOf(name.group(1)), entry);
                }
            });
        } catch (NoSuchFileException e) {
            return Collections.emptySortedMap();
        }
        return found;
    }

    /** The folder of the checkpoint after a step. */
    public static Path folder(Path outputDir, long step) {
        return outputDir.resolve("checkpoint-" + step);
    }

    /** Makes {@code latest} name the checkpoint of this step, which is complete; on the disk when this returns. */
    public static void set(Path outputDir, long step) throws IOException {
        byte[] name = (folder(outputDir, step).getFileName() + "\n").getBytes(StandardCharsets.UTF_8);
        AtomicFiles.writeDurably(outputDir.resolve(LATEST), name);
        AtomicFiles.force(outputDir);
    }
}
