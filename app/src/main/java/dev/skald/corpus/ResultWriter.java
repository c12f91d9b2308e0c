package dev.skald.corpus;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.io.SerializedString;
import com.github.luben.zstd.ZstdOutputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Writes documents of kept/ or removed/. A removed one carries every reason. */
interface ResultWriter extends AutoCloseable {

    /** Writes a document that stays. */
    void kept(DocumentStore.Stored stored) throws IOException;

    /**
     * Writes a document that was dropped.
     *
     * @param stage filters, exact_dedup or fuzzy_dedup
     * @param failures the rules that it did not pass
     * @param cluster names the cluster of duplicates, or the empty string
     * @param survivor id of the document that was kept instead, or the empty string
     */
    void removed(
            DocumentStore.Stored stored, String stage, List<Examiner.Failure> failures, String cluster, String survivor)
            throws IOException;

    @Override
    void close() throws IOException;

    /** Makes the file to write to, for a name's ending. */
    @FunctionalInterface
    interface Target {
        Path create(String ending) throws IOException;
    }

    static ResultWriter open(Recipe recipe, Target target, boolean removed) throws IOException {
        return recipe.kept().format().equals("parquet")
                ? new ParquetResultWriter(recipe, target.create(".parquet"), removed)
                : new JsonLines(recipe, target.create(".jsonl.zst"));
    }

    /** The failures as a JSON array. */
    static void reasons(JsonGenerator json, List<Examiner.Failure> failures) throws IOException {
        json.writeStartArray();
        for (Examiner.Failure failure : failures) {
            json.writeStartObject();
            json.writeStringField("rule", failure.rule());
            json.writeNumberField("value", failure.value());
            if (failure.min() != null) {
                json.writeNumberField("min", failure.min());
            }
            if (failure.max() != null) {
                json.writeNumberField("max", failure.max());
            }
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    static String reasons(List<Examiner.Failure> failures) throws IOException {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
            reasons(json, failures);
        }
        return text.toString();
    }

    /** JSON lines in Zstandard. */
    final class JsonLines implements ResultWriter {

        private final Recipe recipe;
        private final JsonGenerator json;

        JsonLines(Recipe recipe, Path file) throws IOException {
            this.recipe = recipe;
            json = new JsonFactory()
                    .createGenerator(
                            new ZstdOutputStream(new BufferedOutputStream(Files.newOutputStream(file), 1 << 16), 3));
            json.setRootValueSeparator(new SerializedString("\n"));
        }

        @Override
        public void kept(DocumentStore.Stored stored) throws IOException {
            start(stored, true);
            json.writeEndObject();
        }

        @Override
        public void removed(
                DocumentStore.Stored stored,
                String stage,
                List<Examiner.Failure> failures,
                String cluster,
                String survivor)
                throws IOException {
            start(stored, recipe.kept().removedText());
            json.writeStringField("stage", stage);
            if (!failures.isEmpty()) {
                json.writeFieldName("reasons");
                reasons(json, failures);
            }
            if (!survivor.isEmpty()) {
                json.writeStringField("cluster", cluster);
                json.writeStringField("survivor", survivor);
            }
            json.writeEndObject();
        }

        private void start(DocumentStore.Stored stored, boolean text) throws IOException {
            Document document = stored.document();
            Recipe.Source source = recipe.sources().get(document.source());
            json.writeStartObject();
            json.writeStringField("id", document.id());
            if (text) {
                json.writeStringField("text", document.text());
            }
            if (!document.url().isEmpty()) {
                json.writeStringField("url", document.url());
            }
            json.writeStringField("source", source.name());
            json.writeStringField("category", source.category());
            json.writeStringField("language", stored.language());
            json.writeNumberField("language_score", (float) stored.score());
            if (!document.metadata().isEmpty()) {
                json.writeFieldName("metadata");
                json.writeRawValue(document.metadata());
            }
        }

        @Override
        public void close() throws IOException {
            json.writeRaw('\n');
            json.close();
        }
    }
}
