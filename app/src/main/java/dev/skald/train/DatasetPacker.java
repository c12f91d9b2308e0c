package dev.skald.train;

import dev.skald.InvalidInputException;
import dev.skald.base.Progress;
import dev.skald.dataset.PackedIndex;
import dev.skald.dataset.PackedIndex.Encoding;
import dev.skald.dataset.PackedIndex.Shard;
import dev.skald.dataset.PackedTokens;
import dev.skald.dataset.PackedTokensWriter;
import dev.skald.text.DocumentReader;
import dev.skald.text.Fields;
import dev.skald.text.FilePart;
import dev.skald.text.FilePattern;
import dev.skald.text.Format;
import dev.skald.text.Place;
import dev.skald.text.RawDocument;
import dev.skald.text.ReadOptions;
import dev.skald.text.TextDocument;
import dev.skald.text.UnpackingInputStream;
import dev.skald.tokenizer.DocumentMarks;
import dev.skald.tokenizer.DocumentMarks.Mark;
import dev.skald.tokenizer.TokenIds;
import dev.skald.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Tokenises texts into a packed dataset. The files are divided into units (small files together, large files of lines by
 * bytes); a unit becomes a shard. One thread reads, all tokenise, and what they made is written in the order that it was read, so that the
 * bytes do not depend on the number of threads. Shards that an interrupted run completed are kept if no file has changed since.
 */
public final class DatasetPacker {

    private static final String SOURCES = "sources.txt";
    private static final long UNIT_BYTES = 256L << 20;
    private static final int BATCH_BYTES = 1 << 20;
    private static final int BATCH_DOCUMENTS = 1024;

    private final Tokenizer tokenizer;
    private final Encoding encoding;
    private final int threads;
    private final long unitBytes;
    private final List<TextFile> files;
    /** By data set, files of its directory whose names say no known kind. */
    private final Map<String, List<Path>> unread = new LinkedHashMap<>();

    /** What one shard is made of. */
    private record Unit(List<Part> parts) {

        String source() {
            StringBuilder source = new StringBuilder();
            for (Part part : parts) {
                source.append(part.file.getFileName())
                        .append(' ')
                        .append(part.from)
                        .append(' ')
                        .append(part.to);
                source.append('\n');
            }
            return source.toString();
        }
    }

    private record Part(DatasetConfig dataset, Path file, long from, long to) {}

    private record TextFile(DatasetConfig dataset, Path path) {}

    private record Encoded(String id, String language, String dataset, int textBytes, int[] ids) {}

    /**
     * Finds the files of the datasets.
     *
     * @param others directories below those of the datasets that hold no texts: what is written goes there
     * @param threads that tokenise
     * @throws InvalidInputException if there are none
     */
    public DatasetPacker(
            List<DatasetConfig> datasets, List<Path> others, Tokenizer tokenizer, Encoding encoding, int threads)
            throws IOException {
        this(datasets, others, tokenizer, encoding, threads, UNIT_BYTES);
    }

    DatasetPacker(
            List<DatasetConfig> datasets,
            List<Path> others,
            Tokenizer tokenizer,
            Encoding encoding,
            int threads,
            long unitBytes)
            throws IOException {
        this.tokenizer = tokenizer;
        this.encoding = encoding;
        this.threads = threads;
        this.unitBytes = unitBytes;
        List<TextFile> found = new ArrayList<>();
        for (DatasetConfig dataset : datasets) {
            FilePattern.Found below = TextFiles.find(dataset.path(), others);
            below.files().forEach(file -> found.add(new TextFile(dataset, file)));
            unread.put(dataset.path(), below.others());
        }
        files = List.copyOf(found);
    }

    /**
     * What surrounds each document: eos always, bos if asked for.
     *
     * @throws InvalidInputException if the tokenizer has not the token, or its two files disagree and nobody else has decided
     */
    public static Encoding encoding(Tokenizer tokenizer, Switch addBos) {
        Mark bos = switch (addBos) {
            case TRUE -> Mark.REQUIRED;
            case FALSE -> Mark.ABSENT;
            case AUTO -> addsBos(tokenizer) ? Mark.REQUIRED : Mark.ABSENT;
        };
        return Encoding.of(tokenizer, DocumentMarks.of(tokenizer, bos, Mark.REQUIRED));
    }

