package dev.skald.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skald.InvalidInputException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Against fewshots_golden.py: the samplers of lm-evaluation-harness. */
class FewShotsTest {

    private static final long SEED = 1234;

    private static final String TASK = """
            task: quiz
            output_type: generate_until
            doc_to_text: q
            doc_to_target: a
            """;

    private static List<Row> rows(String split, int size) {
        return IntStream.range(0, size)
                .mapToObj(
                        i -> new Row(Map.of("q", split + " " + i, "a", String.valueOf(i)), split + ".jsonl:" + (i + 1)))
                .toList();
    }

    @Test
    void examplesAreThoseOfTheHarness() throws IOException {
        JsonNode golden;
        try (InputStream in = FewShotsTest.class.getResourceAsStream("fewshots_golden.json")) {
            golden = new ObjectMapper().readTree(Objects.requireNonNull(in));
        }
        Task.Data data = new Task.Data();
        golden.get("sizes")
                .properties()
                .forEach(split -> data.put(
                        split.getKey(), rows(split.getKey(), split.getValue().intValue())));
        for (JsonNode each : golden.get("cases")) {
            StringBuilder yaml = new StringBuilder(TASK);
            each.get("config")
                    .properties()
                    .forEach(key -> yaml.append(key.getKey())
                            .append(": ")
                            .append(key.getValue())
                            .append('\n'));
            Task task = TaskFile.parse("quiz.yaml", yaml.toString(), data);
            FewShots.Draw draw = task.shots().new Draw(SEED);
            List<List<String>> drawn = new ArrayList<>();
            for (Row item : task.rows()) {
                drawn.add(draw.of(item, 3).stream()
                        .map(row -> (String) row.fields().get("q"))
                        .toList());
            }
            JsonNode found = new ObjectMapper().valueToTree(drawn);
            assertThat(found).as(each.get("config").toString()).isEqualTo(each.get("examples"));
        }
    }

    @Test
    void aPoolThatIsTooSmallIsNamed() {
        Task.Data data = new Task.Data().put("te", rows("te", 4));
        Task task = TaskFile.parse("quiz.yaml", TASK + "training_split: train\ntest_split: te\n", data);
        Row item = task.rows().getFirst();
        assertThat(task.shots().new Draw(SEED).of(item, 0))
                .as("missed only when it is needed")
                .isEmpty();
        assertThatThrownBy(() -> task.shots().new Draw(SEED).of(item, 2))
                .isInstanceOf(InvalidInputException.class)
                .hasMessage("te.jsonl:1: 2 few-shot examples are asked for, 0 are there (training_split: train)");
        Task own = TaskFile.parse("quiz.yaml", TASK + "fewshot_split: te\ntest_split: te\n", data);
        assertThat(own.shots().new Draw(SEED).of(item, 3)).hasSize(3).doesNotContain(item);
        assertThatThrownBy(() -> own.shots().new Draw(SEED).of(item, 4))
                .hasMessageContaining("4 are there (fewshot_split: te), the item included");
    }
}
