package dev.skald.corpus;

import java.io.IOException;
import java.io.Serializable;

/**
 * A step of the pipeline: as many tasks as it has partitions, each of which reads files of earlier stages and writes files of its own. A
 * task's output depends on its partition alone, so a task may run twice, anywhere.
 */
sealed interface Stage extends Serializable
        permits ReadStage,
                ExactStage,
                BandStage,
                VerifyStage,
                ComponentStage,
                SurvivorStage,
                TokenStage,
                OrderStage,
                PackStage {

    /** Its directory's name, and what the progress calls it. */
    String name();

    int partitions(Plan plan);

    /** What a partition is worth in the progress, in bytes. */
    default long weight(Plan plan, int partition) {
        return 1;
    }

    /** Does one partition. */
    void run(int partition, TaskResources resources, TaskOutput out) throws IOException;
}
