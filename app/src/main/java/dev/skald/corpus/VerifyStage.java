package dev.skald.corpus;

import java.io.IOException;
import java.util.Arrays;

/**
 * Documents that share a band key are compared by their shingle sets; those that are similar enough become an edge. A pair is compared only
 * in the first band that it shares, and not at all if the bucket has already joined the two. A bucket of more than {@code max_bucket}
 * documents is cut into pieces in the order of preference, each with the bucket's most preferred document in it.
 */
record VerifyStage() implements Stage {

    static final String NAME = "4-verify";

    /** Hash of a node, then its rank and id, then its neighbour's rank and id. */
    static final int EDGE_WIDTH = 5;

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
        try (SortedRuns.Reader keys = new SortedRuns.Reader(
                        plan.files(BandStage.NAME, plan.partitions(), "keys"),
                        BandStage.WIDTH,
                        partition,
                        plan.groups());
                ShingleSets sets = new ShingleSets(plan);
                SortedRuns.Writer edges = out.runs("edges", EDGE_WIDTH, SortedRuns.Receiver.HASH, plan.groups())) {
            Bucket bucket = new Bucket(plan.recipe().fuzzyDedup(), sets, edges, out.tally());
            for (long[] record = keys.next(); record != null; record = keys.next()) {
                bucket.add(record[0], record[1], record[2]);
            }
            bucket.compareAll();
        }
    }

    /** Writes both directions of an edge. */
    static void addEdge(SortedRuns.Writer edges, long rankA, long idA, long rankB, long idB) throws IOException {
        edges.add(Hashes.mix(idA), rankA, idA, rankB, idB);
        edges.add(Hashes.mix(idB), rankB, idB, rankA, idA);
    }

    /** The documents of one band key. */
    private static final class Bucket {

        private final Recipe.FuzzyDedup settings;
        private final ShingleSets sets;
        private final SortedRuns.Writer edges;
        private final Tally tally;
        private final long[] ranks;
        private final long[] ids;
        private final int[] joined;
        private long key;
        private int size;
        private boolean cut;

        Bucket(Recipe.FuzzyDedup settings, ShingleSets sets, SortedRuns.Writer edges, Tally tally) {
            this.settings = settings;
            this.sets = sets;
            this.edges = edges;
            this.tally = tally;
            ranks = new long[settings.maxBucket()];
            ids = new long[settings.maxBucket()];
            joined = new int[settings.maxBucket()];
        }

        void add(long nextKey, long rank, long id) throws IOException {
            if (size > 0 && nextKey != key) {
                compareAll();
                size = 0;
                cut = false;
            }
            if (size == ids.length) {
                compareAll();
                size = 1; // the most preferred document stays
                cut = true;
            }
            key = nextKey;
            ranks[size] = rank;
            ids[size++] = id;
        }

        void compareAll() throws IOException {
            if (size < 2) {
                return;
            }
            tally.count("buckets", 1);
            if (cut) {
                tally.count("bucket pieces", 1);
            }
            Arrays.setAll(joined, i -> i);
            for (int i = 0; i < size; i++) {
                for (int j = i + 1; j < size; j++) {
                    if (root(i) != root(j) && sets.meetFirst(ids[i], ids[j], key)) {
                        compare(i, j);
                    }
                }
            }
        }

        private void compare(int i, int j) throws IOException {
            double similarity = MinHash.jaccard(sets.of(ids[i]), sets.of(ids[j]));
            tally.count("pairs compared", 1);
            tally.value("jaccard", "all", similarity, 1);
            if (similarity >= settings.threshold()) {
                tally.count("pairs joined", 1);
                joined[root(j)] = root(i);
                addEdge(edges, ranks[i], ids[i], ranks[j], ids[j]);
            }
        }

        private int root(int i) {
            int at = i;
            while (joined[at] != at) {
                joined[at] = joined[joined[at]];
                at = joined[at];
            }
            return at;
        }
    }
}
