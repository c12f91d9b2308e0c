package dev.skald.launch;

import dev.skald.train.Rank;
import dev.skald.train.Training;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import scala.collection.Iterator;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;
import scala.runtime.AbstractFunction1;

/**
 * Runs the ranks of a training run as the barrier tasks of a Spark job: Spark finds the machines, starts all ranks together, and when one is lost runs
 * the stage again, which then goes on from the latest checkpoint. The ranks talk to each other by c10d; Spark moves no tensor.
 *
 * <p>Executors need Skald and its libraries under the same paths as here, or shipped with the job by spark-submit, and all of them need
 * the run's directories.
 */
public final class SparkTraining {

    /** What the JVM of an executor is told by its environment and by Spark, not by the options of this one. */
    private static final List<String> NOT_PASSED_ON =
            List.of("-Xm", "-Xs", "-Xlog", "-XX:AOT", "-D", "-agentlib", "-javaagent");

    private SparkTraining() {}

    /**
     * Trains; returns when all ranks are done.
     *
     * @param master address of Spark's master; one that spark-submit states wins
     * @param ranks how many barrier tasks
     * @param trainerYaml the configuration, overrides applied
     * @param deepSpeedJson DeepSpeed's
     * @return whether the forgetting gate ended the run
     */
    public static boolean run(String master, int ranks, String trainerYaml, String deepSpeedJson) {
        SparkConf conf = new SparkConf();
        conf.setIfMissing("spark.master", master);
        conf.setIfMissing("spark.app.name", "skald train");
        conf.setIfMissing("spark.cores.max", Integer.toString(ranks * conf.getInt("spark.task.cpus", 1)));
        conf.setIfMissing("spark.executor.cores", Integer.toString(conf.getInt("spark.task.cpus", 1)));
        conf.setIfMissing("spark.executor.extraClassPath", System.getProperty("java.class.path"));
        conf.setIfMissing("spark.executor.extraJavaOptions", executorOptions(conf.getInt("spark.task.cpus", 1)));
        conf.setIfMissing("spark.executorEnv.OMP_WAIT_POLICY", "passive");
        conf.setIfMissing("spark.executorEnv.OMP_NUM_THREADS", Integer.toString(conf.getInt("spark.task.cpus", 1)));
        // A rank that waits for the others is at work, whatever it looks like from outside.
        conf.setIfMissing("spark.speculation", "false");
        // Executors register one by one; with the default of 15 s a run begins a quarter of a minute late.
        conf.setIfMissing("spark.scheduler.barrier.maxConcurrentTasksCheck.interval", "3s");
        conf.setIfMissing("spark.scheduler.barrier.maxConcurrentTasksCheck.maxFailures", "200");
        conf.setIfMissing("spark.ui.enabled", "false");
        conf.setIfMissing("spark.log.level", "WARN");
        try (JavaSparkContext spark = new JavaSparkContext(conf)) {
            ClassTag<Integer> integer = ClassTag$.MODULE$.apply(Integer.class);
            List<Integer> numbers = IntStream.range(0, ranks).boxed().toList();
            return spark.parallelize(numbers, ranks)
                    .rdd()
                    .barrier()
                    .mapPartitions(new RankTask(trainerYaml, deepSpeedJson), false, integer)
                    .toJavaRDD()
                    // Spark runs a barrier stage again only when a shuffle follows; nothing passes through this one.
                    .repartition(1)
                    .collect()
                    .contains(Training.FORGOT);
        }
    }

    private static String executorOptions(int threads) {
        Stream<String> own = ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(option -> NOT_PASSED_ON.stream().noneMatch(option::startsWith));
        return Stream.concat(own, Stream.of("-XX:ActiveProcessorCount=" + threads))
                .collect(Collectors.joining(" "));
    }

    /** One rank, in an executor. */
    private static final class RankTask extends AbstractFunction1<Iterator<Integer>, Iterator<Integer>>
            implements Serializable {

        private static final long serialVersionUID = 1L;

        private final String trainerYaml;
        private final String deepSpeedJson;

        RankTask(String trainerYaml, String deepSpeedJson) {
            this.trainerYaml = trainerYaml;
            this.deepSpeedJson = deepSpeedJson;
        }

        @Override
        public Iterator<Integer> apply(Iterator<Integer> numbers) {
            BarrierTaskContext context = BarrierTaskContext.get();
            try {
                Rank rank = rank(context);
                boolean again = context.stageAttemptNumber() > 0 || context.attemptNumber() > 0;
                System.err.println(rank + (again ? ", going on after a failure" : ""));
                boolean forgot =
                        Training.of(trainerYaml, deepSpeedJson, rank, again).run();
                List<Integer> said = forgot ? List.of(Training.FORGOT) : List.of();
                return scala.jdk.javaapi.CollectionConverters.asScala(said.iterator());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private static Rank rank(BarrierTaskContext context) throws IOException {
            List<String> hosts = Stream.of(context.getTaskInfos())
                    .map(info -> info.address().replaceFirst(":\\d+$", ""))
                    .toList();
            int rank = context.partitionId();
            String host = hosts.get(rank);
            int port = Integer.parseInt(context.allGather(rank == 0 ? Integer.toString(freePort()) : "")[0]);
            return new Rank(
                    rank,
                    hosts.size(),
                    (int) hosts.subList(0, rank).stream().filter(host::equals).count(),
                    Collections.frequency(hosts, host),
                    hosts.stream().allMatch(host::equals) ? "localhost" : hosts.getFirst(),
                    port);
        }

        private static int freePort() throws IOException {
            try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName(null))) {
                return socket.getLocalPort();
            }
        }
    }
}
