package dev.skald.base;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;

/** Reads JSON so that nothing may follow a value: what was written twice into a file, or cut and written on, is no JSON. */
public final class StrictJson {

    private StrictJson() {}

    /** A mapper; for its owner to configure further. */
    public static JsonMapper.Builder builder() {
        return JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    }

    /** A mapper. */
    public static JsonMapper mapper() {
        return builder().build();
    }
}
