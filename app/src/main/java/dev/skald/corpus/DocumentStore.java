package dev.skald.corpus;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
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
import java.nio.file.StandardOpenOption;

/**
 * The documents of one partition that the filters left, as the later stages need them: any of them by its row. Two files: {@code .texts},
 * each document compressed on its own, and {@code .rows}, a table of longs: offset of the text, content hash (two), rank among duplicates,
 * sizes, and the band keys of MinHash. Memory-mapped, for one thread; a document's id in the whole run is {@code partition << 32 | row}.
 */
final class DocumentStore implements OpenPartitions.Partition {

    private static final int OFFSET = 0;
    private static final int HASH = 1;
    private static final int RANK = 3;
    private static final int SIZES = 4;
    private static final int BANDS = 5;

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment texts;
    private final MemorySegment rowTable;
    private final int width;
    private final int rows;

    DocumentStore(Path texts, Path rows, int bands) throws IOException {
        width = BANDS + bands;
        this.texts = map(texts);
        rowTable = map(rows);
        this.rows = (int) (rowTable.byteSize() / (8L * width));
    }

    private MemorySegment map(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
        }
    }

    /**
     * What a document is stored with.
     *
     * @param document normalised
     * @param language as identified
     * @param score of the language
     * @param bytes of the text as UTF-8
     */
    record Stored(Document document, String language, double score, int bytes) {}

    static long idOf(int partition, int row) {
        return (long) partition << 32 | row;
    }

    static int partitionOf(long id) {
        return (int) (id >>> 32);
    }

    static int rowOf(long id) {
        return (int) id;
    }

    int rows() {
        return rows;
    }

    private long value(int row, int column) {
        return rowTable.get(LONG, 8L * ((long) row * width + column));
    }

    long hashHigh(int row) {
        return value(row, HASH);
    }

    long hashLow(int row) {
        return value(row, HASH + 1);
    }

    long rank(int row) {
        return value(row, RANK);
    }

    /** Bytes of the text as UTF-8. */
    int bytes(int row) {
        return (int) (value(row, SIZES) >>> 32);
    }

    String language(int row) {
        return LanguageIdentifier.KNOWN.get((int) value(row, SIZES) & 0xFF);
    }

    int source(int row) {
        return (int) value(row, SIZES) >>> 8 & 0xFFFFFF;
    }

    long band(int row, int band) {
        return value(row, BANDS + band);
    }

    Stored read(int row) {
        ByteBuffer in = payload(row);
        double score = in.getFloat();
        String id = string(in);
        String url = string(in);
        String metadata = string(in);
        String declared = string(in);
        String text = string(in);
        return new Stored(
                new Document(id, text, url, metadata, source(row), declared), language(row), score, bytes(row));
    }

    String text(int row) {
        ByteBuffer in = payload(row);
        in.getFloat();
        for (int i = 0; i < 4; i++) {
            int length = in.getInt();
            in.position(in.position() + length);
        }
        return string(in);
    }

    String id(int row) {
        ByteBuffer in = payload(row);
        in.getFloat();
        return string(in);
    }

    private ByteBuffer payload(int row) {
        long offset = value(row, OFFSET);
        int packed = (int) texts.get(LONG, offset);
        int full = (int) (texts.get(LONG, offset) >>> 32);
        byte[] compressed = texts.asSlice(offset + 8, packed).toArray(ValueLayout.JAVA_BYTE);
        return ByteBuffer.wrap(Zstd.decompress(compressed, full));
    }

    private static String string(ByteBuffer in) {
        int length = in.getInt();
        byte[] value = new byte[length];
        in.get(value);
        return new String(value, StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        arena.close();
    }

    /** Writes the two files. */
    static final class Writer implements AutoCloseable {

        private final BufferedOutputStream texts;
        private final BufferedOutputStream rows;
        private final ZstdCompressCtx compressor = new ZstdCompressCtx().setLevel(1);
        private final ByteArrayOutputStream payload = new ByteArrayOutputStream(1 << 16);
        private final ByteBuffer numbers;
        private final int bands;
        private long offset;
        private int count;

        Writer(Path texts, Path rows, int bands) throws IOException {
            this.bands = bands;
            this.texts = open(texts);
            this.rows = open(rows);
            numbers = ByteBuffer.allocate(8 * (BANDS + bands)).order(ByteOrder.LITTLE_ENDIAN);
        }

        private static BufferedOutputStream open(Path file) throws IOException {
            return new BufferedOutputStream(
                    Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING),
                    1 << 16);
        }

        /** Adds a document and returns its row; its rank decides which of several equal ones is kept, the lowest. */
        int add(Stored stored, ByteBuffer hash, long rank, long[] bandKeys) throws IOException {
            Document document = stored.document();
            payload.reset();
            DataOutputStream out = new DataOutputStream(payload);
            out.writeFloat((float) stored.score());
            write(out, document.id());
            write(out, document.url());
            write(out, document.metadata());
            write(out, document.declared());
            write(out, document.text());
            byte[] full = payload.toByteArray();
            byte[] packed = compressor.compress(full);
            numbers.clear();
            numbers.putLong((long) full.length << 32 | packed.length);
            texts.write(numbers.array(), 0, 8);
            texts.write(packed);
            numbers.clear();
            numbers.putLong(offset)
                    .putLong(hash.getLong(0))
                    .putLong(hash.getLong(8))
                    .putLong(rank);
            numbers.putLong((long) stored.bytes() << 32
                    | (long) document.source() << 8
                    | LanguageIdentifier.KNOWN.indexOf(stored.language()));
            for (int band = 0; band < bands; band++) {
                numbers.putLong(bandKeys[band]);
            }
            rows.write(numbers.array());
            offset += 8 + packed.length;
            return count++;
        }

        private static void write(DataOutputStream out, String value) throws IOException {
            byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
            out.writeInt(bytes.length);
            out.write(bytes);
        }

        @Override
        public void close() throws IOException {
            try (texts;
                    rows;
                    compressor) {
                texts.flush();
            }
        }
    }
}
