package dev.skald.base;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;

/**
 * Reads JSON so that nothing may follow a value: what was written twice into a file, or cut and written on, is no JSON. All mappers are made here
 * ({@code ArchitectureTest}).
 */
public final class StrictJson {

    private static final ObjectMapper VALUES = new ObjectMapper();

    private StrictJson() {}

    /** A mapper; for its owner to configure further. */
    public static JsonMapper.Builder builder() {
        return builder(new JsonFactory());
    }

    /** A mapper over a factory with limits of its owner. */
    public static JsonMapper.Builder builder(JsonFactory factory) {
        return JsonMapper.builder(factory).enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    }

    /** A mapper. */
    public static JsonMapper mapper() {
        return builder().build();
    }

    /** The value that the parser's token begins, of several in a stream: others may follow, and are the caller's to read. */
    public static JsonNode next(JsonParser parser) throws IOException {
        return VALUES.readTree(parser);
    }
}
