package dev.skald.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Parameters;

/** {@code skald completion}: a script with which a shell completes Skald's verbs and options. */
@Command(
        name = "completion",
        description = "Prints a script with which a shell completes verbs and options.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "zsh: put 'autoload -U bashcompinit; bashcompinit' before it; fish: skald completion fish | source",
            "",
            "Example:",
            "  source <(skald completion bash)"
        })
final class CompletionCommand implements Callable<Integer> {

    /** What there is a script for; zsh reads bash's. */
    enum Shell {
        BASH,
        ZSH,
        FISH
    }

    @Parameters(paramLabel = "SHELL", description = "bash, zsh or fish.")
    private Shell shell;

    @CommandLine.Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        CommandLine root = spec.root().commandLine();
        PrintWriter out = spec.commandLine().getOut();
        out.print(
                switch (shell) {
                    case BASH, ZSH -> AutoComplete.bash(root.getCommandName(), root);
                    case FISH -> fish(root.getCommandSpec());
                });
        out.flush();
        return 0;
    }

    private static String fish(CommandSpec root) {
        StringBuilder script = new StringBuilder();
        root.subcommands().forEach((name, verb) -> {
            CommandSpec verbSpec = verb.getCommandSpec();
            if (verbSpec.usageMessage().hidden()) {
                return;
            }
            script.append("complete -c %s -n __fish_use_subcommand -f -a %s -d %s%n"
                    .formatted(root.name(), name, quoted(CommandGroups.summary(verbSpec))));
            for (OptionSpec option : verbSpec.options()) {
                if (!option.hidden()) {
                    fish(script, root.name(), name, option);
                }
            }
        });
        return script.toString();
    }

    private static void fish(StringBuilder script, String program, String verb, OptionSpec option) {
        script.append("complete -c %s -n '__fish_seen_subcommand_from %s'".formatted(program, verb));
        for (String name : option.names()) {
            script.append(name.startsWith("--") ? " -l " + name.substring(2) : " -s " + name.substring(1));
        }
        script.append(option.arity().max() > 0 ? " -r" : "");
        String[] description = option.description();
        script.append(" -d ")
                .append(quoted(description.length == 0 ? "" : description[0]))
                .append('\n');
    }

    private static String quoted(String text) {
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
    }
}
