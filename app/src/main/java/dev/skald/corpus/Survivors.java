package dev.skald.corpus;

import java.io.IOException;
import java.util.List;

/** Which documents of a partition a deduplicating stage removed, and for whom. */
final class Survivors {

    private Survivors() {}

    /** Records of removed id and survivor's id, by row; none if the stage is switched off. */
    static SortedRuns.Reader reader(Plan plan, String stage, int partition) throws IOException {
        return new SortedRuns.Reader(
                isOn(plan, stage) ? plan.files(stage, plan.groups(), "removed") : List.of(),
                ExactStage.REMOVED_WIDTH,
                partition,
                plan.partitions());
    }

    private static boolean isOn(Plan plan, String stage) {
        return stage.equals(ExactStage.NAME)
                ? plan.recipe().exactDedup().enabled()
                : plan.recipe().fuzzyDedup().enabled();
    }
}
