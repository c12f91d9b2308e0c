package dev.skald.tune;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Rows that are texts, learned as a whole: {@code type: completion}. A text longer than a sequence is cut into several examples. */
record CompletionRows(String field, Tokenizer tokenizer, int sequenceLen) implements ExampleFormat {

    @Override
    public List<Example> examples(ObjectNode row) {
        IntStream text = Arrays.stream(tokenizer.encode(ExampleFormat.text(row, field), true));
        int[] ids = IntStream.concat(text, tokenizer.eosId().stream()).toArray();
        List<Example> examples = new ArrayList<>();
        for (int from = 0; from < ids.length; from += sequenceLen) {
            int[] part = Arrays.copyOfRange(ids, from, Math.min(ids.length, from + sequenceLen));
            examples.add(new Example(part, part.clone()));
        }
        return examples;
    }
}
