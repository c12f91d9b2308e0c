package dev.skald.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** One run of {@link Main} in this JVM: what it printed and its exit code. */
record CommandLineRun(int exitCode, String out, String err) {

    /** Runs a command with nothing on standard input. */
    static CommandLineRun skald(Object... words) {
        return skaldReading(new byte[0], words);
    }

    /** Runs a command with bytes on standard input. */
    static CommandLineRun skaldReading(byte[] standardInput, Object... words) {
        InputStream in = System.in;
        PrintStream out = System.out;
        PrintStream err = System.err;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        ByteArrayOutputStream logged = new ByteArrayOutputStream();
        try {
            System.setIn(new ByteArrayInputStream(standardInput));
            System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
            System.setErr(new PrintStream(logged, true, StandardCharsets.UTF_8));
            int exitCode =
                    Main.run(List.of(words).stream().map(Object::toString).toArray(String[]::new));
            return new CommandLineRun(
                    exitCode, printed.toString(StandardCharsets.UTF_8), logged.toString(StandardCharsets.UTF_8));
        } finally {
            System.setIn(in);
            System.setOut(out);
            System.setErr(err);
        }
    }

    /** The output, of a run that must have gone well. */
    String result() {
        assertThat(exitCode).as(err).isZero();
        return out;
    }

    /** The one line after {@code error: }, of a run that must have ended with exit code 2 and no output. */
    String error() {
        assertThat(exitCode).as(err).isEqualTo(2);
        assertThat(out).isEmpty();
        List<String> lines =
                err.lines().filter(line -> !line.startsWith("warning: ")).toList();
        assertThat(lines).as(err).hasSize(1);
        assertThat(lines.getFirst()).startsWith("error: ");
        return lines.getFirst().substring("error: ".length());
    }
}
