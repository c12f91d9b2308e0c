package dev.skald.evaluate;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One record of a task's data.
 *
 * @param fields values by column: null, Boolean, Number, String, and lists and maps of them; in the file's order
 * @param place where it lies, for messages: {@code items.jsonl:3}
 */
public record Row(Map<String, Object> fields, String place) {

    /** Keeps its own copy. */
    public Row {
        fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields)); // values may be null
    }
}
