package dev.skald.train;

import dev.skald.InvalidInputException;
import dev.skald.text.FilePattern;
import dev.skald.text.Format;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The files that a path of {@code datasets} means. */
final class TextFiles {

    private TextFiles() {}

    /**
     * The file, the known files below a directory, or those that match a glob; sorted by path.
     *
     * @throws InvalidInputException if there is none, or the file is of no known kind
     */
    static List<Path> find(String path) throws IOException {
        String plain = FilePattern.plainPart(path);
        if (!Files.exists(Path.of(plain))) {
            throw new InvalidInputException("datasets: " + path + ": "
                    + (plain.equals(path) ? "no such file or directory" : "there is no directory " + plain));
        }
        List<Path> found = FilePattern.find(Path.of(""), path, TextFiles::isKnown).stream()
                .filter(TextFiles::isKnown)
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
}
