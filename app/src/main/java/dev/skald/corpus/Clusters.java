package dev.skald.corpus;

import java.io.IOException;

/** Counts clusters of duplicates for the report, which shows the beginning of the largest ones. */
final class Clusters implements AutoCloseable {

    private static final int SHOWN = 200;

    private final Duplicates kind;
    private final Tally tally;
    private final OpenPartitions<DocumentStore> partitions;

    Clusters(Plan plan, Tally tally, Duplicates kind) {
        this.kind = kind;
        this.tally = tally;
        partitions = new OpenPartitions<>(plan::documents);
    }

    /** Adds a cluster of this many documents; one alone is none. */
    void add(long size, long survivor) throws IOException {
        if (size < 2) {
            return;
        }
        tally.cluster(kind, size);
        if (tally.wantsCluster(kind, size)) {
            Document document = partitions
                    .get(DocumentStore.partitionOf(survivor))
                    .read(DocumentStore.rowOf(survivor))
                    .document();
            tally.cluster(kind, new Tally.Cluster(size, document.id(), ReadStage.start(document.text(), SHOWN)));
        }
    }

    @Override
    public void close() {
        partitions.close();
    }
}
