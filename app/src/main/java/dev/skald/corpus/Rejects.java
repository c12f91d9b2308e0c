package dev.skald.corpus;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.SortedMap;
import java.util.TreeMap;

/** Keeps records aside that are no documents: a JSON line each with file, place, reason and the record's beginning. */
final class Rejects implements AutoCloseable {

    private static final int SHOWN = 200;

    private final JsonGenerator json;
    private final SortedMap<String, Long> reasons = new TreeMap<>();
    private long count;

    Rejects(OutputStream out) throws IOException {
        json = new JsonFactory().createGenerator(out);
        json.setRootValueSeparator(new com.fasterxml.jackson.core.io.SerializedString("\n"));
    }

    /**
     * @param file the input
     * @param unit what {@code place} counts: line, byte or record
     * @param place where in the file
     * @param reason without the details of the one record, so that reasons can be counted
     * @param detail of this record, or the empty string
     * @param record its first bytes
     * @param length of {@code record} that are valid
     */
    void add(String file, String unit, long place, String reason, String detail, byte[] record, int length)
            throws IOException {
        count++;
        reasons.merge(reason, 1L, Long::sum);
        json.writeStartObject();
        json.writeStringField("file", file);
        json.writeNumberField(unit, place);
        json.writeStringField("reason", reason);
        if (!detail.isEmpty()) {
            json.writeStringField("detail", detail);
        }
        json.writeStringField("start", new String(record, 0, Math.min(SHOWN, length), StandardCharsets.UTF_8));
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
