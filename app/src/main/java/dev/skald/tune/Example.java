package dev.skald.tune;

/**
 * One row as a model learns it.
 *
 * @param ids its tokens
 * @param labels the same where the token is learned, {@link #NOT_LEARNED} elsewhere
 */
@SuppressWarnings("ArrayRecordComponent") // as long as a conversation, and read only
public record Example(int[] ids, int[] labels) {

    /** The label of a token that is not learned; as PyTorch's cross entropy has it. */
    public static final int NOT_LEARNED = -100;

    /** @throws IllegalArgumentException when there is not a label for each id */
    public Example {
        if (ids.length != labels.length) {
            throw new IllegalArgumentException(ids.length + " ids, " + labels.length + " labels");
        }
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
