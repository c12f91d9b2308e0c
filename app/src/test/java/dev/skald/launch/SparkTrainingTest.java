package dev.skald.launch;

import dev.skald.train.DeepSpeedConfig;
import dev.skald.train.TinyRun;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SparkTrainingTest {

    @TempDir
    Path folder;

    @Test
    void barrierTasksAreTheRanks() throws Exception {
        TinyRun tiny = new TinyRun(folder);
        String yaml = tiny.config("out", "gradient_accumulation_steps=2").toYaml();

        SparkTraining.run("local[2]", 2, yaml, DeepSpeedConfig.none().toJson());

        TinyRun.followsTheOracle(TinyRun.metrics(tiny.output("out")));
    }
}
