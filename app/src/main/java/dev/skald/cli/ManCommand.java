package dev.skald.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** {@code skald man}: the manual page, in roff, out of the same descriptions as {@code --help}. */
@Command(
        name = "man",
        description = "Prints the manual page, for man(1).",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "To install it: skald man > ~/.local/share/man/man1/skald.1",
            "",
            "Example:",
            "  skald man > skald.1 && man ./skald.1"
        })
final class ManCommand implements Callable<Integer> {

    @CommandLine.Spec
    private CommandSpec spec;

    private final StringBuilder page = new StringBuilder();

    @Override
    public Integer call() {
        CommandSpec root = spec.root();
        macro(".TH", root.name().toUpperCase(Locale.ROOT), "1", "", root.version()[0], "User commands");
        macro(".SH", "NAME");
        text(root.name() + " \\- " + escaped(CommandGroups.summary(root)));
        macro(".SH", "SYNOPSIS");
        text("\\fB" + root.name() + "\\fR \\fIverb\\fR [\\fIoption\\fR ...] [\\fIargument\\fR ...]");
        for (CommandGroups.Group group : CommandGroups.of(root)) {
            macro(".SH", group.title().toUpperCase(Locale.ROOT));
            group.verbs().forEach(verb -> verb(root.name(), verb));
        }
        macro(".SH", "EXIT STATUS");
        entry("0", "Done.");
        entry("1", "A fault of Skald, or of the machine.");
        entry("2", "A mistake in the input; one line on standard error says which.");
        entry("130", "Interrupted.");
        macro(".SH", "ENVIRONMENT");
        entry("SKALD_JAVA_OPTS", "More options for the JVM, as in -Xmx8g.");
        entry("JAVA_HOME", "The JDK to run on, if it is recent enough; otherwise one is looked for.");
        entry("OMP_NUM_THREADS", "Threads that libtorch computes with; all cores when it is not set.");
        entry("XDG_CACHE_HOME", "Where libtorch's libraries are unpacked, in skald/; ~/.cache when it is not set.");
        PrintWriter out = spec.commandLine().getOut();
        out.print(page);
        out.flush();
        return 0;
    }

    private void verb(String program, CommandSpec verb) {
        macro(".SS", program + " " + verb.name());
        text(Stream.of(verb.usageMessage().description())
                .map(ManCommand::escaped)
                .collect(Collectors.joining("\n")));
        for (PositionalParamSpec parameter : verb.positionalParameters()) {
            if (!parameter.hidden()) {
                entry(parameter.paramLabel(), parameter.description());
            }
        }
        for (OptionSpec option : verb.options()) {
            if (!option.hidden() && !option.usageHelp() && !option.versionHelp()) {
                String label = option.arity().max() > 0 ? " " + option.paramLabel() : "";
                entry(String.join(", ", option.names()) + label, option.description());
            }
        }
        verb.subcommands().values().stream()
                .map(CommandLine::getCommandSpec)
                .filter(inner -> !inner.usageMessage().hidden())
                .forEach(inner -> verb(program + " " + verb.name(), inner));
        List<String> example = CommandGroups.example(verb);
        if (!example.isEmpty()) {
            text("Example:");
            page.append(".PP\n.nf\n.RS\n");
            example.forEach(line -> text(escaped(line)));
            page.append(".RE\n.fi\n");
        }
    }

    private void entry(String term, String... description) {
        page.append(".TP\n\\fB").append(escaped(term)).append("\\fR\n");
        text(Stream.of(description).map(ManCommand::escaped).collect(Collectors.joining("\n")));
    }

    private void macro(String name, String... arguments) {
        page.append(name);
        for (String argument : arguments) {
            page.append(" \"").append(escaped(argument).replace("\"", "\\(dq")).append('"');
        }
        page.append('\n');
    }

    /** Lines; none may begin as a macro does. */
    private void text(String lines) {
        lines.lines()
                .forEach(line -> page.append(line.startsWith(".") || line.startsWith("'") ? "\\&" : "")
                        .append(line)
                        .append('\n'));
    }

    private static String escaped(String text) {
        return text.replace("\\", "\\e").replace("-", "\\-");
    }
}
