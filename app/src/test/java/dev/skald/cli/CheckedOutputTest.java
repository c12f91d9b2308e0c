package dev.skald.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
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

    /** No more is generated than a few tokens after the reader has gone, and nothing is said. */
    @Test
    void aClosedPipeEndsQuietly() {
        CommandLineRun run =
                run(new Limited(10, "Broken pipe"), "generate", "--greedy", "--max-new-tokens", "400", "skog");
        assertThat(run.exitCode()).isEqualTo(141);
        assertThat(run.err()).doesNotContain("error").doesNotContain("tokens/s");
    }
}
