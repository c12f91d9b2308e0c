package dev.skald.corpus;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/** Shingle sets and band keys of any document, read when they are asked for; the sets used last are kept, up to a bound. */
final class ShingleSets implements AutoCloseable {

    /** 64 MB for each task. */
    private static final long MOST_LONGS = 8L << 20;

    private final Plan plan;
    private final MinHash minHash;
    private final TextShape shape = new TextShape();
    private final Map<Long, long[]> sets = new LinkedHashMap<>(16, 0.75f, true);
    private final OpenPartitions<DocumentStore> partitions;
    private long held;

    ShingleSets(Plan plan) {
        this.plan = plan;
        partitions = new OpenPartitions<>(plan::documents);
        minHash = new MinHash(plan.recipe().fuzzyDedup(), plan.recipe().seed());
    }

    long[] of(long id) throws IOException {
        long[] set = sets.get(id);
        if (set == null) {
            shape.read(partition(id).text(DocumentStore.rowOf(id)));
            set = minHash.shingles(shape);
            sets.put(id, set);
            held += set.length;
            var oldest = sets.entrySet().iterator();
            while (held > MOST_LONGS && sets.size() > 2) {
                held -= oldest.next().getValue().length;
                oldest.remove();
            }
        }
        return set;
    }

    /** Whether the first band in which two documents agree is the one with this key. */
    boolean meetFirst(long a, long b, long key) throws IOException {
        DocumentStore storeA = partition(a);
        DocumentStore storeB = partition(b);
        for (int band = 0; band < plan.bands(); band++) {
            long keyA = storeA.band(DocumentStore.rowOf(a), band);
            if (keyA == storeB.band(DocumentStore.rowOf(b), band)) {
                return keyA == key;
            }
        }
        return false;
    }

    private DocumentStore partition(long id) throws IOException {
        return partitions.get(DocumentStore.partitionOf(id));
    }

    @Override
    public void close() {
        partitions.close();
    }
}
