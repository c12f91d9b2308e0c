package dev.skald.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.hardwood.metadata.PhysicalType;
import dev.hardwood.metadata.RepetitionType;
import dev.hardwood.reader.ParquetFileReader;
import dev.hardwood.reader.RowReader;
import dev.hardwood.row.StructAccessor;
import dev.hardwood.schema.ColumnProjection;
import dev.hardwood.schema.SchemaNode;
import dev.skald.InvalidInputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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
    /** What is wanted and there, by its name; one inside a struct has the struct's name before its own, with a dot between them. */
    private final Map<String, Column> columns = new LinkedHashMap<>();
    /** Those that nothing else is made of. */
    private final List<String> metadata = new ArrayList<>();

    private final List<String> allColumns = new ArrayList<>();
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
            count = 0;
            return;
        }
        count = opened.getFileMetaData().numRows();
        findColumns(List.of(), opened.getFileSchema().getRootNode());
        boolean pathsAreNames = columns.values().stream()
                .anyMatch(column -> column.path.getLast().contains("."));
        rows = columns.isEmpty() || pathsAreNames
                ? opened.rowReader()
                : opened.buildRowReader()
                        .projection(ColumnProjection.columns(columns.keySet().toArray(String[]::new)))
                        .build();
    }

    /** Where a value lies: names of structs and, last, of a column. */
    private record Column(List<String> path, PhysicalType type) {}

    private void findColumns(List<String> structs, SchemaNode.GroupNode group) {
        Fields fields = options.fields();
        List<String> taken = List.of(fields.text(), fields.id(), fields.url());
        for (SchemaNode node : group.children()) {
            List<String> path =
                    Stream.concat(structs.stream(), Stream.of(node.name())).toList();
            String name = String.join(".", path);
            switch (node) {
                case SchemaNode.GroupNode struct
                when struct.isStruct() && !isRepeated(struct) -> findColumns(path, struct);
                case SchemaNode.PrimitiveNode column
                when !isRepeated(column) -> {
                    allColumns.add(name);
                    boolean further = options.metadata() && structs.isEmpty();
                    if (further || taken.contains(name) || name.equals(fields.language())) {
                        columns.putIfAbsent(name, new Column(path, column.type()));
                    }
                    if (further && !taken.contains(name)) {
                        metadata.add(name);
                    }
                }
                default -> allColumns.add(name);
            }
        }
    }

    private static boolean isRepeated(SchemaNode node) {
        return node.repetitionType() == RepetitionType.REPEATED;
    }

    private ParquetFileReader open() throws IOException {
        try {
            return ParquetValues.open(file);
        } catch (InvalidInputException e) {
            damage(e, e.getMessage());
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
            if (document == null) {
                continue;
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

    /** With null for the text if the row has none; null if that is no UTF-8, which then is a flaw. */
    private TextDocument document() throws IOException {
        Fields fields = options.fields();
        String text = value(fields.text());
        byte[] bytes = text == null ? bytes(fields.text()) : null;
        if (bytes != null) {
            text = Decoding.text(bytes, bytes.length, place(), options);
            if (text == null) {
                return null;
            }
        }
        return new TextDocument(
                orEmpty(value(fields.id())),
                text,
                orEmpty(value(fields.url())),
                orEmpty(value(fields.language())),
                metadata(),
                place(),
                row);
    }

    private String metadata() {
        if (metadata.isEmpty()) {
            return "";
        }
        ObjectNode values = JsonNodeFactory.instance.objectNode();
        for (String name : metadata) {
            JsonNode value = node(name);
            if (value != null) {
                values.set(name, value);
            }
        }
        return values.isEmpty() ? "" : values.toString();
    }

    private String value(String name) {
        JsonNode value = node(name);
        return value == null ? null : value.asText();
    }

    /** Null if the row has none, or bytes that are no text. */
    private JsonNode node(String name) {
        Column column = columns.get(name);
        StructAccessor holder = holder(column);
        if (holder == null) {
            return null;
        }
        if (column.type != PhysicalType.BYTE_ARRAY) {
            return ParquetValues.node(holder.getValue(column.path.getLast()));
        }
        byte[] bytes = bytes(name);
        return Decoding.isUtf8(bytes, bytes.length)
                ? JsonNodeFactory.instance.textNode(new String(bytes, StandardCharsets.UTF_8))
                : null;
    }

    private byte[] bytes(String name) {
        Column column = columns.get(name);
        StructAccessor holder = holder(column);
        return holder == null || column.type != PhysicalType.BYTE_ARRAY
                ? null
                : holder.getBinary(column.path.getLast());
    }

    /** What holds the column in this row; null if there is no value. */
    private StructAccessor holder(Column column) {
        if (column == null) {
            return null;
        }
        StructAccessor holder = rows;
        for (String struct : column.path.subList(0, column.path.size() - 1)) {
            if (holder.isNull(struct)) {
                return null;
            }
            holder = holder.getStruct(struct);
        }
        return holder.isNull(column.path.getLast()) ? null : holder;
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
