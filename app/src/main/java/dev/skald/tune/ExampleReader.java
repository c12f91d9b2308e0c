package dev.skald.tune;

import dev.skald.InvalidInputException;
import dev.skald.base.Progress;
import dev.skald.text.Place;
import dev.skald.text.Row;
import dev.skald.text.RowReader;
import dev.skald.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ForkJoinPool;
import java.util.function.LongPredicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Reads the rows of a data set as examples, on several threads, in order. */
public final class ExampleReader {

    private static final int BATCH = 256;

    private final TuningConfig tuning;
    private final Tokenizer tokenizer;
    private final int sequenceLen;
    private final int threads;
    private final Learned learned;
    private final Formats formats;
    private final Pattern special;

    /** What is learned of rows. */
    public enum Learned {
        /** What they say. */
        TEXTS,
        /** Which of two answers is wanted: two examples each. */
        PAIRS,
        /** Whether an answer is wanted. */
        ANSWERS
    }

    /**
     * @param threads that render and encode
     * @param learned of the rows
     */
    public ExampleReader(TuningConfig tuning, Tokenizer tokenizer, int sequenceLen, int threads, Learned learned) {
        this.tuning = tuning;
        this.tokenizer = tokenizer;
        this.sequenceLen = sequenceLen;
        this.threads = threads;
        this.learned = learned;
        this.formats = new Formats(tuning, tokenizer, sequenceLen);
        this.special = special(tokenizer);
    }

    /** Finds the spellings of special tokens that are unlike any text. */
    private static Pattern special(Tokenizer tokenizer) {
        String spellings = tokenizer.namedTokens().values().stream()
                .filter(token -> token.matches("<.+>|\\[.+]"))
                .distinct()
                .map(Pattern::quote)
                .collect(Collectors.joining("|"));
        return Pattern.compile(spellings.isEmpty() ? "<\\|\\w+\\|>" : "<\\|\\w+\\|>|" + spellings);
    }

    /** Takes what is read. */
    public interface Receiver {
        /** @param place of the row */
        void accept(Place place, Example example) throws IOException;
    }

    private record Read(Place place, List<Example> examples, boolean spellsTokens) {}

    /**
     * Reads a data set.
     *
     * @param receiver takes the examples that are kept, in the order of the rows
     * @return what became of the rows
     * @throws InvalidInputException when a row is not as its type has it, naming file and line
     */
    public ExampleCounts read(ExampleSource source, Receiver receiver) throws IOException {
        ExampleFormat format = switch (learned) {
            case TEXTS -> formats.of(source.type(), source.textField(), source.keys());
            case PAIRS -> formats.preferences(source.type(), source.keys());
            case ANSWERS -> formats.answers(source.type(), source.keys());
        };
        LabelRule rule = formats.labels(source.keys());
        long[] slice = source.slice(source.isPart() ? count(source) : Long.MAX_VALUE);
        LongPredicate shard = source.shard().of(Math.max(0, slice[1] - slice[0]));
        long bytes = 0;
        for (Path file : source.files()) {
            bytes += Files.size(file);
        }
        Tally tally = new Tally(rule);
        try (Progress progress = Progress.ofBytes("reading " + source.name(), bytes);
                ForkJoinPool pool = new ForkJoinPool(threads)) {
            long row = 0;
            for (Path file : source.files()) {
                try (RowReader rows = RowReader.open(file)) {
                    long counted = 0;
                    List<Row> batch = new ArrayList<>();
                    for (Row next = rows.next(); next != null || !batch.isEmpty(); next = rows.next()) {
                        if (next != null && row >= slice[0] && row < slice[1] && shard.test(row - slice[0])) {
                            batch.add(next);
                        }
                        row += next == null ? 0 : 1;
                        if (batch.size() == BATCH || next == null) {
                            for (Read read : encoded(pool, format, batch)) {
                                settle(read, format.together(), tally, receiver);
                            }
                            batch.clear();
                            progress.addBytes(rows.consumed() - counted);
                            counted = rows.consumed();
                        }
                    }
                    progress.addBytes(Files.size(file) - counted);
                }
            }
        }
        return tally.counts();
    }

    private static long count(ExampleSource source) throws IOException {
        long rows = 0;
        for (Path file : source.files()) {
            try (RowReader reader = RowReader.open(file)) {
                while (reader.next() != null) {
                    rows++;
                }
            }
        }
        return rows;
    }

