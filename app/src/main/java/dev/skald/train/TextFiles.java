package dev.skald.train;

import dev.skald.InvalidInputException;
import dev.skald.dataset.PackedTokens;
import dev.skald.text.FilePattern;
import dev.skald.text.Format;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The files that a path of {@code datasets} means. Below the directory that it names, what nobody means is left out: hidden files and
 * directories (copies of editors, mostly), packed datasets, what training itself writes. What the path names itself is always meant.
 */
final class TextFiles {

    /** What training writes into an output directory, and could be taken for texts. */
    private static final Set<String> OWN = Set.of(RunLog.METRICS, RunLog.VALIDATION);

    private final Path base;
    private final boolean hidden;
    private final List<Path> others;
    private final Map<Path, Boolean> meant = new HashMap<>();

    private TextFiles(Path base, boolean hidden, List<Path> others) {
        this.base = base;
        this.hidden = hidden;
        this.others = others;
    }

    /**
     * The file, the known files below a directory, or those that match a glob; sorted by path.
     *
     * @param others directories that are left out when they lie below the one that the path names
     * @throws InvalidInputException if there is none, or the file is of no known kind
     */
    static List<Path> find(String path, List<Path> others) throws IOException {
        return find(path, others, TextFiles::isKnown);
    }

    /** As {@link #find(String, List)}, of other kinds of files. */
    static List<Path> find(String path, List<Path> others, Predicate<Path> known) throws IOException {
        String plain = FilePattern.plainPart(path);
        if (!Files.exists(Path.of(plain))) {
            throw new InvalidInputException("datasets: " + path + ": "
                    + (plain.equals(path) ? "no such file or directory" : "there is no directory " + plain));
        }
        boolean hidden = path.substring(plain.length()).matches("(.*/)?\\..*");
        TextFiles files = new TextFiles(
                absolute(Path.of(plain)),
                hidden,
                others.stream().map(TextFiles::real).toList());
        List<Path> found = FilePattern.find(Path.of(""), path, known).stream()
                .filter(known)
                .filter(files::isMeant)
                .toList();
        if (found.isEmpty()) {
            throw new InvalidInputException(
                    "datasets: " + path
                            + ": found no text; expected files .jsonl or .txt (or with .gz, .zst), .parquet, or a packed dataset");
        }
        return found;
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

    private boolean isMeant(Path file) {
        Path directory = absolute(file).getParent();
        if (absolute(file).equals(base)) {
            return true;
        }
        boolean own = OWN.contains(file.getFileName().toString())
                && Files.exists(directory.resolve(Training.CONFIG))
                && Files.exists(directory.resolve(Training.DEEPSPEED_CONFIG));
        return !own && !isHidden(file) && isMeantDirectory(directory);
    }

    /** A directory, and those between it and the one that the path names. */
    private boolean isMeantDirectory(Path directory) {
        if (directory.equals(base) || directory.getParent() == null) {
            return true;
        }
        Boolean known = meant.get(directory);
        if (known == null) {
            known = !isHidden(directory)
                    && !isPacked(directory)
                    && !others.contains(real(directory))
                    && isMeantDirectory(directory.getParent());
            meant.put(directory, known);
        }
        return known;
    }

    private boolean isHidden(Path path) {
        return !hidden && path.getFileName().toString().startsWith(".");
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
