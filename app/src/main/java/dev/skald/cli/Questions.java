package dev.skald.cli;

import java.io.BufferedReader;
import java.io.Console;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;

/** Where a conversation's questions come from: a terminal, with editing and history, or the lines of standard input. */
abstract class Questions implements AutoCloseable {

    /** A terminal where there is one, else standard input. */
    @SuppressWarnings("SystemConsoleNull") // it is null in JDK 25 where there is none
    static Questions open(PrintWriter out) throws IOException {
        Console console = System.console();
        return console != null && console.isTerminal() ? new Interactive() : new Lines(out);
    }

    /** The next question; empty at the end. */
    abstract Optional<String> next() throws IOException;

    /** Where answers go. */
    abstract PrintWriter out();

    /** Something that is no answer. */
    abstract void tell(String line);

    abstract boolean isInteractive();

    /** Runs {@code answer}; an interrupt meanwhile runs {@code stop}. */
    abstract void whileAnswering(Runnable stop, Runnable answer);

    @Override
    public abstract void close() throws IOException;

    private static boolean goesOn(String line) {
        return line.endsWith("\\");
    }

    private static String withoutEnd(String line) {
        return line.substring(0, line.length() - 1);
    }

    /** Lines of standard input. */
    private static final class Lines extends Questions {
        private final PrintWriter out;
        private final BufferedReader in = new BufferedReader(new InputStreamReader(
                System.in,
                StandardCharsets.UTF_8
                        .newDecoder()
                        .onMalformedInput(CodingErrorAction.REPORT)
                        .onUnmappableCharacter(CodingErrorAction.REPORT)));

        Lines(PrintWriter out) {
            this.out = out;
        }

        @Override
        Optional<String> next() throws IOException {
            StringBuilder question = new StringBuilder();
            String line = in.readLine();
            if (line == null) {
                return Optional.empty();
            }
            for (; line != null && goesOn(line); line = in.readLine()) {
                question.append(withoutEnd(line)).append('\n');
            }
            return Optional.of(question.append(line == null ? "" : line).toString());
        }

        @Override
        PrintWriter out() {
            return out;
        }

        @Override
        void tell(String line) {
            out.println(line);
            out.flush();
        }

        @Override
        boolean isInteractive() {
            return false;
        }

        @Override
        void whileAnswering(Runnable stop, Runnable answer) {
            answer.run();
        }

        @Override
        public void close() {
            out.flush();
        }
    }

    /** A terminal. */
    private static final class Interactive extends Questions {
        private final Terminal terminal = TerminalBuilder.builder().system(true).build();
        private final LineReader reader = LineReaderBuilder.builder()
                .terminal(terminal)
                .appName("skald")
                .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
                .build();

        Interactive() throws IOException {}

        @Override
        Optional<String> next() {
            StringBuilder question = new StringBuilder();
            String prompt = "> ";
            while (true) {
                try {
                    String line = reader.readLine(prompt);
                    if (!goesOn(line)) {
                        return Optional.of(question.append(line).toString());
                    }
                    question.append(withoutEnd(line)).append('\n');
                    prompt = ". ";
                } catch (UserInterruptException e) {
                    question.setLength(0);
                    prompt = "> ";
                } catch (EndOfFileException e) {
                    return Optional.empty();
                }
            }
        }

        @Override
        PrintWriter out() {
            return terminal.writer();
        }

        @Override
        void tell(String line) {
            terminal.writer().println(line);
            terminal.flush();
        }

        @Override
        boolean isInteractive() {
            return true;
        }

        @Override
        void whileAnswering(Runnable stop, Runnable answer) {
            Terminal.SignalHandler before = terminal.handle(Terminal.Signal.INT, _ -> stop.run());
            try {
                answer.run();
            } finally {
                terminal.handle(Terminal.Signal.INT, before);
            }
        }

        @Override
        public void close() throws IOException {
            terminal.close();
        }
    }
}
