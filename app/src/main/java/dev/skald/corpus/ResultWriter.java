package dev.skald.corpus;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;

/** Writes documents of kept/ or removed/. A removed one carries every reason. */
interface ResultWriter extends AutoCloseable {

    /** Writes a document that stays. */
    void kept(DocumentStore.Stored stored) throws IOException;

    /**
     * Writes a document that the filters dropped.
     *
     * @param failures the rules that it did not pass
     */
    void filtered(DocumentStore.Stored stored, List<Examiner.Failure> failures) throws IOException;

    /**
     * Writes a duplicate.
     *
     * @param cluster names the cluster of duplicates
     * @param survivor id of the document that was kept instead
     */
    void duplicate(DocumentStore.Stored stored, Duplicates kind, String cluster, String survivor) throws IOException;

    @Override
    void close() throws IOException;

    /** Makes the file to write to, for a name's ending. */
    @FunctionalInterface
    interface Target {
        /** The file. */
        Path create(String ending) throws IOException;
    }

    /** A writer of the recipe's format. */
    static ResultWriter open(Recipe recipe, Target target, boolean removed) throws IOException {
        return recipe.kept().format().equals("parquet")
                ? new ParquetResultWriter(recipe, target.create(".parquet"), removed)
                : new JsonLinesResultWriter(recipe, target.create(".jsonl.zst"));
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

    /** The same as text. */
    static String reasons(List<Examiner.Failure> failures) throws IOException {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
            reasons(json, failures);
        }
        return text.toString();
    }
}
