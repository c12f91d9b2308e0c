package dev.skald.corpus;

import com.github.luben.zstd.ZstdInputStream;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.zip.GZIPInputStream;

/** The documents of one split, one after the other; what is no document goes to {@link Rejects}. */
interface RecordReader extends AutoCloseable {

    /** The next document, or null at the end. */
    Document next() throws IOException;

    @Override
    void close() throws IOException;

    /** A reader for the split's format. */
    static RecordReader open(Split split, Recipe.Source source, Recipe.Read read, Rejects rejects) throws IOException {
        return switch (split.format()) {
            case "jsonl" -> new JsonLinesReader(split, source, read, rejects);
            case "txt", "txt-lines" -> new PlainTextReader(split, source, read, rejects);
            case "parquet" -> new ParquetRecordReader(split, source, read, rejects);
            case "warc" -> new WarcRecordReader(split, source, read, rejects);
            default -> throw new IllegalArgumentException(split.format());
        };
    }

    /** The file's content, decompressed if its name ends in .gz or .zst. */
    static InputStream content(Path file) throws IOException {
        String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
        InputStream raw = Files.newInputStream(file);
        try {
            if (name.endsWith(".gz")) {
                return new GZIPInputStream(new BufferedInputStream(raw, 1 << 16), 1 << 16);
            }
            return name.endsWith(".zst") ? new ZstdInputStream(new BufferedInputStream(raw, 1 << 16)) : raw;
        } catch (IOException e) {
            raw.close();
            throw e;
        }
    }

    static boolean isCompressed(String file) {
        String name = file.toLowerCase(Locale.ROOT);
        return name.endsWith(".gz") || name.endsWith(".zst");
    }

    /** A line reader that stands at the split's first line. */
    static LineReader lines(Split split, Recipe.Read read) throws IOException {
        LineReader lines = new LineReader(content(Path.of(split.file())), read.maxDocumentBytes());
        if (split.from() > 0) {
            if (isCompressed(split.file())) {
                lines.skipTo(split.from());
            } else {
                lines.seek(split.from());
            }
        }
        return lines;
    }
}
