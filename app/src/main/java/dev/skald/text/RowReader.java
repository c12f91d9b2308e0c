package dev.skald.text;

import dev.skald.InvalidInputException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;

/** The rows of a file with all their fields: of JSON lines, a JSON list of objects, CSV, or Parquet, compressed or not. One row is in memory at a time. */
public interface RowReader extends AutoCloseable {

    /**
     * The next row; null at the end.
     *
     * @throws InvalidInputException if the file is damaged, or the row is no object, naming file and line
     */
    Row next() throws IOException;

    /** Bytes of the file, as it lies on the disk, that have been read. */
    long consumed();

    @Override
    void close() throws IOException;

    /**
     * A reader for what the file's name says.
     *
     * @throws InvalidInputException if the file is not in the format that its name says, or has no rows
     */
    static RowReader open(Path file) throws IOException {
        if (UnpackingInputStream.plainName(file).toLowerCase(Locale.ROOT).matches("(?s).*\\.[ct]sv")) {
            return new CsvRows(file);
        }
        return switch (Format.named(file)) {
            case JSON_LINES -> new JsonRows(file);
            case PARQUET -> new NestedParquetRows(file);
            case TEXT, TEXT_LINES ->
                throw new InvalidInputException(file
                        + ": expected rows with fields: .jsonl, .json, .csv (perhaps with .gz or .zst) or .parquet");
        };
    }
}
