package dev.skald.card;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.skald.corpus.Amount;
import dev.skald.corpus.CorpusSummary;
import dev.skald.model.LlamaConfig;
import dev.skald.train.StepMetrics;
import dev.skald.train.TrainerState;
import dev.skald.train.TrainingRun;
import dev.skald.train.ValidationMetrics;
import java.io.IOException;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The model card of a training run: the README.md of its Hugging Face directory, in the form of AI-Sweden-Models/Llama-3-8B's. What the run,
 * its corpus and the caller do not say is left out.
 */
public final class ModelCard {

    private static final YAMLMapper YAML = new YAMLMapper(YAMLFactory.builder()
            .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
            .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
            .enable(YAMLGenerator.Feature.INDENT_ARRAYS_WITH_INDICATOR)
            .build());

    /** Updates at the end over which the final loss is the mean. */
    private static final int FINAL_STEPS = 20;

    /** A language is one of the model's if it has at least this part of the tokens. */
    private static final double SHARE_OF_A_LANGUAGE = 0.01;

    private static final int USAGE_LENGTH = 128;

    private static final List<String> FIGURES = List.of("Documents", "Bytes", "Loss", "Perplexity", "Bits per byte");

    private final TrainingRun run;
    private final Options options;
    private final StringBuilder page = new StringBuilder();

    /**
     * What the run itself does not know.
     *
     * @param name of the model, as in {@code AI-Sweden-Models/Llama-3-8B}
     * @param license of the model, as Hugging Face writes them: {@code apache-2.0}, {@code llama3}; empty: not stated
     * @param languages codes; empty: those of the validation and of the corpus
     * @param baseModel the name of the base model on Hugging Face; empty: the last part of {@code base_model}
     * @param prompt of the examples
     * @param corpus that the model was trained on
     * @param comparison bits per byte of others on the same held-out text: by their name, then by language
     * @param picture file name of the loss curve beside the card
     * @param sections Markdown that ends the card, each with its heading
     */
    public record Options(
            String name,
            Optional<String> license,
            List<String> languages,
            Optional<String> baseModel,
            String prompt,
            Optional<CorpusSummary> corpus,
            Map<String, Map<String, Double>> comparison,
            Optional<String> picture,
            List<String> sections) {}

    private ModelCard(TrainingRun run, Options options) {
        this.run = run;
        this.options = options;
    }

    /** The card: YAML front matter, then Markdown. */
    public static String of(TrainingRun run, Options options) throws IOException {
        return new ModelCard(run, options).write();
    }

    /** The languages of the held-out texts of a run. */
    public static Set<String> validatedLanguages(TrainingRun run) {
        return run.validations().stream()
                .map(ValidationMetrics::language)
                .filter(language -> !language.isEmpty())
                .collect(Collectors.toCollection(LinkedHashSet::new));
    }

    private String write() throws IOException {
        frontMatter();
        opening();
        usage();
        training();
        configuration();
        checkpoints();
        options.corpus().ifPresent(corpus -> {
            heading("Data");
            page.append(CorpusTables.of(corpus));
        });
        validation();
        Forgetting.of(run).ifPresent(section -> {
            heading("Tasks and forgetting");
            page.append(section);
        });
        options.sections()
                .forEach(section -> page.append('\n').append(section.strip()).append('\n'));
        return page.toString();
    }

    private void frontMatter() throws IOException {
        ObjectNode front = YAML.createObjectNode();
        Collection<String> languages = languages();
        if (!languages.isEmpty()) {
            ArrayNode list = front.putArray("language");
            languages.forEach(list::add);
        }
        options.license().ifPresent(license -> front.put("license", license));
        baseModel().ifPresent(base -> front.put("base_model", base));
        front.put("pipeline_tag", "text-generation");
        front.put("library_name", "transformers");
        front.putArray("tags").add("llama").add("skald");
        page.append("---\n").append(YAML.writeValueAsString(front)).append("---\n\n");
    }

    private Collection<String> languages() {
        if (!options.languages().isEmpty()) {
            return options.languages();
        }
        Set<String> found = validatedLanguages(run);
        options.corpus().ifPresent(corpus -> {
            long all = corpus.languages().values().stream()
                    .mapToLong(Amount::tokens)
                    .sum();
            corpus.languages().forEach((language, amount) -> {
                if (amount.tokens() >= SHARE_OF_A_LANGUAGE * all) {
                    found.add(language);
                }
            });
        });
        return found;
    }

    /** Empty for a model that was begun with random weights. */
    private Optional<String> baseModel() throws IOException {
        if (options.baseModel().isPresent()) {
            return options.baseModel();
        }
        return run.fromRandomWeights()
                ? Optional.empty()
                : Optional.of(Path.of(run.config().baseModel()).getFileName().toString());
    }

