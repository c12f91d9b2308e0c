package dev.skald.corpus;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The partitions that a task looks into in any order: opened when asked for, those used last kept open, up to a bound. For one thread.
 *
 * @param <P> what a partition is opened as
 */
final class OpenPartitions<P extends OpenPartitions.Partition> implements AutoCloseable {

    private static final int MOST = 256;

    /** Files of a partition. */
    interface Partition extends AutoCloseable {
        @Override
        void close();
    }

    /** Opens a partition by its number. */
    @FunctionalInterface
    interface Opener<P> {
        P open(int partition) throws IOException;
    }

    private final Opener<P> opener;
    private final Map<Integer, P> open = new LinkedHashMap<>(16, 0.75f, true);

    OpenPartitions(Opener<P> opener) {
        this.opener = opener;
    }

    P get(int number) throws IOException {
        P partition = open.get(number);
        if (partition == null) {
            if (open.size() >= MOST) {
                var oldest = open.values().iterator();
                oldest.next().close();
                oldest.remove();
            }
            partition = opener.open(number);
            open.put(number, partition);
        }
        return partition;
    }

    @Override
    public void close() {
        open.values().forEach(Partition::close);
        open.clear();
    }
}
