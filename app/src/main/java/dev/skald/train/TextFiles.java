package dev.skald.train;

import dev.skald.InvalidInputException;
import dev.skald.dataset.PackedTokens;
import dev.skald.text.FilePattern;
import dev.skald.text.Format;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * The files that a path of {@code datasets} means. Below the directory that it names, what nobody means is left out: hidden files and
 * directories (copies of editors, mostly), packed datasets, what training itself writes. What the path names itself is always meant.
 */
final class TextFiles {

    /** What training writes into an output directory, and could be taken for texts. */
    private static final Set<String> OWN = Set.of(RunLog.METRICS, RunLog.VALIDATION);

    private TextFiles() {}

    /**
     * The file, the known files below a directory, or those that match a glob; sorted by path. The others are files whose names say no known kind.
     *
     * @param others directories that are left out when they lie below the one that the path names
     * @throws InvalidInputException if there is none, or the file is of no known kind
     */
    static FilePattern.Found find(String path, List<Path> others) throws IOException {
        return find(path, others, TextFiles::isKnown);
    }

    /** As {@link #find(String, List)}, of other kinds of files. */
    static FilePattern.Found find(String path, List<Path> others, Predicate<Path> known) throws IOException {
        FilePattern pattern = FilePattern.of(Path.of(""), path);
        if (!Files.exists(pattern.isGlob() ? absolute(pattern.start()) : pattern.start())) {
            throw new InvalidInputException("datasets: " + path + ": "
                    + (pattern.isGlob() ? "there is no directory " + pattern.start() : "no such file or directory"));
        }
        Set<Path> out = others.stream().map(TextFiles::real).collect(Collectors.toSet());
        FilePattern.Found found =
                pattern.find(known, directory -> isPacked(directory) || out.contains(real(directory)));
        List<Path> files = new ArrayList<>();
        List<Path> unknown = new ArrayList<>(found.others());
        for (Path file : found.files()) {
            boolean itself = file.equals(pattern.start());
            if (!known.test(file)) {
                unknown.add(file);
            } else if (itself || !isOwn(file)) {
                files.add(file);
            }
        }
        unknown.removeIf(TextFiles::isOwn);
        if (files.isEmpty()) {
            throw new InvalidInputException(
                    "datasets: " + path
                            + ": found no text; expected files .jsonl or .txt (or with .gz, .zst), .parquet, or a packed dataset");
        }
        return new FilePattern.Found(List.copyOf(files), List.copyOf(unknown));
    }

    /** Says how many files of a directory are not read. */
    static void warn(String path, List<Path> others) {
        if (!others.isEmpty()) {
            System.err.println(
                    "warning: datasets: " + path + ": files that are not read, for their names tell no known format: "
                            + others.size() + ", as " + others.getFirst());
        }
    }

    /** A .json beside texts describes them, mostly. */
    private static boolean isKnown(Path file) {
        return Format.of(file).isPresent() && !file.toString().endsWith(".json");
    }

    /** Whether a file has rows with fields. */
    static boolean hasRows(Path file) {
        return Format.of(file)
                .filter(format -> format == Format.JSON_LINES || format == Format.PARQUET)
                .isPresent();
    }

    /** What training has written. */
    private static boolean isOwn(Path file) {
        Path directory = absolute(file).getParent();
        return OWN.contains(file.getFileName().toString())
                && Files.exists(directory.resolve(Training.CONFIG))
                && Files.exists(directory.resolve(Training.DEEPSPEED_CONFIG));
    }

    /** Also one that is not complete. */
    private static boolean isPacked(Path directory) {
        return PackedTokens.isAt(directory) || Files.exists(directory.resolve("shard-00000.tokens"));
    }

    private static Path absolute(Path path) {
        return path.toAbsolutePath().normalize();
    }

    private static Path real(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException e) {
            return absolute(path); // not there yet
        }
    }
}
