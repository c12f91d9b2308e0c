package dev.skald.tune;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.InvalidInputException;
import java.util.ArrayList;
import java.util.List;

/** How the rows of a data set become examples. Immutable, and thread-safe. */
sealed interface ExampleFormat
        permits ConversationRows,
                InstructionRows,
                SegmentRows,
                CompletionRows,
                TokenisedRows,
                PreferenceRows,
                AnswerRows {

    /**
     * The examples of a row: one, mostly; several of a long text that is cut.
     *
     * @throws InvalidInputException when the row has not what is expected, naming field and message
     */
    List<Example> examples(ObjectNode row);

    /** How many examples belong together: they are kept, or dropped, as one. */
    default int together() {
        return 1;
    }

    /** A field that a row has to have. */
    static JsonNode field(ObjectNode row, String name) {
        JsonNode field = row.path(name);
        if (field.isMissingNode() || field.isNull()) {
            throw new InvalidInputException(
                    "the field " + name + " is missing; found " + String.join(", ", names(row)));
        }
        return field;
    }

    /** A text that a row has to have. */
    static String text(ObjectNode row, String name) {
        JsonNode field = field(row, name);
        if (!field.isValueNode()) {
            throw new InvalidInputException("the field " + name + " is no text");
        }
        return field.asText();
    }

    static List<String> names(ObjectNode row) {
        List<String> names = new ArrayList<>();
        row.fieldNames().forEachRemaining(names::add);
        return names;
    }
}
