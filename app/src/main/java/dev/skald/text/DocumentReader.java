package dev.skald.text;

import dev.skald.InvalidInputException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

/**
 * The documents of a file, or of a part of it, one after the other: of JSON lines, text or Parquet, compressed or not. One record is in memory
 * at a time. For one thread; what it gives may go to others.
 */
public interface DocumentReader extends AutoCloseable {

    /**
     * The next record, whether a document or not; null at the end.
     *
     * @throws InvalidInputException if the file is damaged and the options refuse that
     */
    RawDocument nextRaw() throws IOException;

    /** Bytes of the file, as it lies on the disk, that have been read: for the progress. */
    long consumed();

    @Override
    void close() throws IOException;

    /**
     * The next document; null at the end.
     *
     * @throws InvalidInputException if a record is none and the options refuse that, naming file and line
     */
    default TextDocument next() throws IOException {
        for (RawDocument raw = nextRaw(); raw != null; raw = nextRaw()) {
            TextDocument document = raw.parse();
            if (document != null) {
                return document;
            }
        }
        return null;
    }

    /**
     * A reader for the part's format.
     *
     * @throws InvalidInputException if the file is not in the format that its name says
     */
    static DocumentReader open(FilePart part, ReadOptions options) throws IOException {
        return switch (part.format()) {
            case JSON_LINES, TEXT_LINES -> new LineDocuments(part, options);
            case TEXT -> new WholeText(part.file(), options);
            case PARQUET -> new ParquetRows(part.file(), options);
        };
    }

    /**
     * Gives away all texts of a file that a user named, which are in the field {@code text}.
     *
     * @param bytesRead told, again and again, how many bytes of the file have been read
     * @throws InvalidInputException if the file is absent, damaged, of no known format, or has a record that is no document
     */
    static void readTexts(Path file, Consumer<String> receiver, LongConsumer bytesRead) throws IOException {
        try (DocumentReader reader = open(FilePart.named(file), ReadOptions.strict(Fields.text("text")))) {
            for (TextDocument document = reader.next(); document != null; document = reader.next()) {
                receiver.accept(document.text());
                bytesRead.accept(reader.consumed());
            }
            bytesRead.accept(reader.consumed());
        }
    }
}
