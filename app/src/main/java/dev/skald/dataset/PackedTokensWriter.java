package dev.skald.dataset;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.skald.InvalidInputException;
import dev.skald.base.AtomicFiles;
import dev.skald.base.StrictJson;
import dev.skald.dataset.PackedIndex.Counts;
import dev.skald.dataset.PackedIndex.Encoding;
import dev.skald.dataset.PackedIndex.Shard;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Writes one shard of a packed dataset: open it, {@link #add} documents, {@link #commit}. Shards of one dataset are written independently, by
 * any number of threads, processes or machines that see the directory; {@link #commitIndex} then makes the dataset of them. The bytes depend
 * on the documents and their order only. Not thread-safe.
 *
 * <p>A shard is written beside its target and renamed by {@link #commit}, so one that is present is complete, and two writers of the same
 * shard (a task run twice) do not disturb each other. {@link PackedTokens} describes the file.
 */
public final class PackedTokensWriter implements AutoCloseable {

    static final ObjectMapper JSON =
            StrictJson.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private final Path target;
    private final Path part;
    private final Encoding encoding;
    private final String source;
    private final FileChannel channel;
    private final MessageDigest digest = sha256();
    private final ByteBuffer buffer = ByteBuffer.allocate(1 << 20).order(ByteOrder.LITTLE_ENDIAN);
    private final DocumentTable table = new DocumentTable();
    private final SortedMap<String, Counts> languages = new TreeMap<>();
    private final SortedMap<String, Counts> datasets = new TreeMap<>();
    private long tokens;
    private long bytes;
    private boolean committed;

    private PackedTokensWriter(Path directory, int number, Encoding encoding, String source) throws IOException {
        this.encoding = encoding;
        this.source = source;
        Files.createDirectories(directory);
        target = directory.resolve(shardName(number));
        part = AtomicFiles.part(target);
        channel = FileChannel.open(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    }

    /**
     * Starts a shard.
     *
     * @param directory of the dataset; made if absent
     * @param number of the shard, from 0; its place in the token stream
     * @param source what the texts come from, in any form that tells whether they have changed; kept in the shard
     */
    public static PackedTokensWriter shard(Path directory, int number, Encoding encoding, String source)
            throws IOException {
        return new PackedTokensWriter(directory, number, encoding, source);
    }

    /** The file name of a shard: {@code shard-00007.tokens}. */
    public static String shardName(int number) {
        return String.format(Locale.ROOT, "shard-%05d.tokens", number);
    }

    /**
     * Adds a document: its ids with the encoding's {@code bos} and {@code eos} around them.
     *
     * @param id names the document in messages; need not be unique
     * @param language its language, "" if not known
     * @param dataset the dataset it belongs to, as validation reports it
     * @param textBytes UTF-8 bytes of the text, for bits per byte
     * @param ids without {@code bos} and {@code eos}
     */
    public void add(String id, String language, String dataset, int textBytes, int[] ids) throws IOException {
        long before = tokens;
        for (int token : encoding.marks().around(ids)) {
            if (token < 0 || token >= encoding.vocabSize()) {
                throw new InvalidInputException("document " + id + ": token id " + token
                        + " is outside the vocabulary of " + encoding.vocabSize());
            }
            put(token);
        }
        if (tokens == before) {
            return; // an empty text and nothing around it
        }
        table.add(tokens, id, language, dataset, textBytes);
        Counts counts = new Counts(1, tokens - before, textBytes);
        languages.merge(language, counts, Counts::plus);
        datasets.merge(dataset, counts, Counts::plus);
    }

    /** Tokens written so far. */
    public long tokens() {
        return tokens;
    }

    /** Completes the shard: writes its tables, forces it to the disk and renames it into place. Returns its entry for the index. */
    public Shard commit() throws IOException {
        long tokensEnd = bytes + buffer.position();
        pad();
        for (ByteBuffer section : table.sections()) {
            write(section);
            pad();
        }
        Footer footer = new Footer(
                PackedIndex.VERSION,
                encoding,
                table.documents(),
                tokens,
                source,
                table.languageNames(),
                table.datasetNames(),
                languages,
                datasets);
        byte[] json = JSON.writeValueAsBytes(footer);
        write(ByteBuffer.wrap(json));
        reserve(24);
        buffer.putLong(json.length).putLong(tokensEnd).putLong(PackedTokens.MAGIC);
        flush();
        channel.force(true);
        channel.close();
        AtomicFiles.rename(part, target);
        committed = true;
        return footer.shard(
                target.getFileName().toString(), bytes, HexFormat.of().formatHex(digest.digest()));
    }

    /** Removes the shard again unless it was committed. */
    @Override
    public void close() throws IOException {
        if (!committed) {
            channel.close();
            Files.deleteIfExists(part);
        }
    }

    /**
     * Makes the dataset of shards that are all committed: writes {@code index.json}, and removes what unfinished writers and an earlier
     * dataset of the same directory left.
     *
     * @param shards in the order of the token stream
     */
    public static PackedIndex commitIndex(Path directory, Encoding encoding, List<Shard> shards) throws IOException {
        PackedIndex index = PackedIndex.of(encoding, shards);
        AtomicFiles.writeDurably(directory.resolve(PackedIndex.FILE), JSON.writeValueAsBytes(index));
        Set<String> kept = shards.stream().map(Shard::file).collect(Collectors.toSet());
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "{*.part,shard-*.tokens}")) {
            for (Path file : files) {
                if (!kept.contains(file.getFileName().toString())) {
                    Files.deleteIfExists(file);
                }
            }
        }
        return index;
    }

    private void put(int token) throws IOException {
        reserve(4);
        if (encoding.tokenBytes() == 2) {
            buffer.putShort((short) token);
        } else {
            buffer.putInt(token);
        }
        tokens++;
    }

    /** Sections start at multiples of 8 bytes. */
    private void pad() throws IOException {
        reserve(8);
        while ((bytes + buffer.position()) % 8 != 0) {
            buffer.put((byte) 0);
        }
    }

    private void reserve(int count) throws IOException {
        if (buffer.remaining() < count) {
            flush();
        }
    }

    private void write(ByteBuffer section) throws IOException {
        flush();
        writeFully(section);
    }

    private void flush() throws IOException {
        writeFully(buffer.flip());
        buffer.clear();
    }

    private void writeFully(ByteBuffer from) throws IOException {
        digest.update(from.duplicate());
        bytes += from.remaining();
        while (from.hasRemaining()) {
            channel.write(from);
        }
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }
}
