package dev.skald.dataset;

import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import dev.skald.InvalidInputException;
import dev.skald.tokenizer.DocumentMarks;
import dev.skald.tokenizer.Tokenizer;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The file {@code index.json} of a packed dataset: how its tokens were made, and its shards in order.
 *
 * @param version of the format
 * @param encoding what made the tokens
 * @param documents in all shards
 * @param tokens in all shards, {@code bos} and {@code eos} included
 * @param textBytes UTF-8 bytes of the texts
 * @param languages counts of each language
 * @param datasets counts of each dataset
 * @param shards in the order of the token stream
 */
@JsonNaming(SnakeCaseStrategy.class)
public record PackedIndex(
        int version,
        Encoding encoding,
        long documents,
        long tokens,
        long textBytes,
        SortedMap<String, Counts> languages,
        SortedMap<String, Counts> datasets,
        List<Shard> shards) {

    static final int VERSION = 1;

    static final String FILE = "index.json";

    public PackedIndex {
        if (version != VERSION) {
            throw new InvalidInputException(
                    FILE + ": version " + version + " of the packed dataset is not known; expected " + VERSION);
        }
        shards = List.copyOf(shards);
    }

    /** The index over {@code shards}, in the order given; sums their counts. */
    static PackedIndex of(Encoding encoding, List<Shard> shards) {
        SortedMap<String, Counts> languages = new TreeMap<>();
        SortedMap<String, Counts> datasets = new TreeMap<>();
        for (Shard shard : shards) {
            shard.languages().forEach((name, counts) -> languages.merge(name, counts, Counts::plus));
            shard.datasets().forEach((name, counts) -> datasets.merge(name, counts, Counts::plus));
        }
        Counts all = datasets.values().stream().reduce(Counts.ZERO, Counts::plus);
        return new PackedIndex(
                VERSION, encoding, all.documents(), all.tokens(), all.textBytes(), languages, datasets, shards);
    }

    /**
     * What made the tokens of a packed dataset.
     *
     * @param tokenizerSha256 {@link Tokenizer#hash()}
     * @param vocabSize every id is below it
     * @param bosId put before each document; null: nothing is
     * @param eosId put after each document; null: nothing is
     */
    @JsonNaming(SnakeCaseStrategy.class)
    public record Encoding(String tokenizerSha256, int vocabSize, Integer bosId, Integer eosId) {

        public Encoding {
            if (vocabSize < 1) {
                throw new InvalidInputException("vocab_size of a packed dataset: found " + vocabSize);
            }
            if (bosId != null && (bosId < 0 || bosId >= vocabSize)) {
                throw new InvalidInputException("bos_id " + bosId + " is outside the vocabulary of " + vocabSize);
            }
            if (eosId != null && (eosId < 0 || eosId >= vocabSize)) {
                throw new InvalidInputException("eos_id " + eosId + " is outside the vocabulary of " + vocabSize);
            }
        }

        /** Of a tokenizer and the marks around its documents. */
        public static Encoding of(Tokenizer tokenizer, DocumentMarks marks) {
            return new Encoding(tokenizer.hash(), tokenizer.vocabSize(), boxed(marks.bos()), boxed(marks.eos()));
        }

        private static Integer boxed(OptionalInt id) {
            return id.isPresent() ? id.getAsInt() : null;
        }

        /** What is put around each document. */
        DocumentMarks marks() {
            return new DocumentMarks(unboxed(bosId), unboxed(eosId));
        }

        private static OptionalInt unboxed(Integer id) {
            return id == null ? OptionalInt.empty() : OptionalInt.of(id);
        }

        /** 2 when every id fits in 16 bits, else 4. */
        int tokenBytes() {
            return vocabSize <= 1 << 16 ? 2 : 4;
        }
    }

    /** How much: documents, tokens, and UTF-8 bytes of text. */
    @JsonNaming(SnakeCaseStrategy.class)
    public record Counts(long documents, long tokens, long textBytes) {

        static final Counts ZERO = new Counts(0, 0, 0);

        Counts plus(Counts other) {
            return new Counts(
                    documents + other.documents, tokens + other.tokens, Math.addExact(textBytes, other.textBytes));
        }
    }

    /**
     * One shard, as its writer left it.
     *
     * @param file its name in the directory of the index
     * @param bytes length of the file
     * @param sha256 of the whole file, hex
     * @param source what its texts came from, in any form that tells whether they have changed
     */
    @JsonNaming(SnakeCaseStrategy.class)
    public record Shard(
            String file,
            long documents,
            long tokens,
            long bytes,
            String sha256,
            String source,
            SortedMap<String, Counts> languages,
            SortedMap<String, Counts> datasets) {

        public Shard {
            languages = new TreeMap<>(Map.copyOf(languages));
            datasets = new TreeMap<>(Map.copyOf(datasets));
        }
    }
}
