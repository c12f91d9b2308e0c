package dev.skald.corpus;

import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.parquet.schema.GroupType;

/** Rows of a Parquet file; text, id, URL and language are columns of strings. */
final class ParquetRecordReader implements RecordReader {

    private final Split split;
    private final Recipe.Source source;
    private final Recipe.Read read;
    private final Rejects rejects;
    private final ParquetReader<Group> rows;
    private long row;

    ParquetRecordReader(Split split, Recipe.Source source, Recipe.Read read, Rejects rejects) throws IOException {
        this.split = split;
        this.source = source;
        this.read = read;
        this.rejects = rejects;
        rows = ParquetReader.builder(
                        new GroupReadSupport(),
                        new Path(java.nio.file.Path.of(split.file()).toUri()))
                .withConf(new Configuration())
                .build();
    }

    @Override
    public Document next() throws IOException {
        while (true) {
            Group group;
            try {
                group = rows.read();
            } catch (IOException | RuntimeException e) {
                reject("unreadable from here on", String.valueOf(e.getMessage()));
                return null;
            }
            if (group == null) {
                return null;
            }
            row++;
            String text = field(group, source.text());
            if (text == null) {
                reject("no text in field '" + source.text() + "'", columns(group.getType()));
            } else if (text.length() > read.maxDocumentBytes()) {
                reject("longer than read.max_document_bytes", text.length() + " characters");
            } else {
                String id = field(group, source.id());
                String url = field(group, source.url());
                String declared = field(group, source.languageField());
                return new Document(
                        id == null || id.isEmpty() ? JsonLinesReader.positionId(source.name(), split.file(), row) : id,
                        text,
                        url == null ? "" : url,
                        "",
                        split.source(),
                        declared == null ? source.language() : declared);
            }
        }
    }

    private static String field(Group group, String name) {
        GroupType type = group.getType();
        if (name.isEmpty() || !type.containsField(name) || !type.getType(name).isPrimitive()) {
            return null;
        }
        return group.getFieldRepetitionCount(name) == 0 ? null : group.getValueToString(type.getFieldIndex(name), 0);
    }

    private static String columns(GroupType type) {
        return "columns are "
                + String.join(
                        ", ",
                        type.getFields().stream().map(field -> field.getName()).toList());
    }

    private void reject(String reason, String detail) throws IOException {
        rejects.add(split.file(), "row", row, reason, detail, new byte[0], 0);
    }

    @Override
    public void close() throws IOException {
        rows.close();
    }
}
