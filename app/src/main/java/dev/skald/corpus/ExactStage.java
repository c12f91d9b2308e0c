package dev.skald.corpus;

import java.io.IOException;

/** Of documents with the same hash of the normalised text all but the most preferred one are removed. */
record ExactStage() implements Stage {

    static final String NAME = "2-exact";

    /** Removed id, survivor's id. */
    static final int REMOVED_WIDTH = 2;

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
        try (SortedRuns.Reader hashes = new SortedRuns.Reader(
                        plan.files(ReadStage.NAME, plan.partitions(), "hashes"),
                        ReadStage.HASH_WIDTH,
                        partition,
                        plan.groups());
                SortedRuns.Writer removed =
                        out.runs("removed", REMOVED_WIDTH, SortedRuns.Receiver.PARTITION, plan.partitions());
                Clusters clusters = new Clusters(plan, out.tally(), Duplicates.EXACT)) {
            long high = 0;
            long low = 0;
            long survivor = 0;
            long size = 0;
            for (long[] record = hashes.next(); record != null; record = hashes.next()) {
                if (size > 0 && record[0] == high && record[1] == low) {
                    size++;
                    removed.add(record[3], survivor);
                } else {
                    clusters.add(size, survivor);
                    high = record[0];
                    low = record[1];
                    survivor = record[3];
                    size = 1;
                }
            }
            clusters.add(size, survivor);
        }
    }
}
