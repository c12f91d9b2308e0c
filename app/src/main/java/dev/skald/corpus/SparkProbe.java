package dev.skald.corpus;

import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;

/** Whether Spark runs in this JVM. */
public final class SparkProbe {

    private SparkProbe() {}

    /**
     * Starts an embedded Spark of one thread, and runs a job of one task.
     *
     * @return its version
     * @throws NoClassDefFoundError when Spark is not on the class path
     * @throws RuntimeException when it does not run, as on a JVM that was started without the options of jvm-spark.options
     */
    public static String version() {
        SparkConf conf = StageRunner.configuration("local[1]").setAppName("skald doctor");
        try (JavaSparkContext spark = new JavaSparkContext(conf)) {
            long count = spark.parallelize(List.of(1, 2, 3), 1).count();
            if (count != 3) {
                throw new IllegalStateException("Spark counted " + count + " numbers, not 3");
            }
            return spark.version();
        }
    }
}
