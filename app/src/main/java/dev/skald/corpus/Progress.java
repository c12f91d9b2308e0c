package dev.skald.corpus;

import java.io.PrintStream;
import java.util.Locale;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Tells how far a stage is: a bar on a terminal, else a line every few seconds and one at its end. */
final class Progress {

    private static final long LINE_EVERY_NANOS = 10_000_000_000L;

    private final PrintStream log;
    private final boolean terminal;
    private ProgressBar bar;
    private String stage = "";
    private long total;
    private int tasks;
    private long startNanos;
    private long lastLineNanos;

    Progress(PrintStream log, boolean terminal) {
        this.log = log;
        this.terminal = terminal;
    }

    void start(String nextStage, long weight, int partitions) {
        stage = nextStage;
        total = weight;
        tasks = partitions;
        startNanos = System.nanoTime();
        lastLineNanos = startNanos;
        if (terminal) {
            bar = new ProgressBarBuilder()
                    .setTaskName(stage)
                    .setInitialMax(total)
                    .setStyle(ProgressBarStyle.ASCII)
                    .setConsumer(new ConsoleProgressBarConsumer(log))
                    .build();
        }
    }

    /**
     * @param bytes of text that went through
     * @param done of the stage's weight
     */
    void update(long bytes, long done) {
        long now = System.nanoTime();
        if (bar != null) {
            bar.stepTo(done);
            bar.setExtraMessage(rate(bytes, now));
        } else if (now - lastLineNanos >= LINE_EVERY_NANOS) {
            lastLineNanos = now;
            double seconds = (now - startNanos) / 1e9;
            String left =
                    done == 0 ? "" : String.format(Locale.ROOT, ", about %.0f s left", seconds * (total - done) / done);
            log.printf(
                    Locale.ROOT, "%-15s %3d %%%s%s%n", stage, 100 * done / Math.max(1, total), rate(bytes, now), left);
        }
    }

    void end(long bytes) {
        long now = System.nanoTime();
        if (bar != null) {
            bar.stepTo(total);
            bar.close();
            bar = null;
        } else {
            log.printf(
                    Locale.ROOT,
                    "%-15s %d %s in %.1f s%s%n",
                    stage,
                    tasks,
                    tasks == 1 ? "task" : "tasks",
                    (now - startNanos) / 1e9,
                    rate(bytes, now));
        }
    }

    private String rate(long bytes, long now) {
        return bytes == 0 ? "" : String.format(Locale.ROOT, ", %.1f MB/s", bytes / 1e6 / ((now - startNanos) / 1e9));
    }
}
