package dev.skald.train;

import com.github.luben.zstd.ZstdIOException;
import com.github.luben.zstd.ZstdInputStream;
import dev.hardwood.InputFile;
import dev.hardwood.reader.ParquetFileReader;
import dev.hardwood.reader.RowReader;
import dev.hardwood.schema.ColumnProjection;
import dev.hardwood.schema.ColumnSchema;
import dev.skald.InvalidInputException;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/** The documents of a file, or of a byte range of it, one after the other. */
sealed interface TextReader extends AutoCloseable {

    /** The next document; null at the end. */
    RawDocument next() throws IOException;

    /** Bytes of the file that have been read. */
    long consumed();

    @Override
    void close() throws IOException;

    /** Opens bytes {@code from} to {@code to} of a file; ranges are for uncompressed lines only. */
    static TextReader open(Path file, long from, long to, DatasetConfig dataset) throws IOException {
        String name = file.getFileName().toString();
        if (name.endsWith(".parquet")) {
            return new Parquet(file, dataset);
        }
        return name.matches(".*\\.txt(\\.gz|\\.zst)?") ? new WholeText(file) : new Lines(file, from, to);
    }

    /** A document as it lies in its file. */
    sealed interface RawDocument {

        /** About how large it is. */
        long bytes();

        /** A line of JSON, not parsed yet. */
        @SuppressWarnings("ArrayRecordComponent") // read once
        record JsonLine(String place, byte[] utf8) implements RawDocument {
            @Override
            public long bytes() {
                return utf8.length;
            }
        }

        /** A text. */
        record Text(String id, String language, String text) implements RawDocument {
            @Override
            public long bytes() {
                return text.length();
            }
        }
    }

    /** A stream that knows how far its file has been read. */
    final class FileBytes extends FilterInputStream {

        private long count;

        private FileBytes(Path file, long from) throws IOException {
            super(Channels.newInputStream(
                    FileChannel.open(file, StandardOpenOption.READ).position(from)));
        }

        @Override
        public int read() throws IOException {
            int value = super.read();
            count += value < 0 ? 0 : 1;
            return value;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            int read = super.read(into, offset, length);
            count += Math.max(0, read);
            return read;
        }

        private InputStream decompressed(Path file) throws IOException {
            String name = file.getFileName().toString();
            InputStream buffered = new BufferedInputStream(this, 1 << 16);
            if (name.endsWith(".gz")) {
                try {
                    return new GZIPInputStream(buffered, 1 << 16);
                } catch (EOFException | ZipException e) {
                    throw new InvalidInputException(file + ": damaged: " + e.getMessage(), e);
                }
            }
            return name.endsWith(".zst") ? new ZstdInputStream(buffered).setContinuous(false) : buffered;
        }
    }

    /** Lines of JSON. A range holds the lines that begin in it. */
    final class Lines implements TextReader {

        private final Path file;
        private final FileBytes bytes;
        private final InputStream in;
        private final byte[] buffer = new byte[1 << 16];
        private final long from;
        private final long to;
        private int position;
        private int limit;
        private long offset;
        private long line;

        private Lines(Path file, long from, long to) throws IOException {
            this.file = file;
            this.from = from;
            this.to = to;
            offset = Math.max(0, from - 1);
            bytes = new FileBytes(file, offset);
            in = bytes.decompressed(file);
            if (from > 0) {
                nextLine(); // it begins in the range before, unless it is empty: then `from` is the beginning of a line
                line = 0;
            }
        }

        @Override
        public RawDocument next() throws IOException {
            while (offset < to) {
                String place = from == 0 ? file + ":" + (line + 1) : file + ": byte " + offset;
                byte[] utf8 = nextLine();
                if (utf8 == null) {
                    return null;
                }
                if (!isBlank(utf8)) {
                    return new RawDocument.JsonLine(place, utf8);
                }
            }
            return null;
        }

        private static boolean isBlank(byte[] utf8) {
            for (byte each : utf8) {
                if (each > ' ' || each < 0) {
                    return false;
                }
            }
            return true;
        }

