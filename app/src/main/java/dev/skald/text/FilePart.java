package dev.skald.text;

import dev.skald.InvalidInputException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A file of documents, or a part of one.
 *
 * @param format how documents lie in it
 * @param from first byte of the uncompressed content; a line belongs to the part that its first byte lies in
 * @param to end of the part, exclusive. Parts are for {@link Format#JSON_LINES} and {@link Format#TEXT_LINES}; the others are read whole
 */
public record FilePart(Path file, Format format, long from, long to) {

    /** A whole file. */
    public static FilePart whole(Path file, Format format) {
        return new FilePart(file, format, 0, Long.MAX_VALUE);
    }

    /**
     * A whole file that a user named.
     *
     * @throws InvalidInputException if there is none, or its name says no format
     */
    public static FilePart named(Path file) {
        Format format = Format.named(file);
        if (!Files.isRegularFile(file)) {
            throw new InvalidInputException(file + ": no such file");
        }
        return whole(file, format);
    }
}
