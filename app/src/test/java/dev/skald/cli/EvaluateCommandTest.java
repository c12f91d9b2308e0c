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
import java.util.List;
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
}
