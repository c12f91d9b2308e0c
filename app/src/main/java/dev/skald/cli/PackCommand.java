package dev.skald.cli;

import dev.skald.InvalidInputException;
import dev.skald.tokenizer.Tokenizer;
import dev.skald.train.DatasetConfig;
import dev.skald.train.DatasetPacker;
import dev.skald.train.Switch;
import dev.skald.train.TrainerConfig;
import dev.skald.train.TrainingData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code skald pack}: tokenises texts ahead of training. */
@Command(
        name = "pack",
        description = {
            "Tokenises texts ahead of training into a packed dataset.",
            "It is memory-mapped shards of token ids with document boundaries, and an index.",
            "The same command resumes an interrupted run. The result is what a trainer.yaml names as the path of a dataset."
        },
        mixinStandardHelpOptions = true,
        footer = {"", "Example:", "  skald pack --tokenizer Llama-3-8B --out packed/sv 'corpus/sv/*.jsonl.gz'"})
final class PackCommand implements Callable<Integer> {

    @Parameters(
            arity = "0..*",
            paramLabel = "PATH",
            description =
                    "Files, directories or globs of .jsonl, .txt (or with .gz, .zst) or .parquet; each is a dataset of its own in validation.")
    private List<String> paths = List.of();

    @Option(
            names = "--tokenizer",
            paramLabel = "DIR",
            description = "Model directory with a tokenizer.json, or the tokenizer.json itself.")
    private Path tokenizer;

    @Option(names = "--out", paramLabel = "DIR", description = "Directory of the packed dataset.")
    private Path out;

    @Option(
            names = "--text-field",
            paramLabel = "NAME",
            defaultValue = "text",
            description = "Field or column of the text (default: ${DEFAULT-VALUE}).")
    private String textField;

    @Option(
            names = "--lang-field",
            paramLabel = "NAME",
            defaultValue = "lang",
            description = "Field or column of the language, for validation per language (default: ${DEFAULT-VALUE}).")
    private String langField;

    @Option(
            names = "--bos",
            paramLabel = "WHEN",
            defaultValue = "auto",
            description =
                    "Begin each document with the bos token: true, false, or auto, as the tokenizer does (default: ${DEFAULT-VALUE}).")
    private Switch bos;

    @Option(names = "--threads", paramLabel = "N", description = "Threads that tokenise (default: all processors).")
    private int threads = Runtime.getRuntime().availableProcessors();

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "Instead of all the above: pack what this trainer.yaml names, where training looks for it.")
    private Path config;

    @Override
    public Integer call() throws IOException {
        if (config != null) {
            if (!paths.isEmpty() || out != null || tokenizer != null) {
                throw new InvalidInputException(
                        "--config stands alone: " + config + " says what is packed, and where to");
            }
            List<String> warnings = new ArrayList<>();
            TrainerConfig trainer = TrainerConfig.read(config, List.of(), warnings);
            warnings.forEach(warning -> System.err.println("warning: " + warning));
            TrainingData.prepare(trainer, trainer.tokenizer().tokenizer());
            return 0;
        }
        if (paths.isEmpty() || out == null || tokenizer == null) {
            throw new InvalidInputException("expected PATH..., --tokenizer and --out, or --config");
        }
        if (threads < 1) {
            throw new InvalidInputException("--threads: found " + threads + ", expected at least 1");
        }
        Tokenizer loaded = Tokenizer.load(tokenizer);
        List<DatasetConfig> datasets = paths.stream()
                .map(path -> DatasetConfig.ofTexts(path, textField, langField))
                .toList();
        new DatasetPacker(datasets, List.of(out), loaded, DatasetPacker.encoding(loaded, bos), threads).pack(out);
        return 0;
    }
}
