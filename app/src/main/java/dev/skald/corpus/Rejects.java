package dev.skald.corpus;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.skald.text.Flaw;
import dev.skald.text.Flaws;
import dev.skald.text.Place;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;

/** Keeps records aside that are no documents: a JSON line each with file, place, reason and the record's beginning. */
final class Rejects implements Flaws, AutoCloseable {

    private static final int SHOWN = 200;

    private final JsonGenerator json;
    private final SortedMap<String, Long> reasons = new TreeMap<>();
    private long count;

    Rejects(OutputStream out) throws IOException {
        json = new JsonFactory().createGenerator(out);
        json.setRootValueSeparator(new com.fasterxml.jackson.core.io.SerializedString("\n"));
    }

    @Override
    public void add(Flaw flaw) throws IOException {
        String reason = flaw.kind() == Flaw.Kind.TOO_LONG ? "longer than read.max_document_bytes" : flaw.reason();
        count++;
        reasons.merge(reason, 1L, Long::sum);
        json.writeStartObject();
        Place place = flaw.place();
        json.writeStringField("file", place.file().toString());
        if (place.unit() == Place.Unit.FILE) {
            json.writeNumberField("line", 1);
        } else {
            json.writeNumberField(place.unit().name().toLowerCase(Locale.ROOT), place.number());
        }
        json.writeStringField("reason", reason);
        if (!flaw.detail().isEmpty()) {
            json.writeStringField("detail", flaw.detail());
        }
        int shown = Math.min(SHOWN, flaw.record().length);
        json.writeStringField("start", new String(flaw.record(), 0, shown, StandardCharsets.UTF_8));
        json.writeEndObject();
    }

    long count() {
        return count;
    }

    SortedMap<String, Long> reasons() {
        return reasons;
    }

    @Override
    public void close() throws IOException {
        if (count > 0) {
            json.writeRaw('\n');
        }
        json.close();
    }
}
