package dev.skald.cli;

import dev.skald.model.AdapterConfig;
import dev.skald.model.LatestCheckpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The adapter of a verb that runs one model. */
final class AdapterOption {

    @Option(
            names = "--adapter",
            paramLabel = "DIR",
            description =
                    "An adapter (LoRA) to put beside the model's weights: a directory as PEFT writes it, or the output_dir of the run that tuned it.")
    private Path adapter;

    Optional<Path> directory() {
        return Optional.ofNullable(adapter);
    }

    /** An adapter's own directory, of one or of a run's output_dir. */
    static Path latest(Path adapter) throws IOException {
        return Files.exists(adapter.resolve(AdapterConfig.FILE))
                ? adapter
                : LatestCheckpoint.in(adapter).orElse(adapter);
    }
}
