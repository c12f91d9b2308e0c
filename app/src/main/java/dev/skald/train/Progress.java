package dev.skald.train;

import java.io.Console;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * How far a long piece of work is: a bar with time left on a terminal, else a line every ten seconds; on standard error. Not thread-safe.
 */
final class Progress implements AutoCloseable {

    private static final long EVERY_NANOS = 10_000_000_000L;

    private final String task;
    private final long total;
    private final ProgressBar bar;
    private final PrintStream out;
    private final long started = System.nanoTime();
    private long printed = started;
    private long done;

    /**
     * @param task what is done, as "packing texts"
     * @param total bytes to go through
     */
    Progress(String task, long total) {
        this.task = task;
        this.total = total;
        out = System.err;
        bar = isTerminal()
                ? new ProgressBarBuilder()
                        .setTaskName(task)
                        .setInitialMax(total)
                        .setUnit(" MB", 1_000_000)
                        .setStyle(ProgressBarStyle.ASCII)
                        .showSpeed()
                        .setUpdateIntervalMillis(500)
                        .build()
                : null;
    }

    @SuppressWarnings(
            "SystemConsoleNull") // it is null when standard input or output is redirected, unless jdk.console says
    // otherwise
    static boolean isTerminal() {
        Console console = System.console();
        return console != null && console.isTerminal();
    }

    /** Says that bytes are done, and what there is to say beside. */
    void advance(long bytes, String beside) {
        done += bytes;
        if (bar != null) {
            bar.stepBy(bytes).setExtraMessage(beside);
            return;
        }
        long now = System.nanoTime();
        if (now - printed >= EVERY_NANOS) {
            printed = now;
            double seconds = (now - started) / 1e9;
            double left = done == 0 ? 0 : seconds * (total - done) / done;
            out.printf(
                    Locale.ROOT,
                    "%s: %.1f of %.1f MB, %.1f MB/s, %s left%s%n",
                    task,
                    done / 1e6,
                    total / 1e6,
                    done / 1e6 / seconds,
                    duration(left),
                    beside.isEmpty() ? "" : ", " + beside);
        }
    }

    /** Seconds since it began. */
    double seconds() {
        return (System.nanoTime() - started) / 1e9;
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
        }
    }

    /** Seconds as 2h 05m, 3m 07s, 12s. */
    static String duration(double seconds) {
        Duration time = Duration.ofSeconds(Math.round(seconds));
        if (time.toHours() > 0) {
            return String.format(Locale.ROOT, "%dh %02dm", time.toHours(), time.toMinutesPart());
        }
        return time.toMinutes() > 0
                ? String.format(Locale.ROOT, "%dm %02ds", time.toMinutes(), time.toSecondsPart())
                : time.toSeconds() + "s";
    }
}
