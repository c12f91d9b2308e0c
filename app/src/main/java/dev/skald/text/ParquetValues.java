package dev.skald.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.hardwood.InputFile;
import dev.hardwood.metadata.ColumnChunk;
import dev.hardwood.metadata.CompressionCodec;
import dev.hardwood.metadata.RowGroup;
import dev.hardwood.reader.ParquetFileReader;
import dev.hardwood.row.PqList;
import dev.hardwood.row.PqMap;
import dev.hardwood.row.PqStruct;
import dev.hardwood.row.StructAccessor;
import dev.skald.InvalidInputException;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;

/** Parquet files opened, and their values as JSON. */
final class ParquetValues {

    private static final JsonNodeFactory MAKE = JsonNodeFactory.instance;

    private static final Set<CompressionCodec> READABLE = EnumSet.of(
            CompressionCodec.UNCOMPRESSED, CompressionCodec.SNAPPY, CompressionCodec.GZIP, CompressionCodec.ZSTD);

    private ParquetValues() {}

    /**
     * A reader; for the caller to close.
     *
     * @throws InvalidInputException if it is no Parquet file, or one whose compression is not known
     */
    static ParquetFileReader open(Path file) {
        ParquetFileReader reader;
        try {
            reader = ParquetFileReader.open(InputFile.of(file));
        } catch (IOException | RuntimeException e) {
            throw new InvalidInputException(file + ": not a Parquet file: " + e.getMessage(), e);
        }
        for (RowGroup group : reader.getFileMetaData().rowGroups()) {
            for (ColumnChunk chunk : group.columns()) {
                CompressionCodec codec = chunk.metaData().codec();
                if (!READABLE.contains(codec)) {
                    close(reader);
                    throw new InvalidInputException(file + ": column "
                            + chunk.metaData().pathInSchema() + " is compressed by " + codec
                            + ", expected Snappy, gzip, zstd or no compression");
                }
            }
        }
        return reader;
    }

    private static void close(ParquetFileReader reader) {
        try {
            reader.close();
        } catch (IOException e) {
            // nothing was written
        }
    }

    /** A row or a struct. */
    static ObjectNode object(StructAccessor struct) {
        ObjectNode node = MAKE.objectNode();
        for (int i = 0; i < struct.getFieldCount(); i++) {
            node.set(struct.getFieldName(i), struct.isNull(i) ? MAKE.nullNode() : node(struct.getValue(i)));
        }
        return node;
    }

    /** Any value; bytes are text, and times are as ISO 8601 has them. */
    static JsonNode node(Object value) {
        return switch (value) {
            case null -> MAKE.nullNode();
            case PqStruct struct -> object(struct);
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
            case Float number -> MAKE.numberNode((float) number);
            case Double number -> MAKE.numberNode(number);
            case BigDecimal number -> MAKE.numberNode(number);
            case Number number -> MAKE.numberNode(number.longValue());
            default -> MAKE.textNode(value.toString());
        };
    }
}
