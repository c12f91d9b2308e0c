package dev.skald.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.base.StrictJson;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** {@code skald doctor}: what the machine has, what it does, and what to do about it. */
@Command(
        name = "doctor",
        description = "Checks this machine: JDK, libtorch, device, memory, speeds, Spark.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "A warning is something that costs speed; an error is something that does not work, and gives exit code 1.",
            "",
            "Example:",
            "  skald doctor"
        })
final class DoctorCommand implements Callable<Integer> {

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @CommandLine.Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        List<HealthCheck> done = new ArrayList<>();
        HealthCheck.all(check -> {
            done.add(check);
            if (!json) {
                print(check, out);
            }
        });
        boolean sound = done.stream().noneMatch(check -> check.status() == HealthCheck.Status.ERROR);
        if (json) {
            ObjectNode root = StrictJson.mapper().createObjectNode();
            done.forEach(check -> {
                ObjectNode each = root.putObject(check.name())
                        .put("status", check.status().name().toLowerCase(Locale.ROOT))
                        .put("found", check.found());
                check.figures().forEach((key, value) -> each.put(key, Math.round(value)));
                if (!check.hint().isEmpty()) {
                    each.put("hint", check.hint());
                }
            });
            out.println(root.toPrettyString());
        }
        out.flush();
        return sound ? 0 : 1;
    }

    private static void print(HealthCheck check, PrintWriter out) {
        out.printf("%-8s %-10s %s%n", check.status().name().toLowerCase(Locale.ROOT), check.name(), check.found());
        if (!check.hint().isEmpty()) {
            out.printf("%19s %s%n", "->", check.hint());
        }
        out.flush();
    }
}
