package dev.skald.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.InvalidInputException;
import dev.skald.base.Progress;
import dev.skald.base.StrictJson;
import dev.skald.evaluate.AnswerLog;
import dev.skald.evaluate.Divergence;
import dev.skald.evaluate.Perplexity;
import dev.skald.evaluate.Task;
import dev.skald.evaluate.TaskFile;
import dev.skald.evaluate.TaskRun;
import dev.skald.generate.Generator;
import dev.skald.text.DocumentReader;
import dev.skald.train.TaskRows;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code skald evaluate}: perplexity of a model on a text, and tasks. */
@Command(
        name = "evaluate",
        description = "Measures how well a model predicts a text, or does tasks of lm-evaluation-harness.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Example:",
            "  skald evaluate --model Llama-3-8B --text held-out.jsonl.gz --sequence-len 2048",
            "  skald evaluate --model llama-3-8b-q4_k_m.gguf --reference Llama-3-8B --text held-out.jsonl.gz",
            "  skald evaluate --model Llama-3-8B --tasks my-task.yaml --num-fewshot 5 --out results",
            "  skald evaluate --tasks nordic-probes"
        })
final class EvaluateCommand implements Callable<Integer> {

    /** Windows are no longer than this unless asked for: the length that Llama 3 was trained on. */
    private static final int LONGEST_DEFAULT = 8192;

    /** And beside a reference, whose scores of a whole window are kept. */
    private static final int LONGEST_BESIDE = 512;

    @Mixin
    private ModelOptions model;

    @Mixin
    private AdapterOption adapter;

    @Option(
            names = "--text",
            paramLabel = "FILE",
            description =
                    ".txt (one document) or .jsonl (field text), either may be .gz or .zst; or .parquet (column text).")
    private Path text;

    @Option(
            names = "--sequence-len",
            paramLabel = "N",
            description = "Tokens in a window (default: the model's positions, at most 8192; with --reference 512).")
    private Integer sequenceLen;

    @Option(
            names = "--reference",
            paramLabel = "MODEL",
            description =
                    "Another model of the same tokenizer, as the one that this was quantised from: shows how far each token's distribution is from"
                            + " its (Kullback-Leibler divergence).")
    private Path reference;

    @Option(
            names = "--tasks",
            paramLabel = "FILE|DIR|NAME",
            description =
                    "A task file of lm-evaluation-harness (.yaml), or a directory of them, data as .jsonl, .json, .csv or .parquet; nordic-probes, tasks that come along,"
                            + " or one of them (nordic-spelling-sv). May be repeated.")
    private List<String> tasks = List.of();

    @Option(
            names = "--num-fewshot",
            paramLabel = "N",
            description = "Examples before each item (default: as the task says).")
    private Integer numFewshot;

