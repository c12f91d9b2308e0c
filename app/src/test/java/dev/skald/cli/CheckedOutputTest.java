package dev.skald.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.nano.SkaldNano;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every verb that prints ends when it cannot, as a disk that is full or a reader that went away make it. */
class CheckedOutputTest {

    /** Takes so many bytes, then fails. */
    private static final class Limited extends OutputStream {
        private final String failure;
        private int left;

        Limited(int bytes, String failure) {
            this.left = bytes;
            this.failure = failure;
        }

        @Override
        public void write(int b) throws IOException {
            if (left == 0) {
                throw new IOException(failure);
            }
            left--;
        }
    }

    /** The exit code, and what was said on standard error. */
    private static CommandLineRun run(OutputStream output, String... words) {
        PrintStream out = System.out;
        PrintStream err = System.err;
        ByteArrayOutputStream logged = new ByteArrayOutputStream();
        try {
            System.setOut(new PrintStream(new CheckedOutput(output, false), true, StandardCharsets.UTF_8));
            System.setErr(new PrintStream(logged, true, StandardCharsets.UTF_8));
            return new CommandLineRun(Main.run(words), "", logged.toString(StandardCharsets.UTF_8));
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--help",
                "--version",
                "generate --help",
                "completion bash",
                "man",
                "generate --greedy --max-new-tokens 3 skog",
                "generate --greedy --json --max-new-tokens 3 skog",
                "generate --greedy --max-new-tokens 3 skog och"
            })
    void aFullDiskIsAnErrorOfOneLine(String words) {
        CommandLineRun run = run(new Limited(0, "No space left on device"), words.split(" "));
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err().lines().filter(line -> line.startsWith("error: ")))
                .containsExactly("error: standard output: No space left on device");
        assertThat(run.err()).doesNotContain("\tat ");
    }

    /** Verbs whose work needs files. */
    @Test
    void aFullDiskIsAnErrorOfEveryVerb(@TempDir Path folder) throws IOException {
        Path text = Files.writeString(folder.resolve("a.txt"), "Skogen är stor och grön.");
        Path recipe = Files.writeString(folder.resolve("recipe.yaml"), "sources: [{path: a.txt}]\n");
        for (String name : new String[] {"a", "b"}) {
            Files.writeString(
                    Files.createDirectory(folder.resolve(name)).resolve("results_1.json"),
                    "{\"results\": {\"t\": {\"acc,none\": 0.5, \"acc_stderr,none\": 0.1}}}");
        }
        String data = "data=" + folder;
        String output = "output=" + folder.resolve("corpus");
        InputStream in = System.in;
        try {
            System.setIn(new ByteArrayInputStream("skog".getBytes(StandardCharsets.UTF_8)));
            fails("tokenize");
            fails("evaluate", "--text", text.toString());
            fails("evaluate", "--json", "--text", text.toString());
            fails("compare", folder.resolve("a").toString(), folder.resolve("b").toString());
            fails(
                    "compare",
                    "--json",
                    folder.resolve("a").toString(),
                    folder.resolve("b").toString());
            fails("doctor");
            fails("doctor", "--json");
            fails("corpus", "--explain", recipe.toString(), data, output);
            fails("corpus", recipe.toString(), data, output, "--spark", "local[1]");
            fails("inspect", SkaldNano.directory().toString());
            String gguf = folder.resolve("nano.gguf").toString();
            fails("convert", SkaldNano.directory().toString(), "--out", gguf, "--type", "q8_0");
            System.setIn(new ByteArrayInputStream("Hej\n".getBytes(StandardCharsets.UTF_8)));
            fails("chat", "--chat-template", "llama3", "--max-new-tokens", "3", "--greedy");
            String tokenizer = folder.resolve("tokenizer").toString();
            fails("tokenizer", "train", "--vocab-size", "300", "--output", tokenizer, text.toString());
            assertThat(Path.of(tokenizer)).isDirectoryContaining("glob:**/tokenizer.json");
            String conversations = folder.resolve("talk.jsonl").toString();
            Files.writeString(Path.of(conversations), """
                    {"messages": [{"role": "user", "content": "Hej"}, {"role": "assistant", "content": "Hej på dig"}]}
                    """);
            String[] run = {
                "base_model=" + SkaldNano.directory(),
                "datasets=[{path: " + conversations + ", type: chat_template}]",
                "output_dir=" + folder.resolve("run"),
                "dataset_prepared_path=" + folder.resolve("prepared")
            };
            String llama3 = "tokens=['<|start_header_id|>', '<|end_header_id|>', '<|eot_id|>']";
            fails(words("data", "labels", "configs/instruct/lora.yaml", run, llama3, "--rows", "1"));
            Path trainer = Files.writeString(
                    folder.resolve("trainer.yaml"),
                    "base_model: %s\ndatasets: [{path: %s}]\ndataset_prepared_path: %s\noutput_dir: %s\nlearning_rate: 1e-4\nsequence_len: 8\n"
                            .formatted(
                                    SkaldNano.directory(),
                                    Files.writeString(folder.resolve("long.txt"), "skog och sjö ".repeat(200)),
                                    folder.resolve("prepared"),
                                    folder.resolve("out")));
            fails("data", trainer.toString(), "--step", "1");
        } finally {
            System.setIn(in);
        }
    }

    private static String[] words(Object... parts) {
        List<String> words = new ArrayList<>();
        for (Object part : parts) {
            words.addAll(part instanceof String[] many ? List.of(many) : List.of((String) part));
        }
        return words.toArray(String[]::new);
    }

    /** That the verb prints, and ends with one line when it cannot. */
    static void fails(String... words) {
        CommandLineRun run = run(new Limited(0, "No space left on device"), words);
        assertThat(run.exitCode())
                .as(String.join(" ", words) + ": " + run.err())
                .isEqualTo(1);
        assertThat(run.err().lines().filter(line -> line.startsWith("error: ")))
                .as(String.join(" ", words))
                .containsExactly("error: standard output: No space left on device");
    }

    /** No more is generated than a few tokens after the reader has gone, and nothing is said. */
    @Test
    void aClosedPipeEndsQuietly() {
        CommandLineRun run =
                run(new Limited(10, "Broken pipe"), "generate", "--greedy", "--max-new-tokens", "400", "skog");
        assertThat(run.exitCode()).isEqualTo(141);
        assertThat(run.err()).doesNotContain("error").doesNotContain("tokens/s");
    }
}
