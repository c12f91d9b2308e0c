package dev.skald.cli;

import static dev.skald.cli.CommandLineRun.skald;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/** What Skald says of itself: help, manual page, completion. */
class ManualTest {

    private static List<CommandSpec> verbs() {
        return CommandGroups.of(new CommandLine(new Main()).getCommandSpec()).stream()
                .flatMap(group -> group.verbs().stream())
                .toList();
    }

    @Test
    void everyVerbHasAPurposeADescriptionAndAnExample() {
        assertThat(CommandGroups.of(new CommandLine(new Main()).getCommandSpec()))
                .extracting(CommandGroups.Group::title)
                .as("a new verb belongs into one of CommandGroups.GROUPS")
                .containsExactly("Begin", "Use a model", "Build a corpus", "Train a model", "System");
        String help = skald("--help").result();
        for (CommandSpec verb : verbs()) {
            assertThat(CommandGroups.summary(verb)).as(verb.name()).isNotBlank();
            assertThat(CommandGroups.example(verb)).as(verb.name()).isNotEmpty();
            String example = CommandGroups.example(verb).getFirst();
            assertThat(example).contains("skald " + verb.name());
            assertThat(help.lines().map(String::strip))
                    .contains(example.replaceFirst("\\\\$", "..."))
                    .anyMatch(line -> line.startsWith(verb.name() + " "));
            assertThat(skald(verb.name(), "--help").result()).contains(example);
        }
        assertThat(help.lines().filter(line -> line.length() > 120)).isEmpty();
        assertThat(help).doesNotContain("warm-up");
    }

    @Test
    void theManualPageNamesEveryOption() {
        String page = skald("man").result();
        assertThat(page).startsWith(".TH \"SKALD\" \"1\"");
        for (CommandSpec verb : verbs()) {
            assertThat(page).contains(".SS \"skald " + verb.name() + "\"");
            verb.options().stream()
                    .flatMap(option -> Stream.of(option.names()))
                    .filter(name -> !List.of("-h", "--help", "-V", "--version").contains(name))
                    .forEach(name -> assertThat(page).contains(name.replace("-", "\\-")));
        }
        assertThat(page.lines().filter(line -> line.startsWith(".")))
                .allMatch(line -> line.matches("\\.(TH|SH|SS|TP|PP|nf|fi|RS|RE)( .*)?"));
    }

    @Test
    void bashCompletesVerbsAndOptions(@TempDir Path folder) throws IOException, InterruptedException {
        Path script = folder.resolve("completion.bash");
        Files.writeString(script, skald("completion", "bash").result());
        assertThat(completed(script, "skald gen")).contains("generate");
        assertThat(completed(script, "skald generate --repet")).contains("--repetition-penalty");
        assertThat(skald("completion", "zsh").result()).isEqualTo(Files.readString(script));
    }

    /** What bash offers for the last word of a line. */
    private static List<String> completed(Path script, String line) throws IOException, InterruptedException {
        String ask = """
                source '%s'
                COMP_LINE='%s'; COMP_WORDS=(%s); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMP_POINT=${#COMP_LINE}
                _complete_skald
                printf '%%s\\n' "${COMPREPLY[@]}"
                """.formatted(script, line, line);
        Process bash =
                new ProcessBuilder("bash", "-c", ask).redirectErrorStream(true).start();
        List<String> offered = bash.inputReader().lines().map(String::strip).toList();
        bash.waitFor();
        return offered;
    }

    @Test
    void fishGetsALineForEachVerbAndOption() {
        String script = skald("completion", "fish").result();
        for (CommandSpec verb : verbs()) {
            assertThat(script).contains("-n __fish_use_subcommand -f -a " + verb.name() + " -d '");
        }
        assertThat(script)
                .contains("complete -c skald -n '__fish_seen_subcommand_from generate' -l repetition-penalty -r -d '")
                .doesNotContain("warm-up");
        assertThat(skald("completion", "tcsh").error()).contains("tcsh", "BASH");
    }
}