    private List<Read> encoded(ForkJoinPool pool, ExampleFormat format, List<Row> batch) {
        return pool.submit(() ->
                        batch.parallelStream().map(row -> encoded(format, row)).toList())
                .join();
    }

    private Read encoded(ExampleFormat format, Row row) {
        try {
            boolean spells = special.matcher(row.fields().toString()).find();
            return new Read(row.place(), format.examples(row.fields()), spells);
        } catch (InvalidInputException e) {
            throw new InvalidInputException(row.place() + ": " + e.getMessage(), e);
        }
    }

    private void settle(Read read, int together, Tally tally, Receiver receiver) throws IOException {
        tally.rows++;
        tally.spelledTokens += read.spellsTokens ? 1 : 0;
        for (int from = 0; from < read.examples.size(); from += together) {
            List<Example> group = read.examples.subList(from, from + together);
            int longest =
                    group.stream().mapToInt(each -> each.ids().length).max().orElse(0);
            if (longest > sequenceLen) {
                switch (tuning.excessLengthStrategy()) {
                    case "truncate" -> {
                        tally.truncated++;
                        group = group.stream()
                                .map(each -> each.upTo(sequenceLen))
                                .toList();
                    }
                    case "raise" ->
                        throw new InvalidInputException(read.place + ": has " + longest
                                + " tokens, expected at most sequence_len " + sequenceLen);
                    default -> {
                        tally.tooLong++;
                        continue;
                    }
                }
            }
            List<Example> there =
                    group.stream().filter(each -> each.ids().length > 0).toList();
            if (there.stream().anyMatch(each -> each.ids().length < tuning.minSampleLen())) {
                tally.tooShort++;
            } else if (there.stream().anyMatch(each -> each.learned() == 0)) {
                tally.unlabelled++;
            } else if (tuning.datasetExactDeduplication() && !tally.seen.add(hash(group))) {
                tally.duplicates++;
            } else {
                there.forEach(tally::add);
                for (Example example : group) {
                    receiver.accept(read.place, example);
                }
            }
        }
    }

    private static String hash(List<Example> group) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (Example example : group) {
                ByteBuffer bytes = ByteBuffer.allocate(2 * Integer.BYTES * example.ids().length + Integer.BYTES);
                bytes.asIntBuffer().put(example.ids().length).put(example.ids()).put(example.labels());
                digest.update(bytes);
                digest.update((byte) (example.wanted() ? 1 : 0));
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }

    /** Counts while rows are read. */
    private final class Tally {

        private final LabelRule rule;
        private final Set<String> seen = new HashSet<>();
        private int[] learnedOf = new int[1024];
        private int examples;
        private long rows;
        private long tooLong;
        private long tooShort;
        private long unlabelled;
        private long duplicates;
        private long truncated;
        private long tokens;
        private long learned;
        private long ended;
        private long doubleBos;
        private long spelledTokens;

        Tally(LabelRule rule) {
            this.rule = rule;
        }

        void add(Example example) {
            if (examples == learnedOf.length) {
                learnedOf = Arrays.copyOf(learnedOf, 2 * examples);
            }
            int[] ids = example.ids();
            learnedOf[examples++] = example.learned();
            tokens += ids.length;
            learned += example.learned();
            int bos = tokenizer.bosId().orElse(-1);
            doubleBos += ids.length > 1 && ids[0] == bos && ids[1] == bos ? 1 : 0;
            int last = ids.length - 1;
            while (example.labels()[last] == Example.NOT_LEARNED) {
                last--;
            }
            ended += ids[last] == rule.eos() || rule.eot().contains(ids[last]) ? 1 : 0;
        }

        ExampleCounts counts() {
            int[] sorted = Arrays.copyOf(learnedOf, examples);
            Arrays.sort(sorted);
            boolean none = examples == 0;
            return new ExampleCounts(
                    rows,
                    examples,
                    tooLong,
                    tooShort,
                    unlabelled,
                    duplicates,
                    truncated,
                    tokens,
                    learned,
                    none ? 0 : sorted[0],
                    none ? 0 : sorted[examples / 2],
                    none ? 0 : sorted[examples - 1],
                    ended,
                    doubleBos,
                    spelledTokens);
        }
    }
}
