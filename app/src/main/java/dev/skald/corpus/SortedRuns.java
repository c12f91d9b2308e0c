package dev.skald.corpus;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.PriorityQueue;

/**
 * How records go from the tasks of one stage to those of the next: every task writes its records sorted and cut by receiver, and a receiver
 * merges its cuts of all of them. This is the shuffle of MapReduce; it is here, and not Spark's, because its files outlive the application:
 * a run that was killed goes on with them.
 *
 * <p>A record is a few longs, compared in order and unsigned; its first long alone decides the receiver, and a larger one never has a
 * smaller receiver. Memory does not grow with the data: a writer sorts a buffer of fixed size and starts another file when it is full; a
 * reader holds one small block of each file.
 */
final class SortedRuns {

    private static final int BUFFER_LONGS = 1 << 20;
    private static final int READ_MEMORY = 16 << 20;
    /** With more files than this a reader opens each only as long as it fills a block. */
    private static final int MOST_OPEN = 400;

    private SortedRuns() {}

    /** Which of the receiving tasks a record goes to. */
    enum Receiver {
        /** By the first long as a hash. */
        HASH,
        /** By the partition of the document id that the first long is. */
        PARTITION;

        int of(long first, int receivers) {
            return switch (this) {
                case HASH -> (int) Math.unsignedMultiplyHigh(first, receivers);
                case PARTITION -> DocumentStore.partitionOf(first);
            };
        }
    }

    /** The file names of a writer's runs: {@code base.0}, {@code base.1} and so on. */
    static Path file(Path base, int run) {
        return base.resolveSibling(base.getFileName() + "." + run);
    }

    /** Writes the runs of one task. */
    static final class Writer implements AutoCloseable {

        /** Makes the file to write the given run to. */
        @FunctionalInterface
        interface Target {
            Path create(int run) throws IOException;
        }

        private final Target target;
        private final int width;
        private final Receiver receiver;
        private final int receivers;
        private final long[] buffer;
        private int used;
        private int runs;

        Writer(Target target, int width, Receiver receiver, int receivers) {
            this.target = target;
            this.width = width;
            this.receiver = receiver;
            this.receivers = receivers;
            buffer = new long[BUFFER_LONGS / width * width];
        }

        void add(long... record) throws IOException {
            if (record.length != width) {
                throw new IllegalArgumentException(record.length + " longs, not " + width);
            }
            if (used == buffer.length) {
                spill();
            }
            System.arraycopy(record, 0, buffer, used, width);
            used += width;
        }

        private void spill() throws IOException {
            RecordSort.sort(buffer, used / width, width);
            long[] ends = new long[receivers];
            for (int at = 0; at < used; at += width) {
                ends[receiver.of(buffer[at], receivers)]++;
            }
            Arrays.parallelPrefix(ends, Long::sum);
            try (FileChannel channel = FileChannel.open(
                            target.create(runs++),
                            StandardOpenOption.CREATE,
                            StandardOpenOption.WRITE,
                            StandardOpenOption.TRUNCATE_EXISTING);
                    OutputStream out = Channels.newOutputStream(channel)) {
                write(out, ends, receivers);
                write(out, buffer, used);
            }
            used = 0;
        }

        private static void write(OutputStream out, long[] values, int count) throws IOException {
            ByteBuffer block = ByteBuffer.allocate(1 << 16);
            for (int i = 0; i < count; i++) {
                block.putLong(values[i]);
                if (!block.hasRemaining()) {
                    out.write(block.array());
                    block.clear();
                }
            }
            out.write(block.array(), 0, block.position());
        }

        @Override
        public void close() throws IOException {
            if (used > 0) {
                spill();
            }
        }
    }

    /** The records of all runs for one receiver, in order. */
    static final class Reader implements AutoCloseable {

        private final int width;
        private final PriorityQueue<Cursor> cursors;
        private final List<Cursor> all = new ArrayList<>();
        private long[] current = new long[0];

        /**
         * @param bases the writers' bases; each may have any number of runs
         * @param width longs in a record
         * @param receiver whose records are wanted
         * @param receivers how many there are
         */
        Reader(List<Path> bases, int width, int receiver, int receivers) throws IOException {
            this.width = width;
            cursors = new PriorityQueue<>((a, b) -> RecordSort.compare(a.block, a.at, b.block, b.at, width));
            List<Path> found = new ArrayList<>();
            for (Path base : bases) {
                for (int run = 0; Files.exists(file(base, run)); run++) {
                    found.add(file(base, run));
                }
            }
            int blockLongs = Math.clamp(READ_MEMORY / 8 / Math.max(1, found.size()), 64, 1 << 13) / width * width;
            for (Path file : found) {
                Cursor cursor = new Cursor(file, blockLongs, found.size() <= MOST_OPEN);
                all.add(cursor);
                cursor.seek(receiver, receivers);
                if (cursor.fill()) {
                    cursors.add(cursor);
                }
            }
        }

        /** The next record, valid until the next call; null at the end. */
        long[] next() throws IOException {
            Cursor first = cursors.poll();
            if (first == null) {
                return null;
            }
            if (current.length == 0) {
                current = new long[width];
            }
            System.arraycopy(first.block, first.at, current, 0, width);
            first.at += width;
            if (first.at < first.end || first.fill()) {
                cursors.add(first);
            }
            return current;
        }

        /** As {@link #next}, without records that equal the one before. */
        long[] nextDistinct() throws IOException {
            long[] before = current.clone();
            long[] record = next();
            while (record != null && Arrays.equals(record, before)) {
                record = next();
            }
            return record;
        }

        @Override
        public void close() throws IOException {
            for (Cursor cursor : all) {
                cursor.close();
            }
        }

        /** A place in one run. */
        private final class Cursor {

            private final Path file;
            private final long[] block;
            private final boolean staysOpen;
            private FileChannel channel;
            private long position;
            private long stop;
            private int at;
            private int end;

            Cursor(Path file, int blockLongs, boolean staysOpen) {
                this.file = file;
                this.staysOpen = staysOpen;
                block = new long[blockLongs];
            }

            void seek(int receiver, int receivers) throws IOException {
                ByteBuffer ends = ByteBuffer.allocate(16);
                long from = 0;
                if (receiver > 0) {
                    read(ends, 8L * (receiver - 1));
                    from = ends.getLong(0);
                } else {
                    read(ends.limit(8), 0);
                    ends.putLong(8, ends.limit(16).getLong(0));
                }
                position = 8L * (receivers + from * width);
                stop = 8L * (receivers + ends.getLong(8) * width);
            }

            boolean fill() throws IOException {
                long bytes = Math.min(stop - position, 8L * block.length);
                if (bytes <= 0) {
                    close();
                    return false;
                }
                ByteBuffer buffer = ByteBuffer.allocate((int) bytes);
                read(buffer, position);
                buffer.flip().asLongBuffer().get(block, 0, (int) (bytes / 8));
                position += bytes;
                at = 0;
                end = (int) (bytes / 8);
                return true;
            }

            private void read(ByteBuffer into, long from) throws IOException {
                if (channel == null) {
                    channel = FileChannel.open(file);
                }
                long at = from;
                while (into.hasRemaining()) {
                    int count = channel.read(into, at);
                    if (count < 0) {
                        throw new IOException(file + ": ends in the middle");
                    }
                    at += count;
                }
                if (!staysOpen) {
                    close();
                }
            }

            void close() throws IOException {
                if (channel != null) {
                    channel.close();
                    channel = null;
                }
            }
        }
    }
}
