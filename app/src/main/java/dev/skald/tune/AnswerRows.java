package dev.skald.tune;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.InvalidInputException;
import java.util.List;
import java.util.Map;

/**
 * Rows with an answer of which it is said whether it is wanted: {@code completion} and {@code label}. A row with an answer that is wanted and one that
 * is not is both of them, as TRL has it.
 */
final class AnswerRows implements ExampleFormat {

    private static final List<String> KEYS = List.of(
            "field_prompt", "field_system", "field_completion", "field_label", "prompt_format", "completion_format");

    private final PreferenceRows rows;
    /** Axolotl's keys of a type of one's own; empty for one of the types that there are. */
    private final Map<String, String> type;

    /** @throws InvalidInputException when {@code type} has a key that there is not */
    AnswerRows(PreferenceRows rows, Map<String, String> type) {
        this.rows = rows;
        this.type = type;
        type.keySet().stream().filter(key -> !KEYS.contains(key)).findFirst().ifPresent(key -> {
            throw new InvalidInputException(
                    "datasets: type: unknown key '" + key + "', expected some of " + String.join(", ", KEYS));
        });
    }

    @Override
    public List<Example> examples(ObjectNode row) {
        String field = type.getOrDefault("field_completion", "completion");
        if (!row.hasNonNull(field)
                && PreferenceRows.CHOSEN.stream().anyMatch(row::hasNonNull)
                && PreferenceRows.REJECTED.stream().anyMatch(row::hasNonNull)) {
            String chosen = PreferenceRows.present(row, null, PreferenceRows.CHOSEN);
            String rejected = PreferenceRows.present(row, null, PreferenceRows.REJECTED);
            return List.of(example(row, chosen, true), example(row, rejected, false));
        }
        ExampleFormat.field(row, field);
        return List.of(example(row, field, label(row, type.getOrDefault("field_label", "label"))));
    }

    private Example example(ObjectNode row, String field, boolean wanted) {
        Example example = type.isEmpty() ? rows.example(row, field, row.get(field)) : formatted(row, field);
        return new Example(example.ids(), example.labels(), wanted);
    }

    private Example formatted(ObjectNode row, String field) {
        String answer = ExampleFormat.text(row, field);
        if (answer.isBlank()) {
            throw new InvalidInputException("the field " + field + " has an empty answer");
        }
        String prompt = ExampleFormat.text(row, type.getOrDefault("field_prompt", "prompt"));
        String system = row.path(type.getOrDefault("field_system", "system")).asText("");
        return rows.text(
                filled(type.getOrDefault("prompt_format", "{prompt}"), Map.of("prompt", prompt, "system", system)),
                filled(type.getOrDefault("completion_format", "{completion}"), Map.of("completion", answer)));
    }

    /** In one go, so that what is filled in is not filled again. */
    private static String filled(String format, Map<String, String> values) {
        StringBuilder text = new StringBuilder();
        for (int at = 0; at < format.length(); ) {
            int end = format.charAt(at) == '{' ? format.indexOf('}', at) : -1;
            String value = end < 0 ? null : values.get(format.substring(at + 1, end));
            text.append(value == null ? format.substring(at, at + 1) : value);
            at = value == null ? at + 1 : end + 1;
        }
        return text.toString();
    }

    private static boolean label(ObjectNode row, String field) {
        JsonNode label = ExampleFormat.field(row, field);
        if (label.isBoolean() || (label.isIntegralNumber() && (label.longValue() == 0 || label.longValue() == 1))) {
            return label.asBoolean();
        }
        throw new InvalidInputException("the field " + field + ": found " + label + ", expected true or false");
    }
}
