package dev.skald.tune;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.InvalidInputException;
import dev.skald.tokenizer.Tokenizer;
import java.util.List;

/** Rows that have {@code input_ids} and {@code labels} already: {@code type: tokenized}. */
record TokenisedRows(Tokenizer tokenizer) implements ExampleFormat {

    @Override
    public List<Example> examples(ObjectNode row) {
        int[] ids = numbers(row, "input_ids");
        int[] labels = row.has("labels") ? numbers(row, "labels") : ids.clone();
        if (labels.length != ids.length) {
            throw new InvalidInputException(ids.length + " input_ids, but " + labels.length + " labels");
        }
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] < 0 || ids[i] >= tokenizer.vocabSize()) {
                throw new InvalidInputException("input_ids[" + i + "]: found " + ids[i]
                        + ", expected a token of the tokenizer, 0 to " + (tokenizer.vocabSize() - 1));
            }
            if (labels[i] != Example.NOT_LEARNED && labels[i] != ids[i]) {
                throw new InvalidInputException("labels[" + i + "]: found " + labels[i] + ", expected "
                        + Example.NOT_LEARNED + " or the token there, " + ids[i]);
            }
        }
        return List.of(new Example(ids, labels));
    }

    private static int[] numbers(ObjectNode row, String field) {
        JsonNode list = ConversationRows.parsed(ExampleFormat.field(row, field));
        int[] numbers = new int[list.size()];
        for (int i = 0; i < numbers.length; i++) {
            JsonNode number = list.get(i);
            if (!number.isIntegralNumber() || !number.canConvertToInt()) {
                throw new InvalidInputException(field + "[" + i + "]: found " + number + ", expected a whole number");
            }
            numbers[i] = number.intValue();
        }
        return numbers;
    }
}
