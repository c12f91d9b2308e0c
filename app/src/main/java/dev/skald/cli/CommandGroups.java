package dev.skald.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.IHelpSectionRenderer;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/** The verbs by what they are for, each with its description and an example: the list in {@code skald --help} and in the manual page. */
final class CommandGroups implements IHelpSectionRenderer {

    /** The verbs of each purpose; one that is in no group is listed last. */
    private static final Map<String, List<String>> GROUPS = Map.of(
            "Begin", List.of("demo", "doctor"),
            "Use a model",
                    List.of("generate", "chat", "serve", "evaluate", "compare", "tokenize", "inspect", "convert"),
            "Build a corpus", List.of("corpus", "tokenizer", "pack"),
            "Train a model", List.of("train", "data", "merge", "card"),
            "System", List.of("completion", "man"));

    private static final List<String> ORDER =
            List.of("Begin", "Use a model", "Build a corpus", "Train a model", "System");

    private static final String EXAMPLE = "Example:";

    /**
     * The verbs of one purpose.
     *
     * @param title of the group
     * @param verbs that are there
     */
    record Group(String title, List<CommandSpec> verbs) {}

    /** All visible verbs of a command, in groups. */
    static List<Group> of(CommandSpec root) {
        List<CommandSpec> left = new ArrayList<>(root.subcommands().values().stream()
                .map(CommandLine::getCommandSpec)
                .filter(verb -> !verb.usageMessage().hidden())
                .toList());
        List<Group> groups = new ArrayList<>();
        for (String title : ORDER) {
            List<CommandSpec> verbs = GROUPS.get(title).stream()
                    .flatMap(name -> left.stream().filter(verb -> verb.name().equals(name)))
                    .toList();
            left.removeAll(verbs);
            groups.add(new Group(title, verbs));
        }
        groups.add(new Group("Other", left));
        return groups.stream().filter(group -> !group.verbs.isEmpty()).toList();
    }

    /** What follows {@code Example:} in the footer of a command: its lines, without indentation. */
    static List<String> example(CommandSpec verb) {
        return Stream.of(verb.usageMessage().footer())
                .dropWhile(line -> !line.startsWith(EXAMPLE))
                .skip(1)
                .takeWhile(line -> !line.isBlank())
                .map(String::strip)
                .toList();
    }

    /** The first line of a command's description. */
    static String summary(CommandSpec verb) {
        return Optional.of(verb.usageMessage().description())
                .filter(lines -> lines.length > 0)
                .map(lines -> lines[0])
                .orElse("");
    }

    @Override
    public String render(Help help) {
        StringBuilder list = new StringBuilder();
        for (Group group : of(help.commandSpec())) {
            list.append(group.title).append(":\n");
            for (CommandSpec verb : group.verbs) {
                list.append("  %-11s %s%n".formatted(verb.name(), summary(verb)));
                example(verb).stream()
                        .limit(1)
                        .forEach(line -> list.append("%6s%s%n".formatted("", line.replaceFirst("\\\\$", "..."))));
            }
            list.append('\n');
        }
        return list.toString();
    }

    /** Makes a command list its verbs this way. */
    static CommandLine applyTo(CommandLine command) {
        command.getHelpSectionMap().put(UsageMessageSpec.SECTION_KEY_COMMAND_LIST_HEADING, help -> "\n");
        command.getHelpSectionMap().put(UsageMessageSpec.SECTION_KEY_COMMAND_LIST, new CommandGroups());
        return command;
    }
}
