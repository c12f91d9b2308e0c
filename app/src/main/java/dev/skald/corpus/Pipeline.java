package dev.skald.corpus;

import dev.skald.InvalidInputException;
import dev.skald.base.AtomicFiles;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Raw text to a packed corpus: the stages one after the other, each run by Spark, with the report at the end. What a stage hands on lies in
 * {@code work/}, which a finished run removes; a run that was stopped goes on with it.
 */
public final class Pipeline {

    private final Recipe recipe;
    private final Options options;
    private final PrintStream log;

    /**
     * How a run behaves; none of it changes the result.
     *
     * @param master Spark's master URL; empty: what spark-submit says, or all cores of this machine
     * @param resume go on with what a stopped run left
     * @param overwrite remove an earlier result first
     * @param keepWork leave work/ for inspection
     * @param terminal whether progress is shown as a bar
     */
    public record Options(String master, boolean resume, boolean overwrite, boolean keepWork, boolean terminal) {}

    /**
     * @param log told the progress and what deserves attention
     */
    public Pipeline(Recipe recipe, Options options, PrintStream log) {
        this.recipe = recipe;
        this.options = options;
        this.log = log;
    }

    /** Runs the recipe and returns the directory with the result. */
    public Path run() throws IOException {
        InputFiles.Found input = InputFiles.find(recipe);
        Plan plan = Plan.of(recipe, input.splits());
        input.warnings().forEach(warning -> log.println("warning: " + warning));
        checkFiles();
        prepare(plan);
        long start = System.nanoTime();
        try (StageRunner runner = new StageRunner(plan, options.master(), log, options.terminal())) {
            log.printf(Locale.ROOT, "%d tasks; Spark started in %.1f s%n", plan.partitions(), seconds(start));
            Tally total = stages(plan, runner);
            total.count("skipped_files", input.skipped());
            Report.write(plan, total);
        }
        if (!options.keepWork()) {
            AtomicFiles.delete(plan.work());
        }
        AtomicFiles.deleteParts(plan.output()); // of tasks that were killed and run again
        log.printf(
                Locale.ROOT,
                "done in %.1f s: %s%n",
                seconds(start),
                plan.output().resolve("report.html"));
        return plan.output();
    }

    /** What {@link #run} would do, in words. */
    public String explain() throws IOException {
        return Explanation.of(Plan.of(recipe, InputFiles.find(recipe).splits()));
    }

    private Tally stages(Plan plan, StageRunner runner) throws IOException {
        Tally total = new Tally();
        add(total, runner.run(new ReadStage()));
        checkRejected(total);
        if (recipe.exactDedup().enabled()) {
            add(total, runner.run(new ExactStage()));
        }
        if (recipe.fuzzyDedup().enabled()) {
            runner.run(new BandStage());
            add(total, runner.run(new VerifyStage()));
            add(total, runner.run(new SurvivorStage(components(runner))));
        }
        Tally tokens = runner.run(new TokenStage());
        add(total, tokens);
        if (!recipe.tokenizer().isEmpty()) {
            MixPlan mix = MixPlan.of(recipe, tokens.flow(Flow.KEPT));
            runner.run(new OrderStage(mix));
            add(total, runner.run(new PackStage()));
            PackedSets.of(plan, new TaskResources(plan).tokenizer()).commit();
        }
        return total;
    }

    /** Runs rounds of large star and small star until one changes nothing; returns the number of stages. */
    private static int components(StageRunner runner) throws IOException {
        long edges = -1;
        long checksum = 0;
        for (int step = 0; ; step += 2) {
            runner.run(new ComponentStage(step));
            Tally round = runner.run(new ComponentStage(step + 1));
            boolean same = round.counter("edges") == edges && round.counter("checksum") == checksum;
            if (same || round.counter("edges") == 0) {
                return step + 2;
            }
            edges = round.counter("edges");
            checksum = round.counter("checksum");
        }
    }

    private void add(Tally total, Tally stage) {
        total.add(stage, recipe.report().samples());
    }

    private void checkRejected(Tally total) {
        long rejected = total.counter("rejected");
        long read = total.total(Flow.READ).values().stream()
                .mapToLong(Amount::documents)
                .sum();
        if (rejected > 0) {
            log.printf("warning: %d records kept aside in rejected/: %s%n", rejected, total.rejected());
        }
        if (rejected > recipe.read().maxRejected() * (rejected + read)) {
            throw new InvalidInputException("input: " + rejected + " of " + (rejected + read)
                    + " records are no documents, more than read.max_rejected: " + total.rejected() + "; see "
                    + recipe.output() + "/rejected");
        }
    }

    private void checkFiles() throws IOException {
        for (String pattern : recipe.decontaminate().paths()) {
            if (InputFiles.find(recipe, pattern).isEmpty()) {
                throw new InvalidInputException(
                        "recipe: decontaminate.paths: " + pattern + ": no such file; data is '" + recipe.data() + "'");
            }
        }
        if (!recipe.tokenizer().isEmpty() && !Files.exists(Path.of(recipe.tokenizer()))) {
            throw new InvalidInputException("recipe: tokenizer: " + recipe.tokenizer()
                    + ": no such file or directory; give a directory with tokenizer.json, or tokenizer= for none");
        }
    }

    private void prepare(Plan plan) throws IOException {
        Path output = plan.output();
        Path marker = plan.work().resolve("recipe.yaml");
        String resolved = RecipeReader.write(recipe);
        if (options.resume()) {
            if (!Files.exists(marker)) {
                throw new InvalidInputException(output + ": nothing to go on with: no " + marker);
            }
            List<String> differences = RecipeReader.differences(Files.readString(marker), resolved);
            if (!differences.isEmpty()) {
                throw new InvalidInputException(output + ": cannot go on: the recipe has changed in "
                        + String.join(", ", differences) + "; use --overwrite to start anew");
            }
            if (!Files.readString(plan.work().resolve("splits")).equals(splits(plan))) {
                throw new InvalidInputException(
                        output + ": cannot go on: the input files have changed; use --overwrite to" + " start anew");
            }
            AtomicFiles.deleteParts(output);
            return;
        }
        if (Files.isDirectory(output) && !isEmpty(output)) {
            if (!options.overwrite()) {
                throw new InvalidInputException(
                        output + ": not empty; use --resume to go on with it or --overwrite to start anew");
            }
            if (!Files.exists(output.resolve("recipe.yaml"))) {
                throw new InvalidInputException(output + ": no result of an earlier run (no recipe.yaml); not removed");
            }
            AtomicFiles.delete(output);
        }
        Files.createDirectories(plan.work());
        Files.writeString(output.resolve("recipe.yaml"), resolved);
        Files.writeString(plan.work().resolve("splits"), splits(plan));
        AtomicFiles.write(marker, resolved);
    }

    private static String splits(Plan plan) throws IOException {
        StringBuilder text = new StringBuilder();
        for (Split split : plan.splits()) {
            text.append(split)
                    .append(' ')
                    .append(Files.getLastModifiedTime(Path.of(split.file())).toMillis())
                    .append('\n');
        }
        return text.toString();
    }

    private static boolean isEmpty(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.findAny().isEmpty();
        }
    }

    private static double seconds(long startNanos) {
        return (System.nanoTime() - startNanos) / 1e9;
    }
}
