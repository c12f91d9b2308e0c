package dev.skald.launch;

import dev.skald.train.LostRankException;
import dev.skald.train.Training;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Runs the ranks of a training run as processes of this machine, and watches them. The first that fails ends the run: the others are stopped,
 * and the outcome names it. A rank that hangs is found by the others, whose collectives time out; they end with {@link
 * LostRankException#EXIT_CODE}, and the one that does not end is the culprit.
 *
 * <p>No process is left behind: the children hold the reading end of a pipe from this process, and end when it closes.
 */
public final class LocalProcesses {

    private static final Duration POLL = Duration.ofMillis(100);

    /** How long after the first rank that lost another one to look for that other. */
    private static final Duration GRACE = Duration.ofSeconds(3);

    /** How long ranks have to save a checkpoint when this process is told to stop. */
    private static final Duration STOP = Duration.ofMinutes(10);

    private static final int LAST_LINES = 12;
    private static final int SIGNALLED = 128;
    private static final int INTERRUPTED = 130;

    /**
     * How the run ended.
     *
     * @param exitCode 0: all ranks succeeded; {@link Training#FORGOT}: they did, and the run ended because it forgot
     * @param culprit the rank that failed, and how
     * @param lastLines the end of its log
     */
    public record Outcome(int exitCode, String culprit, List<String> lastLines) {
        public Outcome {
            lastLines = List.copyOf(lastLines);
        }
    }

    private LocalProcesses() {}

    /**
     * Starts {@code processes} ranks of this program and waits for them.
     *
     * @param main name of the main class
     * @param arguments of each; they say the same as this process's own, but for the number of processes
     * @param logs directory for the output of each rank, {@code rank-0.log} and so on
     * @param console where rank 0's output is shown too
     */
    public static Outcome run(int processes, String main, List<String> arguments, Path logs, PrintStream console)
            throws IOException, InterruptedException {
        Files.createDirectories(logs);
        int port = freePort();
        List<Child> children = new ArrayList<>();
        AtomicBoolean stopping = new AtomicBoolean();
        Thread stopper = Thread.ofPlatform().unstarted(() -> {
            stopping.set(true);
            stop(children);
        });
        Runtime.getRuntime().addShutdownHook(stopper);
        try {
            for (int rank = 0; rank < processes; rank++) {
                ProcessBuilder builder = command(main, arguments, processes);
                environment(builder, rank, processes, port);
                children.add(Child.start(
                        rank,
                        builder,
                        logs.resolve("rank-" + rank + ".log"),
                        rank == 0 ? Optional.of(console) : Optional.empty()));
            }
            return watch(children, stopping);
        } finally {
            if (!stopping.get()) {
                children.forEach(child -> child.process.destroyForcibly());
            }
            removeHook(stopper);
        }
    }

    private static void removeHook(Thread stopper) {
        try {
            Runtime.getRuntime().removeShutdownHook(stopper);
        } catch (IllegalStateException e) {
            // The JVM is shutting down already: the hook is what ended the children.
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static ProcessBuilder command(String main, List<String> arguments, int processes) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.add("-XX:ActiveProcessorCount=" + threads(processes));
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(main);
        command.addAll(arguments);
        return new ProcessBuilder(command).redirectErrorStream(true);
    }

    private static int threads(int processes) {
        return Math.max(1, Runtime.getRuntime().availableProcessors() / processes);
    }

    private static void environment(ProcessBuilder builder, int rank, int processes, int port) {
        var environment = builder.environment();
        environment.put("RANK", Integer.toString(rank));
        environment.put("LOCAL_RANK", Integer.toString(rank));
        environment.put("LOCAL_WORLD_SIZE", Integer.toString(processes));
        environment.put("WORLD_SIZE", Integer.toString(processes));
        environment.put("MASTER_ADDR", "localhost");
        environment.put("MASTER_PORT", Integer.toString(port));
        environment.put(RankEnvironment.ENDS_WITH_PARENT, "1");
        environment.putIfAbsent("OMP_NUM_THREADS", Integer.toString(threads(processes)));
    }

    private static Outcome watch(List<Child> children, AtomicBoolean stopping) throws InterruptedException {
        long lostAt = 0;
        while (true) {
            if (stopping.get()) { // ranks that have saved end one by one, which is no failure
                for (Child child : children) {
                    child.process.waitFor();
                }
                return new Outcome(INTERRUPTED, "the run was stopped", List.of());
            }
            for (Child child : children) {
                if (child.failed() && child.process.exitValue() != LostRankException.EXIT_CODE) {
                    return child.outcome(describe(child.process.exitValue()));
                }
            }
            Optional<Child> lost = children.stream().filter(Child::failed).findFirst();
            if (lost.isPresent()) {
                lostAt = lostAt == 0 ? System.nanoTime() : lostAt;
                if (System.nanoTime() - lostAt > GRACE.toNanos()) {
                    Optional<Child> hung = children.stream()
                            .filter(child -> child.process.isAlive())
                            .findFirst();
                    return hung.isPresent()
                            ? hung.get().outcome("does not answer")
                            : lost.get().outcome(describe(LostRankException.EXIT_CODE));
                }
            } else if (children.stream().noneMatch(child -> child.process.isAlive())) {
                int worst = children.stream()
                        .mapToInt(child -> child.process.exitValue())
                        .max()
                        .orElse(0);
                return new Outcome(worst, "", List.of());
            }
            Thread.sleep(POLL);
        }
    }

    private static String describe(int exitCode) {
        return exitCode > SIGNALLED
                ? "was ended by signal " + (exitCode - SIGNALLED)
                : "ended with exit code " + exitCode;
    }

    /** {@link Process#destroy} would close the ranks' standard input too, which tells them that this process is gone. */
    private static void stop(List<Child> children) {
        children.forEach(child -> child.process.toHandle().destroy());
        long until = System.nanoTime() + STOP.toNanos();
        for (Child child : children) {
            try {
                if (!child.process.waitFor(until - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                    child.process.destroyForcibly();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                child.process.destroyForcibly();
            }
        }
    }

    /** One rank: its process, and a thread that copies what it prints. */
    private static final class Child {

        private final int rank;
        private final Process process;
        private final Thread copier;
        private final Deque<String> lastLines = new ArrayDeque<>();

        private Child(int rank, Process process, Path log, Optional<PrintStream> console) {
            this.rank = rank;
            this.process = process;
            this.copier = Thread.ofPlatform().daemon().name("rank " + rank).start(() -> copy(log, console));
        }

        static Child start(int rank, ProcessBuilder builder, Path log, Optional<PrintStream> console)
                throws IOException {
            return new Child(rank, builder.start(), log, console);
        }

        private void copy(Path log, Optional<PrintStream> console) {
            byte[] buffer = new byte[8192];
            StringBuilder line = new StringBuilder();
            try (InputStream in = process.getInputStream();
                    OutputStream out = Files.newOutputStream(log)) {
                for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                    out.write(buffer, 0, read);
                    int length = read;
                    console.ifPresent(to -> {
                        to.write(buffer, 0, length);
                        to.flush();
                    });
                    remember(line.append(new String(buffer, 0, read, StandardCharsets.UTF_8)));
                }
            } catch (IOException e) {
                line.append(log).append(": ").append(e.getMessage()).append('\n');
                remember(line);
            }
        }

        private synchronized void remember(StringBuilder text) {
            for (int end = endOfLine(text); end >= 0; end = endOfLine(text)) {
                String line = text.substring(0, end);
                text.delete(0, end + 1);
                if (!line.isBlank()) {
                    lastLines.add(line.stripTrailing());
                }
                if (lastLines.size() > LAST_LINES) {
                    lastLines.remove();
                }
            }
        }

        private static int endOfLine(StringBuilder text) {
            for (int i = 0; i < text.length(); i++) {
                if (text.charAt(i) == '\n' || text.charAt(i) == '\r') {
                    return i;
                }
            }
            return -1;
        }

        boolean failed() {
            return !process.isAlive() && process.exitValue() != 0 && process.exitValue() != Training.FORGOT;
        }

        Outcome outcome(String what) throws InterruptedException {
            if (!process.isAlive()) {
                copier.join(Duration.ofSeconds(1));
            }
            int exitCode = process.isAlive() ? 1 : process.exitValue();
            synchronized (this) {
                return new Outcome(exitCode, "rank " + rank + " " + what, List.copyOf(lastLines));
            }
        }
    }
}
