package dev.skald.dataset;

import com.fasterxml.jackson.core.JacksonException;
import dev.skald.InvalidInputException;
import dev.skald.dataset.PackedIndex.Shard;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.HexFormat;

/** One memory-mapped shard. Documents and tokens are numbered within the shard. */
final class PackedShard {

    private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong I64 = ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int TRAILER = 24;

    private final Path file;
    private final MemorySegment map;
    private final Footer footer;
    private final int tokenBytes;
    private final MemorySegment ends;
    private final MemorySegment textBytes;
    private final MemorySegment languages;
    private final MemorySegment datasets;
    private final MemorySegment idEnds;
    private final MemorySegment ids;

    PackedShard(Path file, Arena arena) throws IOException {
        this.file = file;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            map = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
        }
        long size = map.byteSize();
        require(size >= TRAILER, "it is cut short");
        require(map.get(I64.withByteAlignment(1), size - 8) == PackedTokens.MAGIC, "it has not the ending of a shard");
        long jsonBytes = map.get(I64.withByteAlignment(1), size - TRAILER);
        long tokensEnd = map.get(I64.withByteAlignment(1), size - TRAILER + 8);
        require(jsonBytes > 0 && jsonBytes <= size - TRAILER, "its footer is damaged");
        byte[] json = map.asSlice(size - TRAILER - jsonBytes, jsonBytes).toArray(ValueLayout.JAVA_BYTE);
        try {
            footer = PackedTokensWriter.JSON.readValue(json, Footer.class);
        } catch (JacksonException e) {
            throw new InvalidInputException(file + ": not a shard of packed tokens: its footer is damaged", e);
        }
        tokenBytes = footer.encoding().tokenBytes();
        require(tokensEnd == footer.tokens() * tokenBytes, "its token count does not agree with its size");
        int documents = footer.documents();
        long at = aligned(tokensEnd);
        ends = map.asSlice(at, 8L * documents);
        at = aligned(at + 8L * documents);
        textBytes = map.asSlice(at, 4L * documents);
        at = aligned(at + 4L * documents);
        languages = map.asSlice(at, 4L * documents);
        at = aligned(at + 4L * documents);
        datasets = map.asSlice(at, 4L * documents);
        at = aligned(at + 4L * documents);
        idEnds = map.asSlice(at, 8L * documents);
        at = aligned(at + 8L * documents);
        ids = map.asSlice(at, documents == 0 ? 0 : idEnds.getAtIndex(I64, documents - 1));
    }

    Footer footer() {
        return footer;
    }

    Path file() {
        return file;
    }

    long bytes() {
        return map.byteSize();
    }

    /** Copies {@code count} ids from {@code position}. */
    void read(long position, int[] into, int offset, int count) {
        if (tokenBytes == 4) {
            MemorySegment.copy(map, U32, 4 * position, into, offset, count);
            return;
        }
        for (int i = 0; i < count; i++) {
            into[offset + i] = Short.toUnsignedInt(map.get(U16, 2 * (position + i)));
        }
    }

    long end(int document) {
        return ends.getAtIndex(I64, document);
    }

    long start(int document) {
        return document == 0 ? 0 : end(document - 1);
    }

    /** The document that holds the token at {@code position}. */
    int documentAt(long position) {
        int low = 0;
        int high = footer.documents() - 1;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (end(middle) <= position) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    PackedDocument document(int document) {
        long from = document == 0 ? 0 : idEnds.getAtIndex(I64, document - 1);
        byte[] id = ids.asSlice(from, idEnds.getAtIndex(I64, document) - from).toArray(ValueLayout.JAVA_BYTE);
        return new PackedDocument(
                new String(id, StandardCharsets.UTF_8),
                footer.languageNames().get(languages.getAtIndex(U32, document)),
                footer.datasetNames().get(datasets.getAtIndex(U32, document)),
                end(document) - start(document),
                textBytes.getAtIndex(U32, document));
    }

    /** The entry for the index; reads the whole file for its checksum. */
    Shard entry() {
        MessageDigest digest = PackedTokensWriter.sha256();
        long size = map.byteSize();
        for (long at = 0; at < size; at += 1 << 28) {
            digest.update(map.asSlice(at, Math.min(1 << 28, size - at)).asByteBuffer());
        }
        return footer.shard(file.getFileName().toString(), size, HexFormat.of().formatHex(digest.digest()));
    }

    private static long aligned(long offset) {
        return (offset + 7) / 8 * 8;
    }

    private void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new InvalidInputException(file + ": not a complete shard of packed tokens: " + otherwise);
        }
    }
}
