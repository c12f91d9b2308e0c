package dev.skald.cli;

import dev.skald.demo.Demo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code skald demo}. */
@Command(
        name = "demo",
        description = {
            "Shows everything once, in a minute or two, without a download: builds a corpus",
            "from texts that come with Skald, continues the pretraining of a small model on it,",
            "and compares the model before and after."
        },
        mixinStandardHelpOptions = true,
        footer = {"", "Example:", "  skald demo --output my-demo"})
final class DemoCommand implements Callable<Integer> {

    @Option(
            names = "--output",
            paramLabel = "DIR",
            defaultValue = "skald-demo",
            description = "Where everything goes; must not exist yet (default: ${DEFAULT-VALUE}).")
    private Path output;

    @Override
    public Integer call() throws IOException {
        return new Demo(output, words -> Main.run(words.toArray(String[]::new)), System.out).run();
    }
}
