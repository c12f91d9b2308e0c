package dev.skald.gguf;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** The keys of a file that is to be written, in the order in which they are put; a key that is put again keeps its place and has the new value. */
public final class GgufKeysBuilder {

    private final Map<String, GgufValue> values = new LinkedHashMap<>();

    /** A count or an id: 0 or more. */
    public GgufKeysBuilder number(String key, long value) {
        if (value < 0) {
            throw new IllegalArgumentException(key + " is " + value + ", expected 0 or more");
        }
        return put(key, new GgufValue.Whole(value));
    }

    /** A real number. */
    public GgufKeysBuilder real(String key, double value) {
        return put(key, new GgufValue.Real(value));
    }

    /** True or false. */
    public GgufKeysBuilder flag(String key, boolean value) {
        return put(key, new GgufValue.Flag(value));
    }

    /** A text. */
    public GgufKeysBuilder text(String key, String value) {
        return put(key, new GgufValue.Text(value));
    }

    /** An array of texts. */
    public GgufKeysBuilder texts(String key, List<String> values) {
        return put(key, new GgufValue.Texts(List.copyOf(values)));
    }

    /** An array of whole numbers. */
    public GgufKeysBuilder wholes(String key, long[] values) {
        return put(key, new GgufValue.Wholes(values.clone()));
    }

    /** An array of real numbers. */
    public GgufKeysBuilder reals(String key, double[] values) {
        return put(key, new GgufValue.Reals(values.clone()));
    }

    /** Those of another file whose name is wanted, as they are. */
    public GgufKeysBuilder copy(GgufKeys from, Predicate<String> wanted) {
        from.values().forEach((key, value) -> {
            if (wanted.test(key)) {
                put(key, value);
            }
        });
        return this;
    }

    /** The keys; errors about them name the file. */
    public GgufKeys build(Path file) {
        return new GgufKeys(file, Collections.unmodifiableMap(new LinkedHashMap<>(values)));
    }

    private GgufKeysBuilder put(String key, GgufValue value) {
        values.put(key, value);
        return this;
    }
}
