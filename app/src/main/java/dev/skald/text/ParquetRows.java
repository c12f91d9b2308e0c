package dev.skald.text;

import dev.hardwood.InputFile;
import dev.hardwood.metadata.PhysicalType;
import dev.hardwood.metadata.RepetitionType;
import dev.hardwood.reader.ParquetFileReader;
import dev.hardwood.reader.RowReader;
import dev.hardwood.schema.ColumnProjection;
import dev.hardwood.schema.SchemaNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The rows of a Parquet file. A file that cannot be opened is a flaw of row 0. */
final class ParquetRows implements DocumentReader {

    private final Path file;
    private final ReadOptions options;
    private final long fileBytes;
    /** Absent if the file cannot be opened. */
    private final ParquetFileReader reader;

    private final RowReader rows;
    /** Columns that are wanted and there, and whether they hold bytes. */
    private final Map<String, Boolean> columns = new LinkedHashMap<>();

    private final List<String> allColumns;
    private final long count;
    private long row;
    private boolean ended;

    ParquetRows(Path file, ReadOptions options) throws IOException {
        this.file = file;
        this.options = options;
        fileBytes = Files.size(file);
        ParquetFileReader opened = open();
        reader = opened;
        ended = opened == null;
        if (opened == null) {
            rows = null;
            allColumns = List.of();
            count = 0;
            return;
        }
        count = opened.getFileMetaData().numRows();
        List<SchemaNode> schema = opened.getFileSchema().getRootNode().children();
        allColumns = schema.stream().map(SchemaNode::name).toList();
        Fields fields = options.fields();
        for (SchemaNode node : schema) {
            if (node instanceof SchemaNode.PrimitiveNode column
                    && column.repetitionType() != RepetitionType.REPEATED
                    && Stream.of(fields.text(), fields.id(), fields.url(), fields.language())
                            .anyMatch(column.name()::equals)) {
                columns.put(column.name(), column.type() == PhysicalType.BYTE_ARRAY);
            }
        }
        rows = columns.isEmpty()
                ? opened.rowReader()
                : opened.buildRowReader()
                        .projection(ColumnProjection.columns(columns.keySet().toArray(String[]::new)))
                        .build();
    }

    private ParquetFileReader open() throws IOException {
        try {
            return ParquetFileReader.open(InputFile.of(file));
        } catch (IOException | RuntimeException e) {
            damage(e, file + ": not a Parquet file: " + e.getMessage());
            return null;
        }
    }

    private void damage(Exception e, String refusal) throws IOException {
        options.flaws().add(Flaw.damage(place(), String.valueOf(e.getMessage()), refusal, new byte[0]));
    }

    private Place place() {
        return new Place(file, Place.Unit.ROW, row);
    }

    @Override
    public RawDocument nextRaw() throws IOException {
        while (!ended) {
            TextDocument document;
            try {
                if (!rows.hasNext()) {
                    break;
                }
                rows.next();
                row++;
                document = document();
            } catch (RuntimeException e) {
                ended = true;
                damage(e, place() + ": damaged: " + e.getMessage());
                break;
            }
            if (document.text() == null) {
                Flaw.Kind kind = columns.containsKey(options.fields().text()) ? Flaw.Kind.NULL_TEXT : Flaw.Kind.NO_TEXT;
                String detail = "columns are " + String.join(", ", allColumns);
                options.flaws()
                        .add(Flaw.noText(place(), kind, options.fields().text(), detail, List.of(), new byte[0]));
            } else if (document.text().length() > options.maxBytes()) {
                String detail = document.text().length() + " characters";
                options.flaws().add(Flaw.of(place(), Flaw.Kind.TOO_LONG, detail, new byte[0]));
            } else {
                return new Row(document);
            }
        }
        return null;
    }

    /** With null for the text if the row has none. */
    private TextDocument document() {
        Fields fields = options.fields();
        return new TextDocument(
                orEmpty(value(fields.id())),
                value(fields.text()),
                orEmpty(value(fields.url())),
                orEmpty(value(fields.language())),
                "",
                place(),
                row);
    }

    private String value(String column) {
        Boolean bytes = columns.get(column);
        if (bytes == null || rows.isNull(column)) {
            return null;
        }
        return bytes ? rows.getString(column) : String.valueOf(rows.getValue(column));
    }

    private static String orEmpty(String value) {
        return value == null ? "" : value;
    }

    @Override
    public long consumed() {
        return count == 0 ? fileBytes : (long) ((double) fileBytes * row / count);
    }

    @Override
    public void close() throws IOException {
        if (reader != null) {
            rows.close();
            reader.close();
        }
    }

    private record Row(TextDocument document) implements RawDocument {

        @Override
        public long bytes() {
            return document.text().length();
        }

        @Override
        public TextDocument parse() {
            return document;
        }
    }
}
