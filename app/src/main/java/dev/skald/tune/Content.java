package dev.skald.tune;

import com.fasterxml.jackson.databind.JsonNode;
import dev.skald.InvalidInputException;
import java.util.ArrayList;
import java.util.List;

/**
 * What a message says: a text, or parts that may say whether they are learned.
 *
 * @param segments those of the parts that are learned, empty where no part says anything
 */
record Content(String text, List<Turn.Segment> segments) {

    /** Of a message's field: a text, nothing, or a list of {@code {type: text, text, train|weight}}. */
    static Content of(String at, JsonNode node) {
        if (node.isTextual() || node.isNull() || node.isMissingNode()) {
            return new Content(node.asText(""), List.of());
        }
        if (node.isNumber() || node.isBoolean()) {
            return new Content(node.asText(), List.of());
        }
        if (!node.isArray()) {
            throw new InvalidInputException(at + " has an object as content, expected a text or a list of parts");
        }
        StringBuilder text = new StringBuilder();
        List<Turn.Segment> segments = new ArrayList<>();
        boolean stated = false;
        for (JsonNode part : node) {
            JsonNode words = part.has("text") ? part.get("text") : part.path("value");
            if (!words.isTextual()) {
                throw new InvalidInputException(at + " has the part " + part + ", expected one with a text");
            }
            boolean weight = part.has("weight");
            stated |= weight || part.has("train");
            int from = text.length();
            text.append(words.textValue());
            if (weight ? part.get("weight").asDouble() > 0 : part.path("train").asBoolean(true)) {
                // Side by side they are one: a token may have chars of both.
                boolean joins = !segments.isEmpty() && segments.getLast().to() == from;
                segments.add(new Turn.Segment(joins ? segments.removeLast().from() : from, text.length()));
            }
        }
        if (!stated) {
            return new Content(text.toString(), List.of());
        }
        return new Content(text.toString(), segments.isEmpty() ? List.of(Turn.Segment.NONE) : segments);
    }

    /** A place that is in the text, counted in code points. */
    int clip(int codePoints) {
        return Math.clamp(codePoints, 0, text.codePointCount(0, text.length()));
    }
}
