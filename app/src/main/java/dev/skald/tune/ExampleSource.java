package dev.skald.tune;

import dev.skald.InvalidInputException;
import dev.skald.base.Permutation;
import java.nio.file.Path;
import java.util.List;
import java.util.function.LongPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A data set: where its rows are and how they become examples.
 *
 * @param name for messages and validation
 * @param files in order, their rows one after the other
 * @param textField the field of {@code completion}
 * @param split null, or which rows: {@code train}, {@code train[:20%]}, {@code train[100:200]}
 * @param shard of those rows
 */
public record ExampleSource(
        String name,
        List<Path> files,
        DatasetType type,
        String textField,
        ConversationKeys keys,
        String split,
        Shard shard) {

    /**
     * One of some parts of the rows, each drawn by a seed and as large as the others, or one row larger: Axolotl's shuffle and shard. The rows of a part
     * stay in the order of the files.
     *
     * @param count of parts; 1: all rows
     * @param index from 0
     */
    public record Shard(int count, int index, long seed) {

        /** All rows. */
        public static final Shard ALL = new Shard(1, 0, 0);

        /** Parts of all seeds are the same where there is one. */
        public Shard {
            seed = count == 1 ? 0 : seed;
        }

        /** Where a part begins, of so many rows that are shuffled: {@code datasets}' rule. */
        private long begin(long part, long rows) {
            return rows / count * part + Math.min(part, rows % count);
        }

        /** Which of so many rows it is of. */
        LongPredicate of(long rows) {
            if (count == 1 || rows == 0) {
                return _ -> true;
            }
            Permutation shuffled = new Permutation(rows, seed, SHUFFLE);
            long from = begin(index, rows);
            long to = begin(index + 1L, rows);
            return row -> shuffled.of(row) >= from && shuffled.of(row) < to;
        }
    }

    /** Another permutation than any epoch's. */
    private static final long SHUFFLE = Long.MIN_VALUE;

    private static final Pattern SLICE = Pattern.compile("\\w+(\\[(-?\\d+%?)?:(-?\\d+%?)?])?");

    /** Keeps a copy; @throws InvalidInputException when the split is none */
    public ExampleSource {
        files = List.copyOf(files);
        if (split != null && !SLICE.matcher(split).matches()) {
            throw new InvalidInputException("datasets: " + name + ": split: found '" + split
                    + "', expected a name, perhaps with a slice: train[:20%], train[100:200]");
        }
    }

    /** Whether it is only some of the rows, for which their number has to be known. */
    boolean isPart() {
        return shard.count() > 1 || (split != null && split.contains("["));
    }

    /** The rows {@code from <= row < to} that it is of so many. */
    long[] slice(long rows) {
        Matcher matcher = SLICE.matcher(split == null ? "train" : split);
        if (!matcher.matches() || matcher.group(1) == null) {
            return new long[] {0, rows};
        }
        return new long[] {place(matcher.group(2), rows, 0), place(matcher.group(3), rows, rows)};
    }

    /** Hugging Face's rule: percents are rounded to the nearest row, negative numbers count from the end. */
    private static long place(String text, long rows, long otherwise) {
        if (text == null) {
            return otherwise;
        }
        long number = text.endsWith("%")
                ? Math.round(Long.parseLong(text.substring(0, text.length() - 1)) * rows / 100.0)
                : Long.parseLong(text);
        return Math.clamp(number < 0 ? rows + number : number, 0, rows);
    }
}
