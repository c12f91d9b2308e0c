package dev.skald.tune;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skald.InvalidInputException;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Examples on the disk, memory-mapped: {@code tokens.bin} has the ids as int32, little-endian, the highest bit set where a token is not learned;
 * {@code ends.bin} the number of ids up to the end of each example as int64, the highest bit set where the answer is not wanted; {@code counts.json} what became of the rows. Thread-safe; the
 * mapping lives as long as the object is reachable.
 */
public final class ExampleFile {

    private static final String TOKENS = "tokens.bin";
    private static final String ENDS = "ends.bin";
    private static final String COUNTS = "counts.json";

    private static final int NOT_LEARNED = 1 << 31;
    private static final long NOT_WANTED = 1L << 63;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final MemorySegment tokens;
    private final MemorySegment ends;
    private final ExampleCounts counts;

    private ExampleFile(MemorySegment tokens, MemorySegment ends, ExampleCounts counts) {
        this.tokens = tokens;
        this.ends = ends;
        this.counts = counts;
    }

    /** Whether a directory is one. */
    static boolean isAt(Path directory) {
        return Files.isRegularFile(directory.resolve(COUNTS));
    }

    /** Reads a data set and writes its examples into a directory. */
    public static void write(Path directory, ExampleReader reader, ExampleSource source) throws IOException {
        try (Writer writer = new Writer(directory)) {
            writer.finish(reader.read(source, (_, example) -> writer.add(example)));
        }
    }

    /**
     * Opens a directory of examples.
     *
     * @throws InvalidInputException when it is none, or damaged
     */
    public static ExampleFile open(Path directory) throws IOException {
        if (!isAt(directory)) {
            throw new InvalidInputException(directory + ": has no examples");
        }
        ExampleFile file = new ExampleFile(
                map(directory.resolve(TOKENS)),
                map(directory.resolve(ENDS)),
                JSON.readValue(directory.resolve(COUNTS).toFile(), ExampleCounts.class));
        if (file.end(file.examples()) * Integer.BYTES != file.tokens.byteSize()) {
            throw new InvalidInputException(directory + ": is damaged: tokens.bin has " + file.tokens.byteSize()
                    + " bytes, expected " + file.end(file.examples()) * Integer.BYTES + "; delete the directory");
        }
        return file;
    }

    private static MemorySegment map(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), Arena.ofAuto());
        }
    }

    /** How many examples. */
    public int examples() {
        return (int) (ends.byteSize() / Long.BYTES);
    }

    /** What became of the rows. */
    public ExampleCounts counts() {
        return counts;
    }

    private long end(int examples) {
        return examples == 0 ? 0 : ends.getAtIndex(LONG, examples - 1) & ~NOT_WANTED;
    }

    /** How many tokens an example has. */
    public int length(int example) {
        return (int) (end(example + 1) - end(example));
    }

    /** Whether an example's answer is wanted. */
    public boolean wanted(int example) {
        return ends.getAtIndex(LONG, example) >= 0;
    }

    /** An example, from 0 on. */
    public Example get(int example) {
        int[] ids = new int[length(example)];
        int[] labels = new int[ids.length];
        long at = end(example);
        for (int i = 0; i < ids.length; i++) {
            int token = tokens.getAtIndex(INT, at + i);
            ids[i] = token & ~NOT_LEARNED;
            labels[i] = token < 0 ? Example.NOT_LEARNED : ids[i];
        }
        return new Example(ids, labels, wanted(example));
    }

    /** Writes examples one after the other; the counts last. */
    static final class Writer implements AutoCloseable {

        private final Path directory;
        private final OutputStream tokens;
        private final OutputStream ends;
        private long end;

        Writer(Path directory) throws IOException {
            this.directory = directory;
            tokens = new BufferedOutputStream(Files.newOutputStream(directory.resolve(TOKENS)), 1 << 16);
            ends = new BufferedOutputStream(Files.newOutputStream(directory.resolve(ENDS)), 1 << 16);
        }

        void add(Example example) throws IOException {
            ByteBuffer buffer =
                    ByteBuffer.allocate(example.ids().length * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i < example.ids().length; i++) {
                boolean learned = example.labels()[i] != Example.NOT_LEARNED;
                buffer.putInt(learned ? example.ids()[i] : example.ids()[i] | NOT_LEARNED);
            }
            tokens.write(buffer.array());
            end += example.ids().length;
            ends.write(ByteBuffer.allocate(Long.BYTES)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(example.wanted() ? end : end | NOT_WANTED)
                    .array());
        }

        void finish(ExampleCounts counts) throws IOException {
            tokens.flush();
            ends.flush();
            JSON.writeValue(directory.resolve(COUNTS).toFile(), counts);
        }

        @Override
        public void close() throws IOException {
            tokens.close();
            ends.close();
        }
    }
}
