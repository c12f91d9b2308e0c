package dev.skald.corpus;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The token ids of a partition's documents, by row: in one file, for each, the id's length and bytes and the token ids; in another the ends. For one thread. */
final class TokenFile implements AutoCloseable {

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment tokens;
    private final MemorySegment ends;

    private TokenFile(Path tokens, Path ends) throws IOException {
        this.tokens = map(tokens);
        this.ends = map(ends);
    }

    /** Of a partition. */
    static TokenFile of(Plan plan, int partition) throws IOException {
        return new TokenFile(
                plan.file(TokenStage.NAME, partition, "tokens"), plan.file(TokenStage.NAME, partition, "ends"));
    }

    private MemorySegment map(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
        }
    }

    private long start(int row) {
        return row == 0 ? 0 : ends.get(LONG, 8L * (row - 1));
    }

    private long end(int row) {
        return ends.get(LONG, 8L * row);
    }

    /** Whether the row has tokens: a removed document has none. */
    boolean has(int row) {
        return end(row) > start(row);
    }

    String id(int row) {
        long start = start(row);
        byte[] id = new byte[tokens.get(INT, start)];
        MemorySegment.copy(tokens, ValueLayout.JAVA_BYTE, start + 4, id, 0, id.length);
        return new String(id, StandardCharsets.UTF_8);
    }

    int[] ids(int row) {
        long start = start(row) + 4 + tokens.get(INT, start(row));
        int[] ids = new int[(int) ((end(row) - start) / 4)];
        MemorySegment.copy(tokens, INT, start, ids, 0, ids.length);
        return ids;
    }

    @Override
    public void close() {
        arena.close();
    }

    /** Writes the two files, row by row. */
    static final class Writer implements AutoCloseable {

        private final BufferedOutputStream tokens;
        private final BufferedOutputStream ends;
        private final ByteBuffer number = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        private long end;

        Writer(Path tokens, Path ends) throws IOException {
            this.tokens = new BufferedOutputStream(Files.newOutputStream(tokens), 1 << 16);
            this.ends = new BufferedOutputStream(Files.newOutputStream(ends), 1 << 16);
        }

        /** A row without tokens. */
        void skip() throws IOException {
            number.putLong(0, end);
            ends.write(number.array(), 0, 8);
        }

        void add(String documentId, int[] ids) throws IOException {
            byte[] name = documentId.getBytes(StandardCharsets.UTF_8);
            ByteBuffer entry =
                    ByteBuffer.allocate(4 + name.length + 4 * ids.length).order(ByteOrder.LITTLE_ENDIAN);
            entry.putInt(name.length).put(name);
            entry.asIntBuffer().put(ids);
            tokens.write(entry.array());
            end += entry.capacity();
            skip();
        }

        @Override
        public void close() throws IOException {
            try (tokens;
                    ends) {
                tokens.flush();
            }
        }
    }
}
