package dev.skald.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

class HelpTest {

    /** The words of every command that a user sees. */
    static Stream<List<String>> commands() {
        return below(new CommandLine(new Main()), List.of());
    }

    private static Stream<List<String>> below(CommandLine command, List<String> words) {
        return command.getSubcommands().entrySet().stream()
                .filter(each -> !each.getValue().getCommandSpec().usageMessage().hidden())
                .flatMap(each -> {
                    List<String> longer = new ArrayList<>(words);
                    longer.add(each.getKey());
                    return Stream.concat(Stream.of(longer), below(each.getValue(), longer));
                });
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyCommandExplainsItselfWithAnExample(List<String> words) {
        List<String> asked = new ArrayList<>(words);
        asked.add("--help");

        String help = CommandLineRun.skald(asked.toArray()).result();

        assertThat(help).contains("Usage: skald " + words.getFirst(), "Example:");
        assertThat(help.substring(help.indexOf("Example:"))).contains("skald " + words.getFirst());
    }

    @Test
    void skaldAloneNamesItsCommands() {
        assertThat(CommandLineRun.skald().result())
                .contains("train", "generate")
                .doesNotContain("warm-up");
    }
}
