package dev.skald.tune;

import java.util.Arrays;

/**
 * One row as a model learns it.
 *
 * @param ids its tokens
 * @param labels the same where the token is learned, {@link #NOT_LEARNED} elsewhere
 * @param wanted whether the answer is; of KTO's alone it may not be
 */
@SuppressWarnings("ArrayRecordComponent") // as long as a conversation, and read only
public record Example(int[] ids, int[] labels, boolean wanted) {

    /** The label of a token that is not learned; as PyTorch's cross entropy has it. */
    public static final int NOT_LEARNED = -100;

    /** @throws IllegalArgumentException when there is not a label for each id */
    public Example {
        if (ids.length != labels.length) {
            throw new IllegalArgumentException(ids.length + " ids, " + labels.length + " labels");
        }
    }

    /** A wanted one. */
    public Example(int[] ids, int[] labels) {
        this(ids, labels, true);
    }

    /** Where what is learned begins; the length where nothing is. */
    private int answer() {
        int at = 0;
        while (at < labels.length && labels[at] == NOT_LEARNED) {
            at++;
        }
        return at;
    }

    /** This one's prompt with another's answer; of both what is learned is one answer at the end. */
    public Example answeredBy(Example other) {
        int prompt = answer();
        int from = other.answer();
        int[] all = Arrays.copyOf(ids, prompt + other.ids.length - from);
        System.arraycopy(other.ids, from, all, prompt, other.ids.length - from);
        int[] learned = all.clone();
        Arrays.fill(learned, 0, prompt, NOT_LEARNED);
        return new Example(all, learned, wanted);
    }

    /** The first tokens of it, so many at most. */
    public Example upTo(int length) {
        return length >= ids.length
                ? this
                : new Example(Arrays.copyOf(ids, length), Arrays.copyOf(labels, length), wanted);
    }

    /** How many tokens are learned; the first never is, for nothing is before it. */
    public int learned() {
        int learned = 0;
        for (int i = 1; i < labels.length; i++) {
            if (labels[i] != NOT_LEARNED) {
                learned++;
            }
        }
        return learned;
    }
}