    private void opening() throws IOException {
        LlamaConfig model = run.model();
        page.append("# ").append(options.name()).append("\n\n");
        page.append(String.format(
                Locale.ROOT,
                "A Llama of %s parameters: %d layers, hidden size %,d, %d attention heads with %d of keys and values, a vocabulary of %,d tokens, %,d positions. ",
                amount(model.parameterCount()),
                model.num_hidden_layers(),
                model.hidden_size(),
                model.num_attention_heads(),
                model.num_key_value_heads(),
                model.vocab_size(),
                model.max_position_embeddings()));
        page.append(baseModel()
                .map(base -> "Continued pretraining of " + base + ", all parameters trained,")
                .orElse("Trained from random weights"));
        page.append(" on ").append(amount(run.state().numInputTokensSeen())).append(" tokens");
        String names = languages().stream()
                .map(code -> Locale.forLanguageTag(code).getDisplayLanguage(Locale.ENGLISH))
                .collect(Collectors.joining(", "));
        page.append(names.isEmpty() ? "." : " of " + names + ".");
        page.append("\n\nThis is a base model: it continues a text, and has not been tuned to follow instructions.\n");
    }

    private void usage() {
        int length = Math.min(USAGE_LENGTH, run.model().max_position_embeddings());
        String name = options.name();
        String directory = name.substring(name.lastIndexOf('/') + 1);
        String prompt = options.prompt().replace("\\", "\\\\").replace("\"", "\\\"");
        heading("Usage");
        page.append("With Skald, the model's files in `").append(directory).append("`:\n");
        fenced(
                "sh",
                "./skald generate --model %s --max-length %d --repetition-penalty 1.03 --temperature 0.6 '%s'"
                        .formatted(directory, length, options.prompt().replace("'", "'\\''")));
        page.append("\nFrom Java:\n");
        fenced("java", """
                try (Generator model = Generator.load(Path.of("%s"))) {
                    var options = GenerationOptions.modelDefaults().maxLength(%d).repetitionPenalty(1.03).temperature(0.6);
                    System.out.println(model.generate("%s", options).text());
                }""".formatted(directory, length, prompt));
        page.append("\nWith transformers:\n");
        fenced("python", """
                import torch
                import transformers

                pipeline = transformers.pipeline(
                    task="text-generation", model="%s", model_kwargs={"torch_dtype": torch.bfloat16}, device_map="auto"
                )
                print(pipeline(text_inputs="%s", max_length=%d, repetition_penalty=1.03, do_sample=True, temperature=0.6))""".formatted(name, prompt, length));
    }

    private void training() {
        TrainerState state = run.state();
        heading("Training information");
        MarkdownTable table = new MarkdownTable("", "");
        table.row("Tokens", String.format(Locale.ROOT, "%,d", state.numInputTokensSeen()));
        table.row(
                "Updates",
                String.format(
                        Locale.ROOT,
                        "%,d of %,d, of %,d sequences of %,d tokens",
                        state.globalStep(),
                        state.maxSteps(),
                        state.sequencesPerStep(),
                        run.config().sequenceLen()));
        table.row("Epochs", String.format(Locale.ROOT, "%.2f", state.epoch()));
        table.row("Precision", run.config().precision().name().toLowerCase(Locale.ROOT));
        if (!run.steps().isEmpty()) {
            List<StepMetrics> steps = run.steps();
            table.row("Time in updates", duration(run.seconds()));
            table.row(
                    "Tokens a second",
                    String.format(
                            Locale.ROOT,
                            "%,.0f median, %,.0f at most",
                            median(steps, StepMetrics::tokensPerSecond),
                            steps.stream()
                                    .mapToDouble(StepMetrics::tokensPerSecond)
                                    .max()
                                    .orElseThrow()));
            if (steps.stream().allMatch(step -> step.mfu() != null)) {
                table.row(
                        "Of the matmul rate (MFU)",
                        String.format(Locale.ROOT, "%.1f %% median", 100 * median(steps, StepMetrics::mfu)));
            }
            List<StepMetrics> last = steps.subList(Math.max(0, steps.size() - FINAL_STEPS), steps.size());
            table.row(
                    "Training loss",
                    String.format(
                            Locale.ROOT,
                            "%.4f at the first update, %.4f over the last %d",
                            steps.getFirst().loss(),
                            last.stream()
                                    .mapToDouble(StepMetrics::loss)
                                    .average()
                                    .orElseThrow(),
                            last.size()));
        }
        page.append(table);
        sessions(state.sessions());
        options.picture()
                .ifPresent(picture ->
                        page.append("\n![Loss by update](").append(picture).append(")\n"));
    }

