package dev.skald.train;

import dev.hardwood.InputFile;
import dev.hardwood.reader.ParquetFileReader;
import dev.hardwood.reader.RowReader;
import dev.hardwood.schema.ColumnProjection;
import dev.hardwood.schema.ColumnSchema;
import dev.skald.InvalidInputException;
import dev.skald.text.UnpackingInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

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

    /** Lines of JSON. A range holds the lines that begin in it. */
    final class Lines implements TextReader {

        private final Path file;
        private final InputStream in;
        private final byte[] buffer = new byte[1 << 16];
        private final long from;
        private final long to;
        private int position;
        private int limit;
        private long offset;
        private long line;
        private long consumed;

        private Lines(Path file, long from, long to) throws IOException {
            this.file = file;
            this.from = from;
            this.to = to;
            offset = Math.max(0, from - 1);
            in = UnpackingInputStream.open(file, offset, bytes -> consumed = bytes);
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
                    limit = in.read(buffer);
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

        @Override
        public long consumed() {
            return consumed;
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }

    /** A text file: one document. */
    final class WholeText implements TextReader {

        private final Path file;
        private final InputStream in;
        private boolean done;
        private long consumed;

        private WholeText(Path file) throws IOException {
            this.file = file;
            in = UnpackingInputStream.open(file, bytes -> consumed = bytes);
        }

        @Override
        public RawDocument next() throws IOException {
            if (done) {
                return null;
            }
            done = true;
            try {
                byte[] utf8 = in.readNBytes(Integer.MAX_VALUE - 8);
                String text = StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(ByteBuffer.wrap(utf8))
                        .toString();
                return new RawDocument.Text(file.getFileName().toString(), "", text);
            } catch (CharacterCodingException e) {
                throw new InvalidInputException(file + ": not UTF-8", e);
            }
        }

        @Override
        public long consumed() {
            return consumed;
        }

        @Override
        public void close() throws IOException {
            in.close();
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
