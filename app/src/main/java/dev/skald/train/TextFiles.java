package dev.skald.train;

import dev.skald.InvalidInputException;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The files that a path of {@code datasets} means. */
final class TextFiles {

    private static final Pattern KNOWN = Pattern.compile(".*\\.(jsonl|ndjson|txt)(\\.gz|\\.zst)?|.*\\.parquet");

    private TextFiles() {}

    /**
     * The file, the known files below a directory, or those that match a glob; sorted by path.
     *
     * @throws InvalidInputException if there is none, or the file is of no known kind
     */
    static List<Path> find(String path) throws IOException {
        Path plain = Path.of(path);
        List<Path> found;
        if (Files.isRegularFile(plain)) {
            found = List.of(plain);
        } else if (Files.isDirectory(plain)) {
            found = below(plain, file -> isKnown(file));
        } else if (path.matches(".*[*?{\\[].*")) {
            PathMatcher matcher = FileSystems.getDefault().getPathMatcher("glob:" + plain.normalize());
            Path base = base(path);
            if (!Files.isDirectory(base)) {
                throw new InvalidInputException("datasets: " + path + ": there is no directory " + base);
            }
            found = below(base, file -> matcher.matches(file.normalize()) && isKnown(file));
        } else {
            throw new InvalidInputException("datasets: " + path + ": no such file or directory");
        }
        if (found.isEmpty() || !isKnown(found.getFirst())) {
            throw new InvalidInputException(
                    "datasets: " + path
                            + ": found no text; expected files .jsonl or .txt (or with .gz, .zst), .parquet, or a packed dataset");
        }
        return found;
    }

    private static boolean isKnown(Path file) {
        return KNOWN.matcher(file.getFileName().toString()).matches();
    }

    private static List<Path> below(Path directory, java.util.function.Predicate<Path> wanted) throws IOException {
        try (Stream<Path> files = Files.walk(directory, FileVisitOption.FOLLOW_LINKS)) {
            return files.filter(Files::isRegularFile).filter(wanted).sorted().toList();
        }
    }

    /** The part of a glob before its first wildcard. */
    private static Path base(String glob) {
        Path whole = Path.of(glob);
        Path base = whole.isAbsolute() ? whole.getRoot() : Path.of("");
        for (Path part : whole) {
            if (part.toString().matches(".*[*?{\\[].*")) {
                break;
            }
            base = base.resolve(part);
        }
        return base;
    }
}
