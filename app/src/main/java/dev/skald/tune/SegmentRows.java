package dev.skald.tune;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.InvalidInputException;
import dev.skald.tokenizer.Tokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Rows that are segments, each learned or not, without any template: {@code type: input_output}. Special tokens are written in their texts. */
record SegmentRows(Tokenizer tokenizer) implements ExampleFormat {

    @Override
    public List<Example> examples(ObjectNode row) {
        JsonNode segments = ConversationRows.parsed(ExampleFormat.field(row, "segments"));
        IntStream ids = IntStream.empty();
        IntStream labels = IntStream.empty();
        for (JsonNode segment : segments) {
            if (!segment.path("label").isBoolean() || !segment.path("text").isTextual()) {
                throw new InvalidInputException("segments: found " + segment + ", expected label and text");
            }
            boolean learned = segment.get("label").booleanValue();
            int[] encoded = tokenizer.encode(segment.get("text").textValue());
            ids = IntStream.concat(ids, Arrays.stream(encoded));
            labels = IntStream.concat(labels, Arrays.stream(encoded).map(id -> learned ? id : Example.NOT_LEARNED));
        }
        return List.of(new Example(ids.toArray(), labels.toArray()));
    }
}