        private byte[] nextLine() throws IOException {
            ByteArrayOutputStream whole = new ByteArrayOutputStream();
            boolean any = false;
            while (true) {
                if (position == limit) {
                    limit = read();
                    position = 0;
                    if (limit <= 0) {
                        limit = 0;
                        return any ? whole.toByteArray() : null;
                    }
                }
                any = true;
                int end = position;
                while (end < limit && buffer[end] != '\n') {
                    end++;
                }
                whole.write(buffer, position, end - position);
                offset += end - position;
                position = end;
                if (end < limit) {
                    position++;
                    offset++;
                    line++;
                    return whole.toByteArray();
                }
            }
        }

        private int read() throws IOException {
            try {
                return in.read(buffer);
            } catch (EOFException | ZipException | ZstdIOException e) {
                throw new InvalidInputException(file + ": damaged after line " + line + ": " + e.getMessage(), e);
            }
        }

        @Override
        public long consumed() {
            return bytes.count;
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }

    /** A text file: one document. */
    final class WholeText implements TextReader {

        private final Path file;
        private final FileBytes bytes;
        private boolean done;

        private WholeText(Path file) throws IOException {
            this.file = file;
            bytes = new FileBytes(file, 0);
        }

        @Override
        public RawDocument next() throws IOException {
            if (done) {
                return null;
            }
            done = true;
            try {
                byte[] utf8 = bytes.decompressed(file).readNBytes(Integer.MAX_VALUE - 8);
                String text = StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(ByteBuffer.wrap(utf8))
                        .toString();
                return new RawDocument.Text(file.getFileName().toString(), "", text);
            } catch (CharacterCodingException e) {
                throw new InvalidInputException(file + ": not UTF-8", e);
            } catch (EOFException | ZipException | ZstdIOException e) {
                throw new InvalidInputException(file + ": damaged: " + e.getMessage(), e);
            }
        }

        @Override
        public long consumed() {
            return bytes.count;
        }

        @Override
        public void close() throws IOException {
            bytes.close();
        }
    }

    /** Rows of a Parquet file. */
    final class Parquet implements TextReader {

        private final Path file;
        private final DatasetConfig dataset;
        private final ParquetFileReader reader;
        private final RowReader rows;
        private final boolean hasLanguage;
        private final boolean hasId;
        private long row;

        private Parquet(Path file, DatasetConfig dataset) throws IOException {
            this.file = file;
            this.dataset = dataset;
            try {
                reader = ParquetFileReader.open(InputFile.of(file));
            } catch (IOException | RuntimeException e) {
                throw new InvalidInputException(file + ": not a Parquet file: " + e.getMessage(), e);
            }
            List<String> columns = reader.getFileSchema().getColumns().stream()
                    .map(ColumnSchema::name)
                    .toList();
            if (!columns.contains(dataset.textField())) {
                reader.close();
                throw new InvalidInputException(file + ": no column '" + dataset.textField() + "' (text_field); found "
                        + String.join(", ", columns));
            }
            List<String> wanted = new ArrayList<>(List.of(dataset.textField()));
            hasLanguage = columns.contains(dataset.langField());
            hasId = columns.contains("id");
            if (hasLanguage) {
                wanted.add(dataset.langField());
            }
            if (hasId) {
                wanted.add("id");
            }
            rows = reader.buildRowReader()
                    .projection(ColumnProjection.columns(wanted.toArray(String[]::new)))
                    .build();
        }

        @Override
        public RawDocument next() {
            if (!rows.hasNext()) {
                return null;
            }
            rows.next();
            row++;
            String place = file.getFileName() + ":" + row;
            String text = rows.isNull(dataset.textField()) ? "" : rows.getString(dataset.textField());
            String language =
                    hasLanguage && !rows.isNull(dataset.langField()) ? rows.getString(dataset.langField()) : "";
            String id = hasId && !rows.isNull("id") ? String.valueOf(rows.getValue("id")) : place;
            return new RawDocument.Text(id, language, text);
        }

        @Override
        public long consumed() {
            return 0;
        }

        @Override
        public void close() throws IOException {
            rows.close();
            reader.close();
        }
    }
}
