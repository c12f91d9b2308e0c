package dev.skald.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.hardwood.InputFile;
import dev.hardwood.reader.ParquetFileReader;
import dev.hardwood.reader.RowReader;
import dev.hardwood.row.PqList;
import dev.hardwood.row.PqMap;
import dev.hardwood.row.PqStruct;
import dev.hardwood.row.StructAccessor;
import dev.skald.InvalidInputException;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The rows of a Parquet file, with lists and structs as they are. */
final class NestedParquetRows implements dev.skald.text.RowReader {

    private static final JsonNodeFactory MAKE = JsonNodeFactory.instance;

    private final Path file;
    private final ParquetFileReader reader;
    private final RowReader rows;
    private final long count;
    private final long fileBytes;
    private long row;

    NestedParquetRows(Path file) throws IOException {
        this.file = file;
        fileBytes = Files.size(file);
        try {
            reader = ParquetFileReader.open(InputFile.of(file));
            count = reader.getFileMetaData().numRows();
            rows = reader.rowReader();
        } catch (IOException | RuntimeException e) {
            throw new InvalidInputException(file + ": not a Parquet file: " + e.getMessage(), e);
        }
    }

    @Override
    public Row next() {
        Place place = new Place(file, Place.Unit.ROW, row + 1);
        try {
            if (!rows.hasNext()) {
                return null;
            }
            rows.next();
            row++;
            return new Row(struct(rows), place);
        } catch (RuntimeException e) {
            throw new InvalidInputException(place + ": damaged: " + e.getMessage(), e);
        }
    }

    private static ObjectNode struct(StructAccessor struct) {
        ObjectNode node = MAKE.objectNode();
        for (int i = 0; i < struct.getFieldCount(); i++) {
            node.set(struct.getFieldName(i), struct.isNull(i) ? MAKE.nullNode() : node(struct.getValue(i)));
        }
        return node;
    }

    private static JsonNode node(Object value) {
        return switch (value) {
            case null -> MAKE.nullNode();
            case PqStruct struct -> struct(struct);
            case PqList list -> {
                ArrayNode array = MAKE.arrayNode();
                for (int i = 0; i < list.size(); i++) {
                    array.add(list.isNull(i) ? MAKE.nullNode() : node(list.get(i)));
                }
                yield array;
            }
            case PqMap map -> {
                ObjectNode object = MAKE.objectNode();
                for (PqMap.Entry entry : map.getEntries()) {
                    object.set(
                            String.valueOf(entry.getKey()),
                            entry.isValueNull() ? MAKE.nullNode() : node(entry.getValue()));
                }
                yield object;
            }
            case String text -> MAKE.textNode(text);
            case byte[] bytes -> MAKE.textNode(new String(bytes, StandardCharsets.UTF_8));
            case Boolean truth -> MAKE.booleanNode(truth);
            case Float number -> MAKE.numberNode((double) number);
            case Double number -> MAKE.numberNode(number);
            case BigDecimal number -> MAKE.numberNode(number);
            case Number number -> MAKE.numberNode(number.longValue());
            default -> MAKE.textNode(value.toString());
        };
    }

    @Override
    public long consumed() {
        return count == 0 ? fileBytes : (long) ((double) fileBytes * row / count);
    }

    @Override
    public void close() throws IOException {
        rows.close();
        reader.close();
    }
}
