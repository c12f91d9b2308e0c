package dev.skald.corpus;

import java.io.IOException;

/** What the report says of clusters of duplicates. */
final class Clusters {

    private static final int SHOWN = 200;

    private Clusters() {}

    static void count(Plan plan, Tally tally, String kind, long size, long survivor) throws IOException {
        tally.cluster(kind, size);
        if (tally.wantsCluster(kind, size)) {
            try (DocumentStore documents = plan.documents(DocumentStore.partitionOf(survivor))) {
                Document document =
                        documents.read(DocumentStore.rowOf(survivor)).document();
                tally.cluster(kind, new Tally.Cluster(size, document.id(), ReadStage.start(document.text(), SHOWN)));
            }
        }
    }
}