    @Option(names = "--limit", paramLabel = "N", description = "Items of each task, at most (default: all).")
    private Integer limit;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1234",
            description = "Of the examples that are drawn, and of bootstraps (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "Where results and samples go, in the layout of lm-evaluation-harness.")
    private Path directory;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        if ((text == null) == tasks.isEmpty()) {
            throw new InvalidInputException("expected either --text with a file or --tasks with task files");
        }
        if (reference != null && text == null) {
            throw new InvalidInputException("--reference: expected --text with it");
        }
        PrintWriter out = spec.commandLine().getOut();
        if (!tasks.isEmpty()) {
            return runTasks(out);
        }
        try (Generator generator = model.load(adapter, spec.commandLine().getErr())) {
            int window = sequenceLen != null
                    ? sequenceLen
                    : Math.min(
                            generator.config().max_position_embeddings(),
                            reference == null ? LONGEST_DEFAULT : LONGEST_BESIDE);
            if (reference != null) {
                compare(generator, window, out);
                return 0;
            }
            Perplexity perplexity = new Perplexity(generator, window);
            try (Progress progress = Progress.ofBytes("evaluate", Files.exists(text) ? Files.size(text) : 0)) {
                DocumentReader.readTexts(text, perplexity::add, progress::toBytes);
            }
            print(perplexity.result(), out);
        }
        return 0;
    }

    private void compare(Generator generator, int window, PrintWriter out) throws IOException {
        try (Generator beside = model.loadBeside(reference)) {
            Divergence divergence = new Divergence(generator, beside, window);
            try (Progress progress = Progress.ofBytes("evaluate", Files.exists(text) ? Files.size(text) : 0)) {
                DocumentReader.readTexts(text, divergence::add, progress::toBytes);
            }
            Divergence.Result result = divergence.result();
            if (json) {
                out.println(StrictJson.mapper().writeValueAsString(result));
            } else {
                out.printf(
                        Locale.ROOT,
                        "documents %d, predicted tokens %d, perplexity %.4f, of the reference %.4f (%+.3f %%)%n"
                                + "divergence in nats a token: mean %.6f, median %.6f, 99 %% %.6f, largest %.6f; the same"
                                + " most likely token %.2f %%%n",
                        result.documents(),
                        result.tokens(),
                        result.perplexity(),
                        result.reference_perplexity(),
                        100 * (result.perplexity() / result.reference_perplexity() - 1),
                        result.kl_mean(),
                        result.kl_median(),
                        result.kl_99(),
                        result.kl_max(),
                        100 * result.same_top());
            }
            out.flush();
        }
    }

    private int runTasks(PrintWriter out) throws IOException {
        if ((numFewshot != null && numFewshot < 0) || (limit != null && limit < 1)) {
            throw new InvalidInputException(
                    "--num-fewshot: found " + numFewshot + ", --limit: found " + limit + ", expected 0 and 1 or more");
        }
        List<Task> all = new ArrayList<>();
        for (String each : tasks) {
            all.addAll(TaskFile.named(each, TaskRows::read));
        }
        TaskRun.Options options =
                new TaskRun.Options(Optional.ofNullable(numFewshot), limit == null ? Integer.MAX_VALUE : limit, seed);
        List<TaskRun.Result> results = new ArrayList<>();
        List<Path> logs = new ArrayList<>();
        try (Generator generator = model.load(adapter, spec.commandLine().getErr())) {
            for (Task task : all) {
                if (directory == null) {
                    results.add(run(task, generator, options, Optional.empty()));
                } else {
                    try (AnswerLog log = log(task)) {
                        logs.add(log.file());
                        results.add(run(task, generator, options, Optional.of(log)));
                    }
                }
            }
        }
        ObjectNode json = TaskResults.json(model.name(), results);
        if (this.json) {
            out.println(json);
        } else {
            results.forEach(result -> result.scores()
                    .forEach(score -> out.printf(
                            Locale.ROOT,
                            "%-24s %d items, %d-shot  %s %.4f%s%n",
                            result.task().name(),
                            result.items().size(),
                            result.numFewshot(),
                            score.filter().equals("none") ? score.metric().key() : score.key(),
                            score.value(),
                            score.stderr()
                                    .map(error -> String.format(Locale.ROOT, " +- %.4f", error))
                                    .orElse(""))));
        }
        if (directory != null) {
            System.err.println("written: " + TaskResults.write(directory, json, results));
            for (Path log : logs) {
                Files.deleteIfExists(log);
            }
        }
        out.flush();
        return 0;
    }

    private TaskRun.Result run(Task task, Generator generator, TaskRun.Options options, Optional<AnswerLog> log) {
        int known = log.map(AnswerLog::known).orElse(0);
        long items = Math.min(options.limit(), task.size());
        TaskRun.Result result;
        try (Progress progress = Progress.ofItems(task.name(), known, items)) {
            long[] done = {0};
            result = TaskRun.run(task, generator, options, log, _ -> {
                done[0]++;
                double rate = Math.max(0, done[0] - known) / Math.max(progress.seconds(), 1e-3);
                progress.to(done[0], String.format(Locale.ROOT, "%d of %d items, %.1f items/s", done[0], items, rate));
            });
        }
        if (result.cut() > 0) {
            System.err.println(
                    task.name() + ": " + result.cut() + " of " + result.items().size()
                            + " items were longer than the model reads, " + generator.mostTokens()
                            + " tokens, and were cut on the left");
        }
        return result;
    }

    /** The file of a task's replies, from which a run that was killed goes on. */
    private AnswerLog log(Task task) throws IOException {
        Fingerprint fingerprint =
                new Fingerprint().add(model.fingerprint(adapter)).add(numFewshot + " " + limit + " " + seed);
        task.describe(fingerprint::add);
        Files.createDirectories(directory);
        AnswerLog log = AnswerLog.open(directory.resolve(task.name() + ".unfinished.jsonl"), fingerprint.hex());
        if (log.isAnew()) {
            System.err.println(log.file()
                    + ": is of another model, task, number of examples, limit or seed; the task is begun anew");
        } else if (log.known() > 0) {
            System.err.println(task.name() + ": " + log.known() + " items were done before, read from " + log.file());
        }
        return log;
    }

    private void print(Perplexity.Result result, PrintWriter out) throws IOException {
        if (json) {
            ObjectMapper mapper = StrictJson.mapper();
            out.println(mapper.writeValueAsString(mapper.createObjectNode()
                    .put("documents", result.documents())
                    .put("tokens", result.tokens())
                    .put("nll", result.nll())
                    .put("perplexity", result.perplexity())
                    .put("bits_per_byte", result.bitsPerByte())));
        } else {
            out.printf(
                    Locale.ROOT,
                    "documents %d, predicted tokens %d, nll %.4f, perplexity %.3f, bits per byte %.4f%n",
                    result.documents(),
                    result.tokens(),
                    result.nll(),
                    result.perplexity(),
                    result.bitsPerByte());
        }
        out.flush();
    }
}
