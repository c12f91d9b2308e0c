package dev.skald.text;

import dev.skald.InvalidInputException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/** How documents lie in a file. All but {@link #PARQUET} may be compressed. */
public enum Format {
    /** One JSON object a line. */
    JSON_LINES,
    /** The whole file is one document. */
    TEXT,
    /** One document a line. */
    TEXT_LINES,
    /** One document a row. */
    PARQUET;

    /** The format that the file's name says; empty if it says none. {@link #TEXT_LINES} is said by no name. */
    public static Optional<Format> of(Path file) {
        String name = UnpackingInputStream.plainName(file).toLowerCase(Locale.ROOT);
        if (name.endsWith(".jsonl") || name.endsWith(".ndjson") || name.endsWith(".json")) {
            return Optional.of(JSON_LINES);
        }
        if (name.endsWith(".txt")) {
            return Optional.of(TEXT);
        }
        return name.endsWith(".parquet") ? Optional.of(PARQUET) : Optional.empty();
    }

    /**
     * As {@link #of}, for a file that a user named.
     *
     * @throws InvalidInputException if the name says no format
     */
    public static Format named(Path file) {
        return of(file).orElseThrow(
                        () -> new InvalidInputException(
                                file
                                        + ": expected a name that ends with .txt, .jsonl, .ndjson or .json, perhaps with .gz or .zst, or with .parquet"));
    }
}
