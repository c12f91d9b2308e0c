package dev.skald.cli;

import dev.skald.InvalidInputException;
import dev.skald.corpus.TaskFailedException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The {@code skald} command: finds the verb, and turns a user's mistake into one line and exit code 2. */
@Command(
        name = "skald",
        description = "Trains, adapts and runs Llama-3 language models on the JVM.",
        mixinStandardHelpOptions = true,
        footer = "skald VERB --help says more of each; ./skald takes the place of skald where it is not on the PATH.",
        versionProvider = Main.Version.class,
        subcommands = {
            CardCommand.class,
            ChatCommand.class,
            CompareCommand.class,
            CompletionCommand.class,
            ConvertCommand.class,
            DemoCommand.class,
            CorpusCommand.class,
            DoctorCommand.class,
            GenerateCommand.class,
            InspectCommand.class,
            MergeCommand.class,
            EvaluateCommand.class,
            PackCommand.class,
            ServeCommand.class,
            DataCommand.class,
            ManCommand.class,
            TokenizeCommand.class,
            TokenizerCommand.class,
            TrainCommand.class,
            WarmUpCommand.class
        })
public final class Main implements Runnable {

    /** Wide enough for every example, so that it can be copied. */
    private static final int HELP_WIDTH = 120;

    @Option(names = "--debug", scope = ScopeType.INHERIT, description = "Show the stack trace of an error.")
    private boolean debug;

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    /** What a shell reports of a program that wrote to a closed pipe: 128 and the number of SIGPIPE. */
    private static final int CLOSED_PIPE = 141;

    /**
     * Ends the JVM with the exit code: 0 done, 1 a fault of Skald or of what it writes to, 2 bad input, 3 a training run forgot ({@code forgetting_gate}), 130 interrupted, 141 nobody reads the
     * output any more.
     */
    public static void main(String[] args) {
        System.setOut(CheckedOutput.standard());
        System.exit(run(args));
    }

    /** Runs one command in this JVM; returns its exit code. */
    static int run(String... args) {
        Main main = new Main();
        CommandLine commandLine = CommandGroups.applyTo(new CommandLine(main))
                .setUsageHelpWidth(HELP_WIDTH)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExpandAtFiles(false) // a prompt may begin with @
                .setExecutionStrategy(main::execute)
                .setExecutionExceptionHandler((e, command, parsed) -> main.report(e, command.getErr()))
                .setParameterExceptionHandler(
                        (e, words) -> main.report(e, e.getCommandLine().getErr()));
        try {
            int exitCode = commandLine.execute(args);
            if (exitCode == 0) {
                commandLine.getOut().flush();
            }
            return exitCode;
        } catch (CheckedOutput.FailedException e) {
            return main.report(e, commandLine.getErr());
        }
    }

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

    /** Runs the verb; picocli would show the stack trace of what goes wrong while it prints the help. */
    private int execute(CommandLine.ParseResult parsed) {
        try {
            return new CommandLine.RunLast().execute(parsed);
        } catch (CheckedOutput.FailedException e) {
            return report(e, spec.commandLine().getErr());
        }
    }

    private int report(Exception e, PrintWriter err) {
        if (e instanceof CheckedOutput.FailedException failed && failed.isClosedPipe()) {
            return CLOSED_PIPE;
        }
        String mistake = userMistake(e);
        boolean saysWhy = e instanceof TaskFailedException || e instanceof CheckedOutput.FailedException;
        String line = mistake == null && saysWhy ? e.getMessage() : mistake;
        if (debug || line == null) {
            e.printStackTrace(err);
        }
        // A name out of a broken file may have line ends in it.
        err.println("error: " + (line == null ? "unexpected " + e : line).replaceAll("\\p{Cntrl}+", " "));
        err.flush();
        return mistake == null ? 1 : 2;
    }

    /** The line for the user, or null if {@code e} is no mistake of theirs. */
    private static String userMistake(Exception e) {
        return switch (e) {
            case InvalidInputException mistake -> mistake.getMessage();
            case CommandLine.ParameterException mistake ->
                mistake.getMessage().lines().findFirst().orElse("");
            case NoSuchFileException missing -> missing.getFile() + ": no such file or directory";
            case AccessDeniedException denied -> denied.getFile() + ": permission denied";
            case FileSystemException failed
            when failed.getReason() != null -> failed.getFile() + ": " + failed.getReason();
            case FileSystemException failed ->
                failed.getFile() + ": " + failed.getClass().getSimpleName().replace("Exception", "");
            case IOException failed -> failed.getMessage();
            case UncheckedIOException failed -> userMistake(failed.getCause());
            // libtorch's own words, with the bytes it asked for
            case RuntimeException failed
            when failed.getMessage() != null && failed.getMessage().contains("not enough memory") ->
                failed.getMessage().lines().findFirst().orElse("");
            default -> null;
        };
    }

    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Main.class.getPackage().getImplementationVersion();
            return new String[] {"skald " + (version == null ? "(not packaged)" : version)};
        }
    }
}
