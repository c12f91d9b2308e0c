package dev.skald.corpus;

import java.io.IOException;
import java.util.List;

/** Which documents of a partition one kind of deduplication removed, and for whom. They are asked for row by row, ascending. For one thread. */
final class RemovedDocuments implements AutoCloseable {

    private final SortedRuns.Reader records;
    private long[] next;

    /** Of the kind's stage; none if it is switched off. */
    RemovedDocuments(Plan plan, Duplicates kind, int partition) throws IOException {
        boolean on = switch (kind) {
            case EXACT -> plan.recipe().exactDedup().enabled();
            case FUZZY -> plan.recipe().fuzzyDedup().enabled();
        };
        String stage = switch (kind) {
            case EXACT -> ExactStage.NAME;
            case FUZZY -> SurvivorStage.NAME;
        };
        records = new SortedRuns.Reader(
                on ? plan.files(stage, plan.groups(), "removed") : List.of(),
                ExactStage.REMOVED_WIDTH,
                partition,
                plan.partitions());
        next = records.next();
    }

    /** The id of the document that was kept instead of this one; negative if this one was not removed. */
    long survivorOf(long id) throws IOException {
        while (next != null && next[0] < id) {
            next = records.next();
        }
        return next != null && next[0] == id ? next[1] : -1;
    }

    @Override
    public void close() throws IOException {
        records.close();
    }
}
