package dev.skald.compare;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.InvalidInputException;
import dev.skald.base.StrictJson;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads the JSON that Python writes, in which NaN is a number; errors name file and line. */
final class ResultJson {

    private static final ObjectMapper JSON = StrictJson.builder()
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build();

    private ResultJson() {}

    /** Takes a line's object. */
    @FunctionalInterface
    interface Line {
        void take(String place, ObjectNode object);
    }

    /** A file that is one object. */
    static ObjectNode read(Path file) throws IOException {
        try {
            return object(file.toString(), JSON.readTree(Files.readString(file)));
        } catch (JsonProcessingException e) {
            long line = e.getLocation() == null ? 1 : e.getLocation().getLineNr();
            throw new InvalidInputException(file + ": line " + line + ": not JSON: " + firstLine(e), e);
        } catch (MalformedInputException e) {
            throw new InvalidInputException(file + ": not a result file: not UTF-8", e);
        }
    }

    /** A file of an object a line; empty lines are passed over. */
    static void readLines(Path file, Line each) throws IOException {
        try (BufferedReader in = Files.newBufferedReader(file)) {
            long number = 0;
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                number++;
                if (line.isBlank()) {
                    continue;
                }
                String place = file + ": line " + number;
                JsonNode node;
                try {
                    node = JSON.readTree(line);
                } catch (JsonProcessingException e) {
                    throw new InvalidInputException(place + ": not JSON: " + firstLine(e), e);
                }
                each.take(place, object(place, node));
            }
        } catch (MalformedInputException e) {
            throw new InvalidInputException(file + ": not UTF-8", e);
        }
    }

    private static ObjectNode object(String place, JsonNode node) {
        if (node instanceof ObjectNode object) {
            return object;
        }
        throw new InvalidInputException(place + ": found "
                + node.getNodeType().toString().toLowerCase(java.util.Locale.ROOT) + ", expected an object");
    }

    private static String firstLine(JsonProcessingException e) {
        return e.getOriginalMessage().lines().findFirst().orElse("");
    }

    /** A number that is one. */
    static double finite(String place, JsonNode node) {
        double value = node.asDouble(Double.NaN);
        if (!Double.isFinite(value)) {
            throw new InvalidInputException(place + ": found " + node.asText() + ", expected a number");
        }
        return value;
    }
}
