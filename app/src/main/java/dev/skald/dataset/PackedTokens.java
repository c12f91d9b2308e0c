package dev.skald.dataset;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonMappingException;
import dev.skald.InvalidInputException;
import dev.skald.dataset.PackedIndex.Shard;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A packed dataset, memory-mapped: one stream of token ids, made of documents. Tokens are numbered from 0 through all shards, and so are
 * documents. Immutable and thread-safe; the files are unmapped when it is
 * collected as garbage.
 *
 * <p>A dataset is a directory of {@code index.json} ({@link PackedIndex}) and shards {@code shard-00000.tokens}. All numbers of a shard are
 * little-endian, and each part starts at a multiple of 8 bytes:
 *
 * <pre>
 *   ids         u16 if the vocabulary has at most 65536 entries, else u32; from offset 0, so numpy.memmap reads them as they are
 *   ends        i64 per document: tokens of the shard up to its end
 *   text bytes  i32 per document: UTF-8 bytes of its text
 *   language    i32 per document: index into the footer's language_names
 *   dataset     i32 per document: index into the footer's dataset_names
 *   id ends     i64 per document: bytes of the ids up to its end
 *   document ids  UTF-8
 *   footer      JSON
 *   trailer     i64 length of the footer, i64 bytes of the ids at offset 0, i64 the letters SKALDTOK
 * </pre>
 */
public final class PackedTokens {

    /** "SKALDTOK", little-endian. */
    static final long MAGIC = 0x4b4f5444_4c414b53L;

    private final Path directory;
    private final PackedIndex index;
    private final List<PackedShard> shards;
    private final long[] firstToken;
    private final long[] firstDocument;

    private PackedTokens(Path directory, Arena arena, PackedIndex index) throws IOException {
        this.directory = directory;
        this.index = index;
        List<PackedShard> opened = new ArrayList<>();
        firstToken = new long[index.shards().size() + 1];
        firstDocument = new long[index.shards().size() + 1];
        for (Shard entry : index.shards()) {
            PackedShard shard = new PackedShard(directory.resolve(entry.file()), arena);
            if (shard.bytes() != entry.bytes()
                    || shard.footer().tokens() != entry.tokens()
                    || !shard.footer().encoding().equals(index.encoding())) {
                throw new InvalidInputException(shard.file() + ": not the shard that " + PackedIndex.FILE
                        + " lists: found " + shard.bytes() + " bytes, "
                        + shard.footer().tokens() + " tokens, expected "
                        + entry.bytes() + " bytes, " + entry.tokens() + " tokens of the same tokenizer");
            }
            opened.add(shard);
            int at = opened.size();
            firstToken[at] = firstToken[at - 1] + entry.tokens();
            firstDocument[at] = firstDocument[at - 1] + entry.documents();
        }
        shards = List.copyOf(opened);
    }

    /** Whether {@code directory} holds a packed dataset. */
    public static boolean isAt(Path directory) {
        return Files.isRegularFile(directory.resolve(PackedIndex.FILE))
                && !Files.exists(directory.resolve("config.json"));
    }

    /**
     * Maps the dataset in {@code directory}; reads no token.
     *
     * @throws InvalidInputException if the index or a shard is missing, damaged or of another version
     */
    public static PackedTokens open(Path directory) throws IOException {
        PackedIndex index = readIndex(directory);
        return new PackedTokens(directory, Arena.ofAuto(), index);
    }

    /** The index alone. */
    public static PackedIndex readIndex(Path directory) throws IOException {
        Path file = directory.resolve(PackedIndex.FILE);
        if (!Files.isRegularFile(file)) {
            throw new InvalidInputException(directory + ": not a packed dataset: it has no " + PackedIndex.FILE);
        }
        try {
            return PackedTokensWriter.JSON.readValue(file.toFile(), PackedIndex.class);
        } catch (JacksonException e) {
            if (e instanceof JsonMappingException && e.getCause() instanceof InvalidInputException invalid) {
                throw new InvalidInputException(directory + ": " + invalid.getMessage(), e);
            }
            throw new InvalidInputException(file + ": not the index of a packed dataset: " + e.getOriginalMessage(), e);
        }
    }

    /**
     * The entry of a shard that an earlier, interrupted run committed from the same source with the same encoding; empty if it is not there
     * or differs. Reads the whole file for its checksum.
     */
    public static Optional<Shard> findShard(Path directory, int number, PackedIndex.Encoding encoding, String source)
            throws IOException {
        Path file = directory.resolve(PackedTokensWriter.shardName(number));
        if (!Files.isRegularFile(file)) {
            return Optional.empty();
        }
        try (Arena arena = Arena.ofConfined()) {
            PackedShard shard = new PackedShard(file, arena);
            return shard.footer().encoding().equals(encoding)
                            && shard.footer().source().equals(source)
                    ? Optional.of(shard.entry())
                    : Optional.empty();
        } catch (InvalidInputException damaged) {
            return Optional.empty();
        }
    }

    /** Directory of the dataset. */
    public Path directory() {
        return directory;
    }

    /** Its index. */
    public PackedIndex index() {
        return index;
    }

    /** Number of tokens. */
    public long tokens() {
        return index.tokens();
    }

    /** Number of documents. */
    public long documents() {
        return index.documents();
    }

    /** Copies {@code count} ids from token {@code position} on to {@code into[offset..]}. */
    public void read(long position, int[] into, int offset, int count) {
        Objects.checkFromIndexSize(position, count, tokens());
        int shard = find(firstToken, position);
        long at = position;
        int done = 0;
        while (done < count) {
            int part = (int) Math.min(count - done, firstToken[shard + 1] - at);
            shards.get(shard).read(at - firstToken[shard], into, offset + done, part);
            at += part;
            done += part;
            shard++;
        }
    }

    /** Number of the document that holds the token at {@code position}. */
    public long documentAt(long position) {
        Objects.checkIndex(position, tokens());
        int shard = find(firstToken, position);
        return firstDocument[shard] + shards.get(shard).documentAt(position - firstToken[shard]);
    }

    /** Position of a document's first token. */
    public long start(long document) {
        int shard = shardOf(document);
        return firstToken[shard] + shards.get(shard).start((int) (document - firstDocument[shard]));
    }

    /** Position after a document's last token. */
    public long end(long document) {
        int shard = shardOf(document);
        return firstToken[shard] + shards.get(shard).end((int) (document - firstDocument[shard]));
    }

    /** What is known of a document. */
    public PackedDocument document(long document) {
        int shard = shardOf(document);
        return shards.get(shard).document((int) (document - firstDocument[shard]));
    }

    /**
     * Compares every shard with its checksum; reads everything.
     *
     * @throws InvalidInputException naming the first shard that differs
     */
    public void verify() {
        for (int i = 0; i < shards.size(); i++) {
            String found = shards.get(i).entry().sha256();
            String expected = index.shards().get(i).sha256();
            if (!found.equals(expected)) {
                throw new InvalidInputException(
                        shards.get(i).file() + ": damaged: its SHA-256 is " + found + ", expected " + expected);
            }
        }
    }

    private int shardOf(long document) {
        Objects.checkIndex(document, documents());
        return find(firstDocument, document);
    }

    /** The last shard whose first number is at most {@code number}, empty shards left out. */
    private static int find(long[] first, long number) {
        int low = 0;
        int high = first.length - 2;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (first[middle] <= number) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }
}
