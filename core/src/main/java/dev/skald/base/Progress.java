package dev.skald.base;

import java.io.Console;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * How far a long piece of work is, with the time that is left: on a terminal one line that is written again and again, else a line every ten
 * seconds. Not thread-safe.
 */
public final class Progress implements AutoCloseable {

    private static final double DRAW_EVERY_SECONDS = 0.2;
    private static final double LINE_EVERY_SECONDS = 10;
    private static final int BAR = 20;

    /** What a line begins and ends with to be written over the one before; a terminal that is too narrow for it cuts it off. */
    private static final String OVER = "\r\u001b[?7l";

    private static final String CLEAR_REST = "\u001b[K\u001b[?7h";

    private final PrintStream out;
    private final boolean terminal;
    private final String task;
    private final long total;
    private final long begun;
    private final LongSupplier nanos;
    private final long started;
    private double shown;
    private boolean drawn;
    private long done;
    private String beside = "";

    /**
     * @param terminal whether {@code out} is one
     * @param task what is done, as "packing"
     * @param begun where it goes on from, of total
     * @param total 0 if it is not known
     */
    public Progress(PrintStream out, boolean terminal, String task, long begun, long total) {
        this(out, terminal, task, begun, total, System::nanoTime);
    }

    Progress(PrintStream out, boolean terminal, String task, long begun, long total, LongSupplier nanos) {
        this.out = out;
        this.terminal = terminal;
        this.task = task;
        this.begun = begun;
        this.done = begun;
        this.total = total;
        this.nanos = nanos;
        this.started = nanos.getAsLong();
        this.shown = terminal ? -DRAW_EVERY_SECONDS : 0;
    }

    /** Of bytes to go through, on standard error. */
    public static Progress ofBytes(String task, long total) {
        return new Progress(System.err, isTerminal(), task, 0, total);
    }

    /** On standard error, of so many items: {@link #to} says how far. */
    public static Progress ofItems(String task, long total) {
        return new Progress(System.err, isTerminal(), task, 0, total);
    }

    /** As {@link #ofItems(String, long)}, where so many were done before. */
    public static Progress ofItems(String task, long begun, long total) {
        return new Progress(System.err, isTerminal(), task, begun, total);
    }

    /** Whether somebody looks at a terminal, where a line can be written again. */
    @SuppressWarnings(
            "SystemConsoleNull") // it is null when standard input or output is redirected, unless jdk.console says that
    // it is not
    public static boolean isTerminal() {
        Console console = System.console();
        return console != null && console.isTerminal();
    }

    /** Says how many of the bytes are done. */
    public void toBytes(long bytes) {
        String amount = String.format(Locale.ROOT, "%.1f", bytes / 1e6);
        String of = total > 0 ? String.format(Locale.ROOT, " of %.1f", total / 1e6) : "";
        to(bytes, amount + of + " MB" + (bytes == 0 ? "" : ", " + rate(bytes)));
    }

    /** Says that more bytes are done. */
    public void addBytes(long more) {
        toBytes(done + more);
    }

    /**
     * Says how much is done.
     *
     * @param what there is to say beside
     */
    public void to(long nowDone, String what) {
        done = nowDone;
        beside = what;
        double seconds = seconds();
        if (seconds - shown >= (terminal ? DRAW_EVERY_SECONDS : LINE_EVERY_SECONDS)) {
            shown = seconds;
            show();
        }
    }

    /** Writes a line for good, as {@link java.io.PrintStream#println(String)}; on a terminal what is shown of the progress stays below it. */
    public void println(String line) {
        if (drawn) {
            out.print(OVER + CLEAR_REST);
        }
        out.println(line);
        if (drawn) {
            show();
        }
    }

    /** Bytes a second since it began, as {@code 3.1 MB/s}; empty for none. */
    public String rate(long bytes) {
        return bytes == 0 ? "" : String.format(Locale.ROOT, "%.1f MB/s", bytes / 1e6 / Math.max(seconds(), 1e-3));
    }

    /** Seconds since it began. */
    public double seconds() {
        return (nanos.getAsLong() - started) / 1e9;
    }

    /** The time that is left with so much done, as {@link #duration} has it, if all goes on as it did; empty before anything is known. */
    public String left(long nowDone) {
        return total <= 0 || nowDone <= begun
                ? ""
                : duration(seconds() * Math.max(0, total - nowDone) / (nowDone - begun));
    }

    /** The work is done: the last line of it, in place of what is shown on a terminal. */
    public void end(String line) {
        if (drawn) {
            out.print(OVER + CLEAR_REST);
            drawn = false;
        }
        out.println(line);
    }

    /** Leaves what is shown on a terminal, and begins the next line. */
    @Override
    public void close() {
        if (drawn) {
            show();
            out.println();
            drawn = false;
        }
    }

    private void show() {
        if (terminal) {
            out.print(OVER + line() + CLEAR_REST);
            out.flush();
            drawn = true;
        } else {
            out.println(line());
        }
    }

    private String line() {
        StringBuilder line = new StringBuilder(String.format("%-15s", task));
        if (total > 0) {
            double part = Math.clamp((double) done / total, 0, 1);
            line.append(String.format(Locale.ROOT, " %3d %%", (int) (100 * part)));
            if (terminal) {
                int full = (int) (BAR * part);
                line.append(" [").repeat('=', full).repeat(' ', BAR - full).append(']');
            }
        }
        if (!beside.isEmpty()) {
            line.append("  ").append(beside);
        }
        String left = left(done);
        return left.isEmpty() ? line.toString() : line + "  " + left + " left";
    }

    /** Seconds as 2h 05m, 3m 07s, 12s. */
    public static String duration(double seconds) {
        Duration time = Duration.ofSeconds(Math.round(seconds));
        if (time.toHours() > 0) {
            return String.format(Locale.ROOT, "%dh %02dm", time.toHours(), time.toMinutesPart());
        }
        return time.toMinutes() > 0
                ? String.format(Locale.ROOT, "%dm %02ds", time.toMinutes(), time.toSecondsPart())
                : time.toSeconds() + "s";
    }
}
