package dev.skald.corpus;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.io.SerializedString;
import com.github.luben.zstd.ZstdOutputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Documents as JSON lines in Zstandard. */
final class JsonLinesResultWriter implements ResultWriter {

    private final Recipe recipe;
    private final JsonGenerator json;

    JsonLinesResultWriter(Recipe recipe, Path file) throws IOException {
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
    public void filtered(DocumentStore.Stored stored, List<Examiner.Failure> failures) throws IOException {
        start(stored, recipe.kept().removedText());
        json.writeStringField("stage", "filters");
        json.writeFieldName("reasons");
        ResultWriter.reasons(json, failures);
        json.writeEndObject();
    }

    @Override
    public void duplicate(DocumentStore.Stored stored, Duplicates kind, String cluster, String survivor)
            throws IOException {
        start(stored, recipe.kept().removedText());
        json.writeStringField("stage", kind.key());
        json.writeStringField("cluster", cluster);
        json.writeStringField("survivor", survivor);
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
