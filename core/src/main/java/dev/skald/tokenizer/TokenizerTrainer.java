package dev.skald.tokenizer;

import dev.skald.InvalidInputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;

/**
 * Trains a byte-level BPE tokenizer with the pattern of Llama 3 and writes it as a tokenizer.json: {@link #read(String)} texts, then {@link #train} and
 * {@link Trained#write}. The same texts in the same order give the same tokenizer. Not thread-safe.
 *
 * <p>Texts are counted and let go; what is held is one count for each different piece of text. Beyond {@link Options#maxPieces} of them the rarest half is
 * forgotten, which bounds the memory (about 60 bytes a piece while counting and 200 while merging) and costs counts at the rare end, where no merge is made.
 */
public final class TokenizerTrainer {

    /** Longer pieces are counted in parts of this many bytes: no token is as long. */
    private static final int LONGEST_PIECE = 256;

    /**
     * What to train.
     *
     * @param vocabSize all tokens: 256 bytes, merges, special ones
     * @param specialTokens get the highest ids, in this order
     * @param bos the special token that tokenizer_config.json names as begin of text
     * @param eos the special token that tokenizer_config.json names as end of text
     * @param addBos whether encoding with special tokens puts bos first
     * @param minFrequency a pair that occurs less often is not merged
     * @param maxPieces how many different pieces are counted at once
     */
    public record Options(
            int vocabSize,
            List<String> specialTokens,
            String bos,
            String eos,
            boolean addBos,
            long minFrequency,
            int maxPieces) {

        /** The tokens that Llama 3 begins and ends a text with. */
        public static final List<String> DEFAULT_SPECIAL_TOKENS = List.of("<|begin_of_text|>", "<|end_of_text|>");

        /** How many pieces are counted at once when nothing else is said. */
        public static final int DEFAULT_MAX_PIECES = 4_000_000;

        /** Checks the options. */
        public Options {
            specialTokens = List.copyOf(specialTokens);
            if (new HashSet<>(specialTokens).size() < specialTokens.size() || specialTokens.contains("")) {
                throw new InvalidInputException("special tokens: expected different ones, found " + specialTokens);
            }
            for (String named : List.of(bos, eos)) {
                if (!specialTokens.contains(named)) {
                    throw new InvalidInputException(
                            "\"" + named + "\" is not one of the special tokens " + specialTokens);
                }
            }
            int least = 256 + specialTokens.size();
            if (vocabSize < least || vocabSize > Vocabulary.MAX_SIZE) {
                throw new InvalidInputException("vocabulary size: expected " + least
                        + " (the bytes and the special tokens) to " + Vocabulary.MAX_SIZE + ", found " + vocabSize);
            }
            if (minFrequency < 1) {
                throw new InvalidInputException("minimum frequency: expected 1 or more, found " + minFrequency);
            }
            if (maxPieces < 1000) {
                throw new InvalidInputException("pieces at once: expected 1000 or more, found " + maxPieces);
            }
        }

        /** A vocabulary of this size with everything else as usual. */
        public static Options of(int vocabSize) {
            return new Options(
                    vocabSize,
                    DEFAULT_SPECIAL_TOKENS,
                    DEFAULT_SPECIAL_TOKENS.get(0),
                    DEFAULT_SPECIAL_TOKENS.get(1),
                    true,
                    2,
                    DEFAULT_MAX_PIECES);
        }
    }

    /**
     * What was read.
     *
     * @param bytes of text
     * @param pieces of text
     * @param differentPieces held at the end
     * @param forgottenPieces that were dropped because there were too many different ones
     */
    public record Counts(long bytes, long pieces, int differentPieces, long forgottenPieces) {}

    private final Options options;
    private final Scanner scanner = Scanner.of(Scanner.llama3()).orElseThrow();
    private final PieceCounts counts;
    private long bytes;
    private long pieces;

    /** A trainer that has read nothing. */
    public TokenizerTrainer(Options options) {
        this.options = options;
        counts = new PieceCounts(options.maxPieces());
    }

    /** Reads a text. */
    public void read(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        read(utf8, 0, utf8.length);
    }

    /** Reads a text in UTF-8, known to be well formed: the bytes {@code from} to before {@code to}. */
    public void read(byte[] utf8, int from, int to) {
        bytes += to - from;
        for (int at = from; at < to; ) {
            int end = scanner.next(utf8, at, to);
            for (; at < end; at += LONGEST_PIECE) {
                counts.add(utf8, at, Math.min(end, at + LONGEST_PIECE));
            }
            pieces++;
            at = end;
        }
    }

    /** What was read so far. */
    public Counts counts() {
        return new Counts(bytes, pieces, counts.pieces(), counts.forgotten());
    }

    /**
     * Learns the merges.
     *
     * @throws InvalidInputException if nothing was read
     */
    public Trained train() {
        if (pieces == 0) {
            throw new InvalidInputException("no text to train a tokenizer on");
        }
        int merges = options.vocabSize() - 256 - options.specialTokens().size();
        return new Trained(
                options, new BytePairTrainer(counts, ByteAlphabet.ids()).learn(merges, options.minFrequency()));
    }

    /** A trained tokenizer. */
    public static final class Trained {
        private final Options options;
        private final List<BytePairTrainer.Merge> merges;

        private Trained(Options options, List<BytePairTrainer.Merge> merges) {
            this.options = options;
            this.merges = merges;
        }

        /** All tokens; fewer than asked for if the text had no more pairs to merge. */
        public int vocabSize() {
            return 256 + merges.size() + options.specialTokens().size();
        }

        /**
         * Writes tokenizer.json and tokenizer_config.json, each beside its target first.
         *
         * @param directory made if absent
         */
        public void write(Path directory) throws IOException {
            new TokenizerWriter(options, merges).write(directory);
        }
    }
}
