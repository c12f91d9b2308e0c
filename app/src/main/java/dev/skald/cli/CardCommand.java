package dev.skald.cli;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.type.TypeReference;
import dev.skald.InvalidInputException;
import dev.skald.base.AtomicFiles;
import dev.skald.base.StrictJson;
import dev.skald.card.ModelCard;
import dev.skald.corpus.CorpusSummary;
import dev.skald.train.TrainingRun;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code skald card}: the model card of a training run. */
@Command(
        name = "card",
        description = "Writes the model card of a training run: the README.md of its Hugging Face directory.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Example:",
            "  skald card nordic-8b --corpus my-corpus --license llama3 --base-model meta-llama/Meta-Llama-3-8B"
        })
final class CardCommand implements Callable<Integer> {

    private static final String PICTURE = "loss.png";

    @Parameters(paramLabel = "DIR", description = "The output_dir of a training run, or a checkpoint-N in it.")
    private Path directory;

    @Option(names = "--output", paramLabel = "FILE", description = "Where the card goes (default: DIR/README.md).")
    private Path output;

    @Option(names = "--overwrite", description = "Replace the card that is there.")
    private boolean overwrite;

    @Option(
            names = "--name",
            paramLabel = "NAME",
            description = "The model's name, with its owner on Hugging Face if it has one (default: that of DIR).")
    private String name;

    @Option(
            names = {"--license", "--licence"},
            paramLabel = "ID",
            description = "The model's licence as Hugging Face writes it: apache-2.0, llama3, ...")
    private String license;

    @Option(
            names = "--language",
            paramLabel = "CODE",
            split = ",",
            description = "Languages of the model (default: those validated, and those of the corpus).")
    private List<String> languages = List.of();

    @Option(
            names = "--base-model",
            paramLabel = "NAME",
            description = "What was trained on, as Hugging Face names it (default: the directory's name).")
    private String baseModel;

    @Option(
            names = "--prompt",
            paramLabel = "TEXT",
            defaultValue = "Sommar och sol är det bästa jag vet",
            description = "The prompt of the examples (default: ${DEFAULT-VALUE}).")
    private String prompt;

    @Option(
            names = "--corpus",
            paramLabel = "DIR",
            description = "The output of skald corpus that the model was trained on.")
    private Path corpus;

    @Option(
            names = "--compare",
            paramLabel = "FILE",
            description = {
                "Bits per byte of others on the held-out text, for columns beside the model's: a JSON object,",
                "by name, then by language: {\"xz -9\": {\"sv\": 2.31, \"da\": 2.40}}."
            })
    private Path comparison;

    @Option(
            names = "--section",
            paramLabel = "FILE",
            description = "Markdown for the end of the card, beginning with its heading; repeatable.")
    private List<Path> sections = List.of();

    @CommandLine.Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        TrainingRun run = TrainingRun.read(directory);
        Path target = output == null ? directory.resolve("README.md") : output;
        if (Files.exists(target) && !overwrite) {
            throw new InvalidInputException(target + ": exists; give --overwrite or another --output");
        }
        Path folder = target.toAbsolutePath().normalize().getParent();
        if (!Files.isDirectory(folder)) {
            throw new InvalidInputException(folder + ": is no directory, expected one for " + target.getFileName());
        }
        Path picture = run.outputDir().resolve(PICTURE);
        String card = ModelCard.of(
                run,
                new ModelCard.Options(
                        name == null ? run.outputDir().getFileName().toString() : name,
                        Optional.ofNullable(license),
                        languages,
                        Optional.ofNullable(baseModel),
                        prompt,
                        corpus == null ? Optional.empty() : Optional.of(CorpusSummary.read(corpus)),
                        comparison == null ? Map.of() : readComparison(ModelCard.validatedLanguages(run)),
                        Files.exists(picture) ? Optional.of(PICTURE) : Optional.empty(),
                        readSections()));
        if (Files.exists(picture) && !folder.equals(run.outputDir())) {
            AtomicFiles.write(folder.resolve(PICTURE), Files.readAllBytes(picture));
        }
        AtomicFiles.write(target, card);
        PrintWriter err = spec.commandLine().getErr();
        if (license == null) {
            err.println("warning: the card states no licence: give --license");
        }
        err.flush();
        spec.commandLine().getOut().println(target);
        return 0;
    }

    private Map<String, Map<String, Double>> readComparison(Set<String> validated) throws IOException {
        Map<String, Map<String, Double>> figures;
        try {
            figures = StrictJson.mapper()
                    .readValue(
                            Files.readString(comparison),
                            new TypeReference<LinkedHashMap<String, Map<String, Double>>>() {});
        } catch (JacksonException e) {
            throw new InvalidInputException(
                    comparison + ": expected {\"name\": {\"language\": bits per byte}}: " + e.getOriginalMessage(), e);
        }
        figures.forEach((other, byLanguage) -> byLanguage.keySet().forEach(language -> {
            if (!validated.contains(language)) {
                throw new InvalidInputException(comparison + ": " + other + ": language '" + language
                        + "' was not validated, expected one of " + validated);
            }
        }));
        return figures;
    }

    private List<String> readSections() throws IOException {
        List<String> texts = new ArrayList<>();
        for (Path file : sections) {
            String text = Files.readString(file).strip();
            if (!text.startsWith("## ")) {
                throw new InvalidInputException(file + ": expected a section that begins with a heading '## ...'");
            }
            texts.add(text);
        }
        return texts;
    }
}
