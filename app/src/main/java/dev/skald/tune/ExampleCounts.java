package dev.skald.tune;

import java.util.Locale;

/**
 * What became of a data set's rows.
 *
 * @param rows that were read
 * @param examples that are learned from
 * @param tooLong dropped: longer than {@code sequence_len}
 * @param tooShort dropped: shorter than {@code min_sample_len}
 * @param unlabelled dropped: nothing of them is learned
 * @param duplicates dropped
 * @param truncated kept without their end
 * @param tokens of the examples
 * @param learned of those the ones that are learned
 * @param leastLearned of an example
 * @param medianLearned of an example
 * @param mostLearned of an example
 * @param ended examples whose last learned token ends a message or a text
 * @param doubleBos examples that begin with two begin tokens
 * @param spelledTokens rows whose texts spell a special token, which stays text
 */
public record ExampleCounts(
        long rows,
        long examples,
        long tooLong,
        long tooShort,
        long unlabelled,
        long duplicates,
        long truncated,
        long tokens,
        long learned,
        long leastLearned,
        long medianLearned,
        long mostLearned,
        long ended,
        long doubleBos,
        long spelledTokens) {

    /** One line for the check before a run. */
    public String describe() {
        StringBuilder line = new StringBuilder(String.format(
                Locale.ROOT,
                "%,d rows, %,d examples; %,d tokens, %,d learned (%.1f %%; %,d to %,d in one, median %,d); %.1f %% end with an end token",
                rows,
                examples,
                tokens,
                learned,
                100.0 * learned / Math.max(1, tokens),
                leastLearned,
                mostLearned,
                medianLearned,
                100.0 * ended / Math.max(1, examples)));
        add(line, tooLong, "dropped, longer than sequence_len");
        add(line, tooShort, "dropped, shorter than min_sample_len");
        add(line, unlabelled, "dropped, nothing in them is learned");
        add(line, duplicates, "dropped, the same as another");
        add(line, truncated, "cut to sequence_len, their end is lost");
        add(line, doubleBos, "begin with two begin tokens");
        add(line, spelledTokens, "spell a special token, which is read as text");
        return line.toString();
    }

    private static void add(StringBuilder line, long count, String what) {
        if (count > 0) {
            line.append(String.format(Locale.ROOT, "; %,d %s", count, what));
        }
    }
}
