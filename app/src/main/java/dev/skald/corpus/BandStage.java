package dev.skald.corpus;

import java.io.IOException;

/** Sends the band keys of the documents that exact deduplication left to where equal keys meet. */
record BandStage() implements Stage {

    static final String NAME = "3-bands";

    /** Band key, rank, id. */
    static final int WIDTH = 3;

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public int partitions(Plan plan) {
        return plan.partitions();
    }

    @Override
    public void run(int partition, TaskResources resources, TaskOutput out) throws IOException {
        Plan plan = resources.plan();
        try (DocumentStore documents = plan.documents(partition);
                RemovedDocuments removed = new RemovedDocuments(plan, Duplicates.EXACT, partition);
                SortedRuns.Writer keys = out.runs("keys", WIDTH, SortedRuns.Receiver.HASH, plan.groups())) {
            for (int row = 0; row < documents.rows(); row++) {
                long id = DocumentStore.idOf(partition, row);
                if (removed.survivorOf(id) >= 0) {
                    continue;
                }
                long rank = documents.rank(row);
                for (int band = 0; band < plan.bands(); band++) {
                    keys.add(documents.band(row, band), rank, id);
                }
            }
        }
    }
}
