package dev.skald.corpus;

import java.io.IOException;

/**
 * Reads the stars that the components have become: who is not the smallest node of its cluster is removed.
 *
 * @param steps component stages that ran
 */
record SurvivorStage(int steps) implements Stage {

    static final String NAME = "6-survivors";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public int partitions(Plan plan) {
        return plan.groups();
    }

    @Override
    public void run(int partition, TaskResources resources, TaskOutput out) throws IOException {
        Plan plan = resources.plan();
        try (SortedRuns.Reader edges = ComponentStage.edges(plan, steps, partition);
                SortedRuns.Writer removed = out.runs(
                        "removed", ExactStage.REMOVED_WIDTH, SortedRuns.Receiver.PARTITION, plan.partitions());
                Clusters clusters = new Clusters(plan, out.tally(), Duplicates.FUZZY)) {
            long center = 0;
            long size = 0;
            for (long[] edge = edges.nextDistinct(); edge != null; edge = edges.nextDistinct()) {
                boolean isCenter = Long.compareUnsigned(edge[1], edge[3]) < 0
                        || (edge[1] == edge[3] && Long.compareUnsigned(edge[2], edge[4]) < 0);
                if (!isCenter) {
                    removed.add(edge[2], edge[4]);
                    continue;
                }
                if (size > 0 && edge[2] != center) {
                    clusters.add(size, center);
                    size = 0;
                }
                size = size == 0 ? 2 : size + 1;
                center = edge[2];
            }
            clusters.add(size, center);
        }
    }
}
