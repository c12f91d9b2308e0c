package dev.skald.cli;

import static dev.skald.cli.CommandLineRun.skald;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skald.TinyLlama;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code skald evaluate} on a model that gives all 258 tokens the same probability. */
class EvaluateCommandTest {

    @TempDir
    private Path directory;

    private Path uniform() {
        return TinyLlama.bigram(new float[TinyLlama.VOCAB][TinyLlama.VOCAB]).write(directory.resolve("uniform"));
    }

    @Test
    void jsonHasTheDocumentedKeys() throws IOException {
        Path text = Files.writeString(directory.resolve("a.jsonl"), "{\"text\":\"abc\"}\n{\"text\":\"dåe\"}\n");
        JsonNode result = new ObjectMapper()
                .readTree(skald("evaluate", "--model", uniform(), "--text", text, "--json")
                        .result());
        assertThat(result.properties().stream().map(property -> property.getKey()))
                .containsExactly("documents", "tokens", "nll", "perplexity", "bits_per_byte");
        assertThat(result.get("documents").intValue()).isEqualTo(2);
        assertThat(result.get("tokens").intValue()).isEqualTo(3 + 4); // all but the begin token
        assertThat(result.get("nll").doubleValue()).isCloseTo(Math.log(258), offset(1e-6));
        assertThat(result.get("perplexity").doubleValue()).isCloseTo(258, offset(1e-3));
        assertThat(result.get("bits_per_byte").doubleValue()).isCloseTo(Math.log(258) / Math.log(2), offset(1e-5));
    }

    @Test
    void windowsTakeTheFirstTokenOut() throws IOException {
        Path text = Files.writeString(directory.resolve("a.txt"), "abcdefghi"); // with the begin token 10
        for (List<Integer> expected :
                List.of(List.of(10, 9), List.of(5, 8), List.of(4, 7), List.of(2, 5), List.of(3, 6), List.of(1024, 9))) {
            JsonNode result = new ObjectMapper()
                    .readTree(skald(
                                    "evaluate",
                                    "--model",
                                    uniform(),
                                    "--text",
                                    text,
                                    "--sequence-len",
                                    expected.getFirst(),
                                    "--dtype",
                                    "f32",
                                    "--json")
                            .result());
            assertThat(result.get("tokens").intValue())
                    .as("windows of %s", expected)
                    .isEqualTo(expected.getLast());
        }
    }

    @Test
    void withoutJsonItIsALine() throws IOException {
        Path text = Files.writeString(directory.resolve("a.txt"), "abc");
        assertThat(skald("evaluate", "--model", uniform(), "--text", text).result())
                .isEqualTo("documents 1, predicted tokens 3, nll 5.5530, perplexity 258.000, bits per byte 8.0112"
                        + System.lineSeparator());
    }

    @Test
    void refusesWhatItCannotMeasure() throws IOException {
        Path empty = Files.writeString(directory.resolve("empty.txt"), "");
        assertThat(skald("evaluate", "--model", uniform(), "--text", empty).error())
                .contains("nothing to predict");
        assertThat(skald("evaluate", "--model", uniform(), "--text", empty, "--sequence-len", 1)
                        .error())
                .contains("sequence_len is 1", "1024");
        assertThat(skald("evaluate", "--model", uniform(), "--text", directory).error())
                .contains(directory.toString());
    }

    /** What a run that is killed has done is read back by the next one, whose numbers are those of a run that was left alone, bit for bit. */
    @Test
    void aKilledRunGoesOn() throws IOException, InterruptedException {
        int items = 400;
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < items; i++) {
            lines.append("{\"q\":\"%d + %d =\",\"a\":%d}\n".formatted(i, i % 7, i % 3));
        }
        Files.writeString(directory.resolve("items.jsonl"), lines.toString());
        Path task = Files.writeString(directory.resolve("sum.yaml"), """
                task: sum
                dataset_path: json
                dataset_kwargs: {data_files: {test: items.jsonl}}
                test_split: test
                output_type: multiple_choice
                doc_to_text: "{{q}}"
                doc_to_choice: ["ett", "två", "tre hundra"]
                doc_to_target: a
                metric_list: [{metric: acc}, {metric: bits_per_character}]
                num_fewshot: 2
                """);
        JsonNode alone = new ObjectMapper()
                .readTree(skald("evaluate", "--tasks", task, "--json").result());
        Path out = directory.resolve("out");
        Path log = out.resolve("sum.unfinished.jsonl");
        Process process = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "@jvm.options",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "dev.skald.cli.Main",
                        "evaluate",
                        "--tasks",
                        task.toString(),
                        "--out",
                        out.toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        while (process.isAlive() && lines(log) < 40) {
            Thread.sleep(5);
        }
        process.destroyForcibly().waitFor();
        assertThat(lines(log)).isBetween(40L, (long) items);
        Files.writeString(log, "{\"doc\": 3, \"repl", StandardOpenOption.APPEND);
        CommandLineRun second = skald("evaluate", "--tasks", task, "--out", out, "--json");
        assertThat(second.err()).containsPattern("sum: \\d+ items were done before");
        assertThat(new ObjectMapper().readTree(second.result())).isEqualTo(alone);
        assertThat(log).doesNotExist();
    }

    private static long lines(Path file) throws IOException {
        if (!Files.exists(file)) {
            return 0;
        }
        try (Stream<String> lines = Files.lines(file)) {
            return lines.count();
        }
    }
}