    private static boolean addsBos(Tokenizer tokenizer) {
        boolean adds = tokenizer.addsBos();
        tokenizer.addBosToken().filter(asked -> asked != adds).ifPresent(asked -> {
            throw new InvalidInputException(
                    "tokenizer_config.json: add_bos_token is " + asked
                            + ", but the post_processor of tokenizer.json puts " + (adds ? "the" : "no")
                            + " bos_token before a text, and not all versions of transformers take the same: set add_bos_token to true or false");
        });
        return adds;
    }

    /** Of all that the packed tokens depend on; the same only if nothing has changed. */
    String key() throws IOException {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(digest.digest(sources().getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }

    private String sources() throws IOException {
        StringBuilder sources = new StringBuilder();
        sources.append(encoding).append('\n');
        sources.append("unit_bytes=").append(unitBytes).append('\n');
        for (TextFile file : files) {
            sources.append(file.path.toAbsolutePath().normalize()).append(' ');
            sources.append(Files.size(file.path)).append(' ');
            sources.append(Files.getLastModifiedTime(file.path)).append(' ');
            sources.append(ContentSample.of(file.path)).append(' ');
            sources.append(file.dataset.name()).append(' ');
            sources.append(file.dataset.textField()).append(' ');
            sources.append(file.dataset.langField()).append('\n');
        }
        return sources.toString();
    }

    /**
     * Packs into {@code directory}, which is a packed dataset when this returns.
     *
     * @throws InvalidInputException if a file is damaged or has no text, naming it
     */
    public PackedIndex pack(Path directory) throws IOException {
        unread.forEach(TextFiles::warn);
        boolean resumed = begin(directory);
        List<Unit> units = units();
        List<Shard> shards = new ArrayList<>();
        long bytes = 0;
        for (TextFile file : files) {
            bytes += Files.size(file.path);
        }
        try (Progress progress = Progress.ofBytes("packing", bytes);
                ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            for (Unit unit : units) {
                Optional<Shard> kept = resumed
                        ? PackedTokens.findShard(directory, shards.size(), encoding, unit.source())
                        : Optional.empty();
                if (kept.isPresent()) {
                    for (Part part : unit.parts) {
                        progress.addBytes(part.to - part.from);
                    }
                    shards.add(kept.get());
                    continue;
                }
                try (PackedTokensWriter writer =
                        PackedTokensWriter.shard(directory, shards.size(), encoding, unit.source())) {
                    write(unit, writer, pool, progress);
                    shards.add(writer.commit());
                }
            }
            PackedIndex index = PackedTokensWriter.commitIndex(directory, encoding, shards);
            summary(directory, index, bytes, progress.seconds());
            return index;
        }
    }

    private void summary(Path directory, PackedIndex index, long bytes, double seconds) {
        System.err.printf(
                Locale.ROOT,
                "packed %,d documents, %,d tokens of %.1f MB text (%.1f MB of files) in %s, %.1f MB/s: %s%n",
                index.documents(),
                index.tokens(),
                index.textBytes() / 1e6,
                bytes / 1e6,
                Progress.duration(seconds),
                index.textBytes() / 1e6 / Math.max(seconds, 1e-3),
                directory);
    }

    /** Whether shards of an earlier run are of the same sources; else they are forgotten. */
    private boolean begin(Path directory) throws IOException {
        Files.createDirectories(directory);
        Path file = directory.resolve(SOURCES);
        String sources = sources();
        if (Files.exists(file) && Files.readString(file).equals(sources)) {
            return true;
        }
        Files.deleteIfExists(directory.resolve("index.json"));
        Files.writeString(file, sources);
        return false;
    }

    private List<Unit> units() throws IOException {
        List<Unit> units = new ArrayList<>();
        List<Part> open = new ArrayList<>();
        long openBytes = 0;
        for (TextFile file : files) {
            long size = Files.size(file.path);
            String name = file.path.toString();
            boolean divisible =
                    (name.endsWith(".jsonl") || name.endsWith(".ndjson")) && UnpackingInputStream.isSeekable(file.path);
            long step = divisible ? unitBytes : Long.MAX_VALUE;
            for (long from = 0; from == 0 || from < size; from += Math.min(step, Math.max(1, size - from))) {
                long to = from + Math.min(step, size - from);
                if (openBytes > 0 && openBytes + to - from > unitBytes) {
                    units.add(new Unit(List.copyOf(open)));
                    open.clear();
                    openBytes = 0;
                }
                open.add(new Part(file.dataset, file.path, from, to));
                openBytes += to - from;
            }
        }
        units.add(new Unit(List.copyOf(open)));
        return units;
    }

    private void write(Unit unit, PackedTokensWriter writer, ExecutorService pool, Progress progress)
            throws IOException {
        ArrayDeque<Future<List<Encoded>>> ahead = new ArrayDeque<>();
        try {
            for (Part part : unit.parts) {
                try (DocumentReader reader = open(part)) {
                    long counted = 0;
                    List<RawDocument> batch = batch(reader);
                    while (!batch.isEmpty()) {
                        List<RawDocument> documents = batch;
                        ahead.add(pool.submit(() -> encode(part.dataset, documents)));
                        if (ahead.size() > 2 * threads) {
                            write(ahead.remove(), writer);
                        }
                        long consumed = Math.min(reader.consumed(), part.to - part.from);
                        progress.addBytes(consumed - counted);
                        counted = consumed;
                        batch = batch(reader);
                    }
                    progress.addBytes(part.to - part.from - counted);
                }
            }
            while (!ahead.isEmpty()) {
                write(ahead.remove(), writer);
            }
        } finally {
            ahead.forEach(future -> future.cancel(true));
        }
    }

    private static DocumentReader open(Part part) throws IOException {
        // compressed files are read to their end, however long they turn out to be
        boolean whole = part.from == 0 && part.to == Files.size(part.file);
        DatasetConfig dataset = part.dataset;
        Fields fields = new Fields(dataset.textField(), "id", "", dataset.langField());
        return DocumentReader.open(
                new FilePart(part.file, Format.named(part.file), part.from, whole ? Long.MAX_VALUE : part.to),
                ReadOptions.strict(fields));
    }

    private static List<RawDocument> batch(DocumentReader reader) throws IOException {
        List<RawDocument> batch = new ArrayList<>();
        long bytes = 0;
        while (bytes < BATCH_BYTES && batch.size() < BATCH_DOCUMENTS) {
            RawDocument document = reader.nextRaw();
            if (document == null) {
                break;
            }
            batch.add(document);
            bytes += document.bytes();
        }
        return batch;
    }

    private void write(Future<List<Encoded>> batch, PackedTokensWriter writer) throws IOException {
        try {
            for (Encoded document : batch.get()) {
                writer.add(document.id, document.language, document.dataset, document.textBytes, document.ids);
            }
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case RuntimeException mistake -> throw mistake;
                case IOException failed -> throw failed;
                default -> throw new IllegalStateException(e);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("packing was interrupted");
        }
    }

    private List<Encoded> encode(DatasetConfig dataset, List<RawDocument> documents) throws IOException {
        List<Encoded> encoded = new ArrayList<>(documents.size());
        TokenIds ids = new TokenIds(1 << 12);
        for (RawDocument document : documents) {
            TextDocument text = document.parse();
            if (text != null && !text.text().isEmpty()) {
                byte[] utf8 = text.text().getBytes(StandardCharsets.UTF_8);
                ids.clear();
                tokenizer.encode(utf8, 0, utf8.length, ids);
                encoded.add(new Encoded(id(text), text.language(), dataset.name(), utf8.length, ids.toArray()));
            }
        }
        return encoded;
    }

    /** The document's own id, or where it lies. */
    private static String id(TextDocument document) {
        Place place = document.place();
        String file = place.file().getFileName().toString();
        if (!document.id().isEmpty()) {
            return document.id();
        }
        return switch (place.unit()) {
            case FILE -> file;
            case LINE, ROW -> file + ":" + place.number();
            case BYTE -> file + ": byte " + place.number();
        };
    }
}
