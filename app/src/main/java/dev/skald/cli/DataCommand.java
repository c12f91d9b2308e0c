package dev.skald.cli;

import dev.skald.InvalidInputException;
import dev.skald.dataset.PackedDocument;
import dev.skald.tokenizer.Tokenizer;
import dev.skald.train.TrainerConfig;
import dev.skald.train.TrainingData;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code skald data}: what a training run sees. */
@Command(
        name = "data",
        description =
                "Prints which documents an optimizer step of a training run sees: a line for each part of a document.",
        mixinStandardHelpOptions = true,
        subcommands = LabelsCommand.class,
        footer = {"", "Example:", "  skald data configs/nordic-8b/trainer.yaml --step 1500 --processes 92"})
final class DataCommand implements Callable<Integer> {

    @Parameters(index = "0", arity = "0..1", paramLabel = "FILE", description = "The trainer.yaml of the run.")
    private Path config;

    @Parameters(
            index = "1..*",
            arity = "0..*",
            paramLabel = "KEY=VALUE",
            description = "Settings that the run had on its command line.")
    private List<String> overrides = List.of();

    @Option(names = "--step", paramLabel = "N", description = "The step, from 1, as metrics.jsonl counts.")
    private Long step;

    @Option(
            names = "--processes",
            paramLabel = "N",
            defaultValue = "1",
            description = "World size of the run (default: ${DEFAULT-VALUE}).")
    private int processes;

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        if (config == null || step == null) {
            throw new InvalidInputException("expected FILE and --step, or labels FILE");
        }
        if (step < 1 || processes < 1) {
            throw new InvalidInputException(
                    "--step: found " + step + ", --processes: found " + processes + ", expected at least 1");
        }
        TrainerConfig trainer = TrainerConfig.read(config, overrides, new ArrayList<>());
        Tokenizer tokenizer = trainer.tokenizer().tokenizer();
        TrainingData.prepare(trainer, tokenizer);
        TrainingData data = TrainingData.open(trainer, tokenizer);
        PrintWriter out = spec.commandLine().getOut();
        out.println("micro_step\trank\tsequence\tdataset\tlanguage\tdocument\ttokens\tof");
        for (TrainingData.Seen part : data.seen(step - 1, processes)) {
            PackedDocument document = part.document();
            out.printf(
                    "%d\t%d\t%d\t%s\t%s\t%s\t%d-%d\t%d%n",
                    part.microStep(),
                    part.rank(),
                    part.sequence(),
                    document.dataset(),
                    document.language(),
                    document.id(),
                    part.from(),
                    part.to(),
                    document.tokens());
        }
        out.flush();
        return 0;
    }
}
