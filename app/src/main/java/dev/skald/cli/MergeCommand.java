package dev.skald.cli;

import dev.skald.InvalidInputException;
import dev.skald.base.Progress;
import dev.skald.model.AdapterConfig;
import dev.skald.model.AdapterMerge;
import dev.skald.model.LlamaConfig;
import dev.skald.model.ModelFingerprint;
import dev.skald.train.TrainerConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code skald merge}: a base model and an adapter to one model. */
@Command(
        name = "merge",
        description = "Writes a model and an adapter (LoRA) as one model directory: in float32, rounded once.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Example:",
            "  skald merge configs/instruct/lora.yaml --out nordic-8b-instruct",
            "  skald merge --adapter outputs/lora --model Llama-3-8B --out merged"
        })
final class MergeCommand implements Callable<Integer> {

    /** About as many for each parameter. */
    private static final int BYTES = 2;

    @Parameters(
            arity = "0..1",
            paramLabel = "trainer.yaml",
            description = "The configuration of the run that tuned the adapter: has base_model and output_dir.")
    private Path trainer;

    @Parameters(
            index = "1..*",
            arity = "0..*",
            paramLabel = "key=value",
            description = "Settings that win over those of the file.")
    private List<String> overrides = List.of();

    @Option(
            names = "--adapter",
            paramLabel = "DIR",
            description = "The adapter, as PEFT writes it, or the output_dir of the run that tuned it.")
    private Path adapter;

    @Option(
            names = "--model",
            paramLabel = "DIR",
            description = "The base model (default: where the adapter's configuration says).")
    private Path model;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "The new directory.")
    private Path out;

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        if (trainer == null && adapter == null) {
            throw new InvalidInputException("expected a trainer.yaml, or --adapter with the directory of an adapter");
        }
        Path beside = adapter;
        Path base = model;
        if (trainer != null) {
            TrainerConfig config = TrainerConfig.read(trainer, overrides, new ArrayList<>());
            if (!config.lora().isOn()) {
                throw new InvalidInputException(trainer + ": has no adapter; a run without one writes whole models");
            }
            beside = beside == null ? Path.of(config.outputDir()) : beside;
            base = base == null ? Path.of(config.baseModel()) : base;
        }
        beside = AdapterOption.latest(beside);
        String stated = AdapterConfig.read(beside).base();
        if (base == null) {
            if (stated == null || !Files.exists(Path.of(stated))) {
                throw new InvalidInputException(
                        beside + ": its base model " + stated + " is not here; expected --model with its directory");
            }
            base = Path.of(stated);
        }
        PrintWriter err = spec.commandLine().getErr();
        ModelFingerprint.difference(beside, base).ifPresent(line -> err.println("warning: " + line));
        err.flush();
        PrintWriter print = spec.commandLine().getOut();
        try (Progress progress = Progress.ofBytes("merging", bytes(base))) {
            AdapterMerge.Outcome outcome =
                    AdapterMerge.write(base, beside, out, each -> progress.addBytes(BYTES * each.numel()));
            print.printf(
                    Locale.ROOT,
                    "%s: %,d parameters, %,d of them beside the adapter; %.1f %% of those are other numbers now, the largest difference is %.4g%n",
                    out,
                    outcome.parameters(),
                    outcome.touched(),
                    100.0 * outcome.changed() / Math.max(1, outcome.touched()),
                    outcome.largest());
        }
        print.flush();
        return 0;
    }

    private static long bytes(Path base) throws IOException {
        return Files.isDirectory(base)
                ? BYTES * LlamaConfig.read(base.resolve("config.json")).parameterCount()
                : Files.size(base);
    }
}
