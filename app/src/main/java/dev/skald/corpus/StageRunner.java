package dev.skald.corpus;

import dev.skald.InvalidInputException;
import dev.skald.base.Progress;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.VoidFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.storage.BlockManagerId;
import org.apache.spark.util.LongAccumulator;

/**
 * Runs the tasks of stages on Spark: it places them on cores and machines and repeats those that are lost. Partitions that are complete are
 * not run again.
 */
final class StageRunner implements AutoCloseable {

    private static final long POLL_MILLIS = 100;
    private static final String GO_ON = "; what is complete is kept: --resume goes on";
    private static final String LOGGING = "log4j2.configurationFile";

    private final Plan plan;
    private final JavaSparkContext spark;
    private final Broadcast<TaskResources> resources;
    private final PrintStream log;
    private final boolean terminal;

    StageRunner(Plan plan, String master, PrintStream log, boolean terminal) {
        this.plan = plan;
        this.log = log;
        this.terminal = terminal;
        spark = new JavaSparkContext(configuration(master));
        resources = spark.broadcast(new TaskResources(plan));
    }

    /** How Spark is started; it logs its warnings only, unless the JVM was told otherwise. */
    static SparkConf configuration(String master) {
        if (System.getProperty(LOGGING) == null) {
            System.setProperty(LOGGING, "classpath:dev/skald/corpus/log4j2.properties");
        }
        SparkConf conf = new SparkConf()
                .setAppName("skald corpus")
                .setIfMissing("spark.ui.enabled", "false")
                .setIfMissing("spark.executor.heartbeatInterval", "2s")
                .setIfMissing("spark.network.timeout", "60s");
        if (!master.isEmpty()) {
            conf.setMaster(master);
        }
        conf.setIfMissing("spark.master", "local[*]");
        if (conf.get("spark.master").startsWith("local")) {
            conf.setIfMissing("spark.driver.host", "localhost").setIfMissing("spark.driver.bindAddress", "127.0.0.1");
        } else {
            conf.setIfMissing("spark.jars", String.join(",", ownJars()));
        }
        return conf;
    }

    /** The jars of this program's class path: executors have Spark's already, and take ours from the driver. */
    private static List<String> ownJars() {
        return List.of(System.getProperty("java.class.path").split(java.io.File.pathSeparator)).stream()
                .filter(entry -> entry.endsWith(".jar"))
                .filter(entry -> !entry.contains("/org/apache/spark/") && !entry.contains("/org/scala-lang/"))
                .filter(entry -> !entry.contains("/org/bytedeco/"))
                .toList();
    }

    /** Runs what is missing of a stage and returns what all its tasks counted. */
    Tally run(Stage stage) throws IOException {
        int partitions = stage.partitions(plan);
        List<Integer> missing = IntStream.range(0, partitions)
                .filter(partition -> !Files.exists(TaskOutput.mark(plan, stage, partition)))
                .boxed()
                .sorted(Comparator.comparingLong((Integer partition) -> -stage.weight(plan, partition)))
                .toList();
        if (!missing.isEmpty()) {
            run(stage, missing);
        }
        Tally sum = new Tally();
        for (int partition = 0; partition < partitions; partition++) {
            sum.add(
                    Tally.read(TaskOutput.mark(plan, stage, partition)),
                    plan.recipe().report().samples());
        }
        return sum;
    }

    private void run(Stage stage, List<Integer> missing) throws IOException {
        LongAccumulator bytes = spark.sc().longAccumulator();
        LongAccumulator done = spark.sc().longAccumulator();
        long total = missing.stream()
                .mapToLong(partition -> stage.weight(plan, partition))
                .sum();
        JavaFutureAction<Void> job =
                spark.parallelize(missing, missing.size()).foreachAsync(new Task(stage, resources, bytes, done));
        try (Progress progress = new Progress(log, terminal, stage.name(), 0, total)) {
            while (true) {
                try {
                    job.get(POLL_MILLIS, TimeUnit.MILLISECONDS);
                    break;
                } catch (TimeoutException e) {
                    progress.to(done.value(), progress.rate(bytes.value()));
                } catch (InterruptedException e) {
                    job.cancel(true);
                    Thread.currentThread().interrupt();
                    throw new IOException("interrupted; go on with --resume", e);
                } catch (ExecutionException e) {
                    throw failure(stage, e.getCause());
                }
            }
            String rate = progress.rate(bytes.value());
            progress.end(String.format(
                    Locale.ROOT,
                    "%-15s %d %s in %.1f s%s",
                    stage.name(),
                    missing.size(),
                    missing.size() == 1 ? "task" : "tasks",
                    progress.seconds(),
                    rate.isEmpty() ? "" : ", " + rate));
        }
    }

    /** What stopped the job, as the user should see it: a mistake, a file that cannot be read or written, or a fault of a task. */
    private IOException failure(Stage stage, Throwable e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            switch (cause) {
                case InvalidInputException mistake -> throw mistake;
                case TaskFault fault -> throw new TaskFailedException(fault.getMessage() + GO_ON, e);
                case FileSystemException file -> {
                    return file;
                }
                case IOException io -> {
                    String message = io.getMessage() == null ? io.toString() : io.getMessage();
                    return message.contains("/") ? io : new IOException(plan.output() + ": " + message, io);
                }
                default -> {}
            }
        }
        // Spark's own words: of a lost machine, say; its stack traces begin in the second line
        String first = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
        throw new TaskFailedException(stage.name() + ": " + first + GO_ON, e);
    }

    @Override
    public void close() {
        spark.close();
    }

    /** What Spark sends to where a partition is done. */
    private record Task(Stage stage, Broadcast<TaskResources> resources, LongAccumulator bytes, LongAccumulator done)
            implements VoidFunction<Integer> {

        @Override
        public void call(Integer partition) throws IOException {
            TaskResources here = resources.value();
            try (TaskOutput out = new TaskOutput(here.plan(), stage, partition, bytes::add)) {
                stage.run(partition, here, out);
                out.commit();
            } catch (InvalidInputException | UncheckedIOException e) {
                throw e;
            } catch (RuntimeException | Error e) {
                BlockManagerId executor = SparkEnv.get().blockManager().blockManagerId();
                throw new TaskFault(
                        stage.name() + ", partition " + partition + ", on " + executor.host() + " (executor "
                                + executor.executorId() + "): " + e,
                        e);
            }
            done.add(stage.weight(here.plan(), partition));
        }
    }

    /** What went wrong in a task that nobody foresaw, with the place. */
    private static final class TaskFault extends RuntimeException {

        private static final long serialVersionUID = 1L;

        TaskFault(String message, Throwable cause) {
            super(message, cause);
        }
    }
}
