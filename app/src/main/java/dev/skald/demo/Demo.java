package dev.skald.demo;

import dev.skald.InvalidInputException;
import dev.skald.chat.ChatTemplate;
import dev.skald.evaluate.Perplexity;
import dev.skald.generate.Generator;
import dev.skald.nano.SkaldNano;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Builds a corpus from texts that come with Skald, continues the pretraining of {@link SkaldNano} on it, shows what that changed, and teaches the model
 * to answer. Every step but the measuring is a command that a user can type, and is shown as such.
 */
public final class Demo {

    /** The {@code skald} command. */
    public interface Skald {
        /** Runs a verb in this process; returns its exit code. */
        int run(List<String> words);
    }

    private static final int RANKS = 2;

    private final Workspace workspace;
    private final Skald skald;
    private final PrintStream out;

    /**
     * A demo.
     *
     * @param directory where all files go; must not exist, or be empty
     * @param out what the demo says; what its commands say goes where it always does
     */
    public Demo(Path directory, Skald skald, PrintStream out) {
        this.workspace = new Workspace(directory);
        this.skald = skald;
        this.out = out;
    }

    /**
     * Runs it, about a minute on two cores.
     *
     * @return 0, or the exit code of the command that failed, which has said why
     * @throws InvalidInputException when the directory is not empty
     * @throws IOException when a file cannot be written
     */
    public int run() throws IOException {
        long start = System.nanoTime();
        Path nano = SkaldNano.directory();
        workspace.prepare(nano);
        out.println("Everything goes to " + workspace.directory()
                + ". The texts are about saunas on rafts, of which skald-nano has read nothing.");

        title(1, "A corpus out of raw text");
        int failed = command("corpus", workspace.recipe().toString());
        if (failed != 0) {
            return failed;
        }
        Funnel funnel = Funnel.of(workspace.corpus().resolve("report.json"));
        funnel.steps()
                .forEach(step -> out.printf(
                        Locale.ROOT,
                        "  %-26s %4d documents %8.1f kB%n",
                        step.name(),
                        step.documents(),
                        step.bytes() / 1e3));

        title(2, "skald-nano as it is");
        Snapshot before = Snapshot.of(nano, workspace);
        show(before);

        title(3, "Continued pretraining, " + RANKS + " processes, ZeRO-2");
        failed = command(
                "train",
                workspace.trainer().toString(),
                "--deepspeed",
                workspace.deepSpeed().toString(),
                "--processes",
                Integer.toString(RANKS));
        if (failed != 0) {
            return failed;
        }

        title(4, "Before and after");
        Snapshot after = Snapshot.of(workspace.model(), workspace);
        show(before, after);

        title(5, "Instruction tuning: skald-nano learns to answer, by a LoRA");
        failed = command("train", workspace.tuning().toString());
        if (failed != 0) {
            return failed;
        }
        Answers untuned;
        Answers tuned;
        try (Generator generator = Generator.load(nano)) {
            untuned = Answers.of(generator, ChatTemplate.of(generator.tokenizer(), "chatml"), workspace.questions());
        }
        try (Generator generator = Generator.load(nano, Optional.of(workspace.adapter()), Optional.empty(), "auto")) {
            tuned = Answers.of(generator, ChatTemplate.of(generator.tokenizer()).orElseThrow(), workspace.questions());
        }
        show(untuned, tuned);
        DemoReport.write(workspace, funnel, before, after, untuned, tuned);

        long seconds = (System.nanoTime() - start) / 1_000_000_000;
        out.printf(Locale.ROOT, "%nDone in %d:%02d. What there is now:%n", seconds / 60, seconds % 60);
        out.println("  " + workspace.report() + "   all of the above on a page");
        out.println("  " + workspace.corpus().resolve("report.html") + "   what each rule dropped, and why");
        out.println("  " + workspace.model().resolve("report.html") + "   the training run");
        out.println("Try next:");
        out.println("  ./skald generate --model " + workspace.model()
                + " --max-new-tokens 60 --temperature 0.6 \"Vi eldar i kaminen och sedan badar vi\"");
        out.println("  ./skald chat --model " + nano + " --adapter " + workspace.adapter());
        out.println("  ./skald data labels " + workspace.tuning() + " --rows 2");
        out.println("  ./skald data " + workspace.trainer() + " --step 1");
        out.println("  ./skald card " + workspace.model() + " --corpus " + workspace.corpus());
        out.flush();
        return 0;
    }

    /** Questions that are shown. */
    static final int SHOWN = 6;

    private void show(Answers before, Answers after) {
        out.printf(
                Locale.ROOT,
                "  %d questions that it has not read: %d -> %d answers end where they should, %d -> %d are right to the letter%n",
                after.all().size(),
                before.ended(),
                after.ended(),
                before.right(),
                after.right());
        int step = Math.max(1, after.all().size() / SHOWN);
        for (int i = 0; i < after.all().size(); i += step) {
            out.println("  " + after.all().get(i).question());
            out.println("    before: " + before.all().get(i).given());
            out.println("    after:  " + after.all().get(i).given());
        }
        out.flush();
    }

    private void title(int step, String text) {
        out.printf(Locale.ROOT, "%n%d/5  %s%n", step, text);
        out.flush();
    }

    private int command(String... words) {
        out.println("  $ ./skald " + String.join(" ", words));
        out.flush();
        return skald.run(List.of(words));
    }

    private void show(Snapshot now) {
        now.scores()
                .forEach((language, score) -> out.printf(
                        Locale.ROOT,
                        "  %s  perplexity %8.1f   bits per byte %.3f%n",
                        language,
                        score.perplexity(),
                        score.bitsPerByte()));
        for (int i = 0; i < Snapshot.PROMPTS.size(); i++) {
            out.println("  \"" + Snapshot.PROMPTS.get(i) + "\" ... "
                    + now.continuations().get(i));
        }
        out.flush();
    }

    private void show(Snapshot before, Snapshot after) {
        before.scores().forEach((language, score) -> {
            Perplexity.Result now = after.scores().get(language);
            out.printf(
                    Locale.ROOT,
                    "  %s  perplexity %8.1f -> %7.1f   bits per byte %.3f -> %.3f%n",
                    language,
                    score.perplexity(),
                    now.perplexity(),
                    score.bitsPerByte(),
                    now.bitsPerByte());
        });
        for (int i = 0; i < Snapshot.PROMPTS.size(); i++) {
            out.println("  \"" + Snapshot.PROMPTS.get(i) + "\"");
            out.println("    before: " + before.continuations().get(i));
            out.println("    after:  " + after.continuations().get(i));
        }
        out.flush();
    }
}
