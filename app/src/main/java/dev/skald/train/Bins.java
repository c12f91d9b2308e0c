package dev.skald.train;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Fills bins of one size with items, first fit decreasing: the largest item first, each into the first bin that has room. A tree of the largest room
 * finds the bin in logarithmic time.
 */
final class Bins {

    private final int size;
    private final int leaves;
    /** A binary heap's layout: the most room of the bins below each node. */
    private final int[] room;

    private final List<List<Integer>> bins = new ArrayList<>();

    private Bins(int size, int items) {
        this.size = size;
        this.leaves = Math.max(1, Integer.highestOneBit(Math.max(1, items - 1)) * 2);
        this.room = new int[2 * leaves];
        Arrays.fill(room, size);
    }

    /**
     * The items in each bin, in their order.
     *
     * @param sizes of the items, each at most {@code size}
     */
    static int[][] fill(int[] sizes, int size) {
        Bins bins = new Bins(size, sizes.length);
        Integer[] order = new Integer[sizes.length];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, (a, b) -> Integer.compare(sizes[b], sizes[a])); // stable
        for (int item : order) {
            bins.add(item, sizes[item]);
        }
        return bins.bins.stream()
                .map(bin -> bin.stream().mapToInt(Integer::intValue).sorted().toArray())
                .toArray(int[][]::new);
    }

    private void add(int item, int itemSize) {
        if (itemSize > size) {
            throw new IllegalArgumentException("an item of " + itemSize + " for bins of " + size);
        }
        int node = 1;
        while (node < leaves) {
            node = room[2 * node] >= itemSize ? 2 * node : 2 * node + 1;
        }
        int bin = node - leaves;
        if (bin == bins.size()) {
            bins.add(new ArrayList<>());
        }
        bins.get(bin).add(item);
        room[node] -= itemSize;
        for (int above = node / 2; above > 0; above /= 2) {
            room[above] = Math.max(room[2 * above], room[2 * above + 1]);
        }
    }
}
