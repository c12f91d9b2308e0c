package dev.skald.corpus;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Types;

/** Documents as rows of a Parquet file. */
final class ParquetResultWriter implements ResultWriter {

    private final Recipe recipe;
    private final MessageType schema;
    private final ParquetWriter<Group> rows;

    ParquetResultWriter(Recipe recipe, Path file, boolean removed) throws IOException {
        this.recipe = recipe;
        schema = schema(removed);
        rows = ExampleParquetWriter.builder(new LocalOutputFile(file))
                .withType(schema)
                .withCompressionCodec(CompressionCodecName.ZSTD)
                .withWriteMode(ParquetFileWriter.Mode.OVERWRITE)
                .withRowGroupSize(16L << 20)
                .build();
    }

    private static MessageType schema(boolean removed) {
        Types.MessageTypeBuilder columns = Types.buildMessage();
        for (String name : List.of("id", "text", "url", "source", "category", "language", "metadata")) {
            addString(columns, name);
        }
        columns.required(PrimitiveTypeName.FLOAT).named("language_score");
        if (removed) {
            for (String name : List.of("stage", "reasons", "cluster", "survivor")) {
                addString(columns, name);
            }
        }
        return columns.named("document");
    }

    private static void addString(Types.MessageTypeBuilder columns, String name) {
        columns.optional(PrimitiveTypeName.BINARY)
                .as(LogicalTypeAnnotation.stringType())
                .named(name);
    }

    @Override
    public void kept(DocumentStore.Stored stored) throws IOException {
        rows.write(row(stored, true));
    }

    @Override
    public void filtered(DocumentStore.Stored stored, List<Examiner.Failure> failures) throws IOException {
        Group row = row(stored, recipe.kept().removedText());
        add(row, "stage", "filters");
        add(row, "reasons", ResultWriter.reasons(failures));
        rows.write(row);
    }

    @Override
    public void duplicate(DocumentStore.Stored stored, Duplicates kind, String cluster, String survivor)
            throws IOException {
        Group row = row(stored, recipe.kept().removedText());
        add(row, "stage", kind.key());
        add(row, "cluster", cluster);
        add(row, "survivor", survivor);
        rows.write(row);
    }

    private Group row(DocumentStore.Stored stored, boolean text) {
        Document document = stored.document();
        Recipe.Source source = recipe.sources().get(document.source());
        Group row = new SimpleGroup(schema);
        add(row, "id", document.id());
        add(row, "text", text ? document.text() : "");
        add(row, "url", document.url());
        add(row, "source", source.name());
        add(row, "category", source.category());
        add(row, "language", stored.language());
        add(row, "metadata", document.metadata());
        row.add("language_score", (float) stored.score());
        return row;
    }

    private static void add(Group row, String name, String value) {
        if (!value.isEmpty()) {
            row.add(name, value);
        }
    }

    @Override
    public void close() throws IOException {
        rows.close();
    }
}
