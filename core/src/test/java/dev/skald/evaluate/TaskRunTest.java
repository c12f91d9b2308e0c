package dev.skald.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.skald.InvalidInputException;
import dev.skald.TinyLlama;
import dev.skald.generate.Generator;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tasks on a model whose log-likelihoods are known: the next byte depends on the last one alone. */
class TaskRunTest {

    private static final TaskRun.Options ALL = new TaskRun.Options(Optional.empty(), Integer.MAX_VALUE, 1234);

    @TempDir
    private Path directory;

    private final float[][] logits = new float[TinyLlama.VOCAB][TinyLlama.VOCAB];

    /** Raises the logit of one byte after another. */
    private void likes(int after, int next, float logit) {
        logits[after][next] = logit;
    }

    private double logProbability(int after, int next) {
        double sum = IntStream.range(0, TinyLlama.VOCAB)
                .mapToDouble(i -> Math.exp(logits[after][i]))
                .sum();
        return logits[after][next] - Math.log(sum);
    }

    private Generator model() throws IOException {
        return Generator.load(TinyLlama.bigram(logits).write(directory.resolve("model")));
    }

    private static Task task(String yaml, Row... rows) {
        return TaskFile.parse(
                "t.yaml", "task: t\ntest_split: test\n" + yaml, new Task.Data().put("test", List.of(rows)));
    }

    @Test
    void choicesAreScoredByTheirLikelihood() throws IOException {
        likes('?', ' ', 3);
        likes(' ', 'b', 4);
        likes('b', 'b', 5);
        Task task = task(
                """
                output_type: multiple_choice
                doc_to_text: "{{q}}?"
                doc_to_choice: ["a", "bb"]
                doc_to_target: "{{gold}}"
                metric_list: [{metric: acc}, {metric: acc_norm}, {metric: mcc}]
                """,
                new Row(Map.of("q", "x", "gold", 1), "t.jsonl:1"),
                new Row(Map.of("q", "y", "gold", 0), "t.jsonl:2"));
        try (Generator model = model()) {
            TaskRun.Result result = TaskRun.run(task, model, ALL, _ -> {});
            assertThat(result.items()).hasSize(2);
            double expected = logProbability('?', ' ') + logProbability(' ', 'b') + logProbability('b', 'b');
            List<?> found = (List<?>) result.items().getFirst().responses().get(1);
            assertThat((double) found.getFirst()).isCloseTo(expected, within(1e-4));
            assertThat(found.getLast()).isEqualTo(true);
            assertThat(result.items().getFirst().arguments().get(1)).containsExactly("x?", " bb");
            assertThat(result.scores()).extracting(TaskRun.Score::value).containsExactly(0.5, 0.5, 0.0);
            // A sample of 1 and 0 has the deviation sqrt(1/2), its mean sqrt(1/2) / sqrt(2) of it.
            assertThat(result.scores().getFirst().stderr().orElseThrow()).isCloseTo(0.5, within(1e-12));
            assertThat(TaskRun.run(task, model, new TaskRun.Options(Optional.of(0), 1, 1), _ -> {})
                            .items())
                    .hasSize(1);
        }
    }

    @Test
    void aTextIsMeasuredTokenByToken() throws IOException {
        likes('a', 'b', 2);
        Task task = task("""
                output_type: loglikelihood_rolling
                doc_to_text: ""
                doc_to_target: "{{text}}"
                """, new Row(Map.of("text", "ab ab"), "t.jsonl:1"));
        try (Generator model = model()) {
            double sum = logProbability(TinyLlama.BOS, 'a')
                    + logProbability('a', 'b')
                    + logProbability('b', ' ')
                    + logProbability(' ', 'a')
                    + logProbability('a', 'b');
            Map<Metric, Double> values = new EnumMap<>(Metric.class);
            TaskRun.run(task, model, ALL, _ -> {}).scores().forEach(each -> values.put(each.metric(), each.value()));
            assertThat(values.get(Metric.WORD_PERPLEXITY)).isCloseTo(Math.exp(-sum / 2), withinPercentage(1e-4));
            assertThat(values.get(Metric.BYTE_PERPLEXITY)).isCloseTo(Math.exp(-sum / 5), withinPercentage(1e-4));
            assertThat(values.get(Metric.BITS_PER_BYTE)).isCloseTo(-sum / 5 / Math.log(2), within(1e-4));
        }
    }

    @Test
    void aGeneratedTextIsComparedUpToItsEnd() throws IOException {
        likes(':', 'j', 9);
        likes('j', 'a', 9);
        likes('a', '.', 9);
        likes('.', '.', 9);
        Task task = task(
                """
                output_type: generate_until
                doc_to_text: "{{q}}:"
                doc_to_target: "{{a}}"
                generation_kwargs: {until: ["."], max_gen_toks: 8}
                metric_list: [{metric: exact_match}, {metric: f1}]
                """,
                new Row(Map.of("q", "x", "a", "ja"), "t.jsonl:1"),
                new Row(Map.of("q", "x", "a", "nej"), "t.jsonl:2"));
        try (Generator model = model()) {
            TaskRun.Result result = TaskRun.run(task, model, ALL, _ -> {});
            assertThat(result.items())
                    .extracting(item -> item.responses().getFirst())
                    .containsExactly("ja", "ja");
            assertThat(result.scores()).extracting(TaskRun.Score::value).containsExactly(0.5, 0.5);
        }
    }

    @Test
    void anItemThatIsTooLongIsNamed() throws IOException {
        Task task = task("""
                output_type: loglikelihood
                doc_to_text: "{{q}}"
                doc_to_target: "b"
                """, new Row(Map.of("q", "x".repeat(2000)), "t.jsonl:7"));
        try (Generator model = model()) {
            assertThatThrownBy(() -> TaskRun.run(task, model, ALL, _ -> {}))
                    .isInstanceOf(InvalidInputException.class)
                    .hasMessageContaining("t.jsonl:7: context and continuation have 2003 tokens");
        }
    }
}
