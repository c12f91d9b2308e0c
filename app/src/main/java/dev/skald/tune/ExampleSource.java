package dev.skald.tune;

import dev.skald.InvalidInputException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A data set: where its rows are and how they become examples.
 *
 * @param name for messages and validation
 * @param files in order, their rows one after the other
 * @param textField the field of {@code completion}
 * @param split null, or which rows: {@code train}, {@code train[:20%]}, {@code train[100:200]}
 */
public record ExampleSource(
        String name, List<Path> files, DatasetType type, String textField, ConversationKeys keys, String split) {

    private static final Pattern SLICE = Pattern.compile("\\w+(\\[(-?\\d+%?)?:(-?\\d+%?)?])?");

    /** Keeps a copy; @throws InvalidInputException when the split is none */
    public ExampleSource {
        files = List.copyOf(files);
        if (split != null && !SLICE.matcher(split).matches()) {
            throw new InvalidInputException("datasets: " + name + ": split: found '" + split
                    + "', expected a name, perhaps with a slice: train[:20%], train[100:200]");
        }
    }

    /** Whether it is a slice, for which the number of rows has to be known. */
    boolean isSlice() {
        return split != null && split.contains("[");
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
