package dev.skald.corpus;

import java.io.IOException;

/**
 * One half of a round of the alternating algorithm for connected components (Kiveris, Lattanzi, Mirrokni, Rastogi, Vassilvitskii, Connected
 * Components in MapReduce and Beyond, 2014). The large star joins every larger neighbour of a node to the smallest node around it, the small
 * star every smaller one; both keep the components as they are. When nothing changes any more, every node's only edge leads to the smallest
 * node of its component, which is its survivor. A node's neighbours come sorted and are not held in memory.
 *
 * @param step from 0; even: large star, odd: small star
 */
record ComponentStage(int step) implements Stage {

    static String name(int step) {
        return "5-components-" + step;
    }

    @Override
    public String name() {
        return name(step);
    }

    @Override
    public int partitions(Plan plan) {
        return plan.groups();
    }

    /** The stage whose edges this one reads. */
    static String before(int step) {
        return step == 0 ? VerifyStage.NAME : name(step - 1);
    }

    static SortedRuns.Reader edges(Plan plan, int step, int partition) throws IOException {
        return new SortedRuns.Reader(
                plan.files(before(step), plan.groups(), "edges"), VerifyStage.EDGE_WIDTH, partition, plan.groups());
    }

    @Override
    public void run(int partition, TaskResources resources, TaskOutput out) throws IOException {
        Plan plan = resources.plan();
        try (SortedRuns.Reader in = edges(plan, step, partition);
                SortedRuns.Writer edges =
                        out.runs("edges", VerifyStage.EDGE_WIDTH, SortedRuns.Receiver.HASH, plan.groups())) {
            long nodeId = 0;
            long leastRank = 0;
            long leastId = 0;
            boolean any = false;
            for (long[] edge = in.nextDistinct(); edge != null; edge = in.nextDistinct()) {
                boolean larger = compare(edge[3], edge[4], edge[1], edge[2]) > 0;
                if (!any || edge[2] != nodeId) {
                    any = true;
                    nodeId = edge[2];
                    // neighbours come in ascending order: the first one is the smallest
                    leastRank = larger ? edge[1] : edge[3];
                    leastId = larger ? edge[2] : edge[4];
                    if (step % 2 == 1 && leastId != nodeId) {
                        addEdge(edges, out, edge[1], edge[2], leastRank, leastId);
                    }
                }
                if (step % 2 == 0 ? larger : !larger && edge[4] != leastId) {
                    addEdge(edges, out, edge[3], edge[4], leastRank, leastId);
                }
            }
        }
    }

    /** Besides writing it, adds the edge to a checksum of the whole graph, so that the driver sees when nothing changes. */
    private static void addEdge(SortedRuns.Writer edges, TaskOutput out, long rankA, long idA, long rankB, long idB)
            throws IOException {
        VerifyStage.addEdge(edges, rankA, idA, rankB, idB);
        out.tally().count("edges", 1);
        out.tally().count("checksum", Hashes.mix(idA, idB) >>> 8);
    }

    private static int compare(long rankA, long idA, long rankB, long idB) {
        int order = Long.compareUnsigned(rankA, rankB);
        return order != 0 ? order : Long.compareUnsigned(idA, idB);
    }
}
