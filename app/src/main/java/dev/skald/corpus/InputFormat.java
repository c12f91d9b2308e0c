package dev.skald.corpus;

import dev.skald.text.DocumentReader;
import dev.skald.text.FilePart;
import dev.skald.text.Format;
import dev.skald.text.ReadOptions;
import dev.skald.text.UnpackingInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** How the documents of a source lie in their files: the formats of {@link Format}, and web archives. */
enum InputFormat {
    JSONL(Format.JSON_LINES),
    TXT(Format.TEXT),
    TXT_LINES(Format.TEXT_LINES),
    PARQUET(Format.PARQUET),
    WARC(null);

    private final Format text;

    InputFormat(Format text) {
        this.text = text;
    }

    /** As recipes spell it. */
    String key() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The format that a recipe names. */
    static InputFormat named(String key) {
        return Arrays.stream(values())
                .filter(format -> format.key().equals(key))
                .findFirst()
                .orElseThrow();
    }

    /** By the file's name; empty if it says nothing. */
    static Optional<InputFormat> of(Path file) {
        if (UnpackingInputStream.plainName(file).toLowerCase(Locale.ROOT).endsWith(".warc")) {
            return Optional.of(WARC);
        }
        return Format.of(file)
                .flatMap(text -> Arrays.stream(values())
                        .filter(format -> format.text == text)
                        .findFirst());
    }

    /** Whether a file can be cut into splits. */
    boolean isDivisible() {
        return this == JSONL || this == TXT_LINES;
    }

    /** The documents of a file's bytes {@code from} to {@code to}. */
    DocumentReader open(Path file, long from, long to, ReadOptions options) throws IOException {
        return this == WARC
                ? new WarcDocuments(file, options)
                : DocumentReader.open(new FilePart(file, text, from, to), options);
    }
}
