package dev.skald.corpus;

import java.io.IOException;
import java.util.BitSet;

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
    public void run(int partition, Workshop workshop, TaskOutput out) throws IOException {
        Plan plan = workshop.plan();
        BitSet gone = new BitSet();
        try (SortedRuns.Reader removed = Survivors.reader(plan, ExactStage.NAME, partition)) {
            for (long[] record = removed.next(); record != null; record = removed.next()) {
                gone.set(DocumentStore.rowOf(record[0]));
            }
        }
        try (DocumentStore documents = plan.documents(partition);
                SortedRuns.Writer keys = out.runs("keys", WIDTH, SortedRuns.Receiver.HASH, plan.groups())) {
            for (int row = gone.nextClearBit(0); row < documents.rows(); row = gone.nextClearBit(row + 1)) {
                long rank = documents.rank(row);
                long id = DocumentStore.idOf(partition, row);
                for (int band = 0; band < plan.bands(); band++) {
                    keys.add(documents.band(row, band), rank, id);
                }
            }
        }
    }
}
