package dev.skald.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.skald.InvalidInputException;
import dev.skald.TinyLlama;
import dev.skald.generate.Generator;
import java.io.IOException;
import java.nio.file.Files;
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

    /** As lm-evaluation-harness cuts: the last tokens that the model reads, and the one that is only predicted. */
    @Test
    void aContextThatIsTooLongIsCutOnTheLeft() throws IOException {
        likes('x', 'b', 3);
        String yaml = """
                output_type: loglikelihood
                doc_to_text: "{{q}}"
                doc_to_target: "{{a}}"
                target_delimiter: ""
                """;
        try (Generator model = model()) {
            int most = model.mostTokens();
            Task task = task(
                    yaml,
                    new Row(Map.of("q", "x".repeat(most + 500), "a", "b"), "t.jsonl:1"),
                    new Row(Map.of("q", "x".repeat(most - 1), "a", "b"), "t.jsonl:2"),
                    new Row(Map.of("q", "x", "a", "b".repeat(most)), "t.jsonl:3"));
            TaskRun.Result result = TaskRun.run(task, model, ALL, _ -> {});
            assertThat(result.cut()).isEqualTo(2);
            assertThat(result.items()).extracting(TaskRun.Item::cut).containsExactly(true, false, true);
            assertThat((double) ((List<?>) result.items().getFirst().responses().getFirst()).getFirst())
                    .isCloseTo(logProbability('x', 'b'), within(1e-4));
            Task longer = task(yaml, new Row(Map.of("q", "x", "a", "b".repeat(most + 1)), "t.jsonl:7"));
            assertThatThrownBy(() -> TaskRun.run(longer, model, ALL, _ -> {}))
                    .isInstanceOf(InvalidInputException.class)
                    .hasMessage("t.jsonl:7: the continuation has " + (most + 1) + " tokens, the model reads at most "
                            + most);
        }
    }

    @Test
    void aPromptThatIsTooLongLeavesRoomForTheText() throws IOException {
        likes(':', 'j', 9);
        likes('j', '.', 9);
        String yaml = """
                output_type: generate_until
                doc_to_text: "{{q}}:"
                doc_to_target: "j"
                generation_kwargs: {until: ["."], max_gen_toks: %d}
                """;
        try (Generator model = model()) {
            int most = model.mostTokens();
            Row row = new Row(Map.of("q", "x".repeat(2 * most)), "t.jsonl:1");
            TaskRun.Result result = TaskRun.run(task(yaml.formatted(8), row), model, ALL, _ -> {});
            assertThat(result.cut()).isEqualTo(1);
            assertThat(result.scores().getFirst().value()).isEqualTo(1);
            assertThatThrownBy(() -> TaskRun.run(task(yaml.formatted(most), row), model, ALL, _ -> {}))
                    .hasMessage(
                            "t.jsonl:1: max_gen_toks is " + most + ", expected fewer than the model reads, " + most);
        }
    }

    /** Every window but the last predicts as many tokens as the model reads. */
    @Test
    void aLongTextIsReadInWindows() throws IOException {
        likes('a', 'a', 2);
        likes('a', 'b', 4);
        likes(TinyLlama.BOS, 'a', 1);
        try (Generator model = model()) {
            int length = 2 * model.mostTokens() + 7;
            Task task = task("""
                    output_type: loglikelihood_rolling
                    doc_to_target: "{{text}}"
                    """, new Row(Map.of("text", "a".repeat(length)), "t.jsonl:1"));
            double sum = (double) TaskRun.run(task, model, ALL, _ -> {})
                    .items()
                    .getFirst()
                    .responses()
                    .getFirst();
            assertThat(sum)
                    .isCloseTo(
                            logProbability(TinyLlama.BOS, 'a') + (length - 1) * logProbability('a', 'a'),
                            withinPercentage(1e-4));
        }
    }

    /** Whatever the order in which items are read, with or without a beginning that all share, and whoever answered some of them before. */
    @Test
    void noReplyDependsOnTheOrderNorOnAnInterruption() throws IOException {
        for (int i = 0; i < 26; i++) {
            likes('a' + i, 'a' + (i * 7 + 3) % 26, 1 + i % 5);
        }
        Row[] rows = IntStream.range(0, 40)
                .mapToObj(i -> new Row(
                        Map.of("q", "abcdefghijklmnop".substring(i % 11) + "q".repeat(i * 3 % 50), "gold", i % 3),
                        "t.jsonl:" + (i + 1)))
                .toArray(Row[]::new);
        Task task = task("""
                output_type: multiple_choice
                description: "%s "
                doc_to_text: "{{q}}?"
                doc_to_choice: ["a", "bb", "ccc dd"]
                doc_to_target: "{{gold}}"
                """.formatted("the beginning that all of them share ".repeat(5)), rows);
        try (Generator model = model()) {
            TaskRun.Result together = TaskRun.run(task, model, ALL, _ -> {});
            List<Object> alone = IntStream.range(0, 40)
                    .mapToObj(i -> (Object) TaskRun.run(withOnly(task, rows[i]), model, ALL, _ -> {})
                            .items()
                            .getFirst()
                            .responses())
                    .toList();
            assertThat(together.items().stream()
                            .map(item -> (Object) item.responses())
                            .toList())
                    .isEqualTo(alone);
            Path file = directory.resolve("t.unfinished.jsonl");
            try (AnswerLog log = AnswerLog.open(file, "f")) {
                assertThat(TaskRun.run(task, model, ALL, Optional.of(log), _ -> {})
                                .scores())
                        .isEqualTo(together.scores());
            }
            List<String> lines = Files.readAllLines(file);
            assertThat(lines).hasSize(41);
            Files.writeString(
                    file,
                    String.join("\n", lines.subList(0, 18)) + "\n"
                            + lines.get(18).substring(0, 9));
            try (AnswerLog log = AnswerLog.open(file, "f")) {
                assertThat(log.known()).isEqualTo(17);
                assertThat(log.isAnew()).isFalse();
                assertThatThrownBy(() -> AnswerLog.open(file, "f")).hasMessageContaining("another process writes");
                TaskRun.Result resumed = TaskRun.run(task, model, ALL, Optional.of(log), _ -> {});
                assertThat(resumed.scores()).isEqualTo(together.scores());
                assertThat(resumed.items())
                        .extracting(TaskRun.Item::responses)
                        .isEqualTo(together.items().stream()
                                .map(TaskRun.Item::responses)
                                .toList());
            }
            assertThat(Files.readAllLines(file)).hasSize(41).doesNotHaveDuplicates();
            try (AnswerLog log = AnswerLog.open(file, "g")) {
                assertThat(log.isAnew()).isTrue();
                assertThat(log.known()).isZero();
            }
            assertThat(Files.readAllLines(file)).hasSize(1);
        }
    }

    private static Task withOnly(Task task, Row row) {
        return TaskFile.parse("t.yaml", task.config().toString(), new Task.Data().put("test", List.of(row)));
    }
}