    private void sessions(List<TrainerState.Session> sessions) {
        if (sessions.isEmpty()) {
            return;
        }
        MarkdownTable table = new MarkdownTable("Started", "From update", "Ranks", "Machines", "Rank 0 has");
        for (TrainerState.Session session : sessions) {
            table.row(
                    session.startedAt(),
                    String.format(Locale.ROOT, "%,d", session.firstStep()),
                    Integer.toString(session.ranks()),
                    Integer.toString(session.machines()),
                    session.hardware());
        }
        page.append('\n').append(table);
    }

    private void configuration() {
        page.append("\n### trainer.yaml\n");
        fenced("yaml", run.trainerYaml().strip());
        page.append("\n### deepspeed.json\n");
        fenced("json", run.deepSpeedJson().strip());
    }

    private void checkpoints() {
        heading("Checkpoints");
        MarkdownTable table = new MarkdownTable("Date", "Update", "Tokens", "Validation loss");
        TrainerState state = run.state();
        long tokens = state.numInputTokensSeen() / state.globalStep();
        for (TrainingRun.Saved saved : run.checkpoints()) {
            table.row(
                    LocalDate.ofInstant(saved.at(), ZoneOffset.UTC).toString(),
                    Long.toString(saved.step()),
                    String.format(Locale.ROOT, "%,d", saved.step() * tokens),
                    validationLoss(saved.step()));
        }
        page.append(table);
    }

    /** Over all held-out text; "" when there was no validation after that update. */
    private String validationLoss(long step) {
        return run.validations().stream()
                .filter(each -> each.step() == step)
                .reduce(ValidationMetrics::plus)
                .map(sum -> String.format(Locale.ROOT, "%.4f", sum.loss()))
                .orElse("");
    }

    private void validation() {
        if (run.validations().isEmpty()) {
            return;
        }
        List<ValidationMetrics> last = run.lastValidation();
        heading("Validation");
        page.append(String.format(
                Locale.ROOT,
                "On held-out documents, after update %,d. Bits per byte count the UTF-8 bytes of the text%s.\n\n",
                last.getFirst().step(),
                options.comparison().isEmpty()
                        ? ""
                        : ", for the model as for " + join(options.comparison().keySet())));
        SortedMap<String, ValidationMetrics> languages = new TreeMap<>();
        last.forEach(each -> languages.merge(each.language(), each, ValidationMetrics::plus));
        List<String> head = new ArrayList<>(List.of("Language"));
        head.addAll(FIGURES);
        head.addAll(options.comparison().keySet());
        MarkdownTable table = new MarkdownTable(head);
        languages.forEach((language, sum) -> {
            List<String> cells = new ArrayList<>(List.of(language.isEmpty() ? "not stated" : language));
            cells.addAll(figures(sum));
            for (Map<String, Double> other : options.comparison().values()) {
                Double bits = other.get(language);
                cells.add(bits == null ? "" : String.format(Locale.ROOT, "%.4f", bits));
            }
            table.row(cells);
        });
        page.append(table);
        if (last.size() > languages.size()) {
            List<String> names = new ArrayList<>(List.of("Dataset", "Language"));
            names.addAll(FIGURES);
            MarkdownTable datasets = new MarkdownTable(names);
            for (ValidationMetrics each : last) {
                List<String> cells = new ArrayList<>(List.of(each.dataset(), each.language()));
                cells.addAll(figures(each));
                datasets.row(cells);
            }
            page.append("\nBy dataset:\n\n").append(datasets);
        }
    }

    private static List<String> figures(ValidationMetrics of) {
        return List.of(
                String.format(Locale.ROOT, "%,d", of.documents()),
                String.format(Locale.ROOT, "%,d", of.textBytes()),
                String.format(Locale.ROOT, "%.4f", of.loss()),
                String.format(Locale.ROOT, "%.2f", of.perplexity()),
                String.format(Locale.ROOT, "%.4f", of.bitsPerByte()));
    }

    private static String join(Collection<String> names) {
        return String.join(" and ", names);
    }

    private void heading(String text) {
        page.append("\n## ").append(text).append("\n\n");
    }

    private void fenced(String language, String text) {
        page.append("\n```").append(language).append('\n').append(text).append("\n```\n");
    }

    private static double median(List<StepMetrics> steps, Function<StepMetrics, Double> value) {
        double[] sorted = steps.stream()
                .map(value)
                .mapToDouble(Double::doubleValue)
                .sorted()
                .toArray();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    private static String amount(long count) {
        if (count >= 1_000_000_000) {
            return String.format(Locale.ROOT, "%.2f billion", count / 1e9);
        }
        return count >= 1_000_000
                ? String.format(Locale.ROOT, "%.2f million", count / 1e6)
                : String.format(Locale.ROOT, "%,d", count);
    }

    private static String duration(double seconds) {
        long whole = Math.round(seconds);
        return String.format(Locale.ROOT, "%d h %02d min %02d s", whole / 3600, whole / 60 % 60, whole % 60);
    }
}
