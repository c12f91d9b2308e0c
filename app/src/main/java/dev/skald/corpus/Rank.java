package dev.skald.corpus;

/**
 * A number that is lower for a document that is rather kept, by the recipe's survivor rules; equal numbers are decided by the id, that is by
 * the order of the input. Because ranks are compared before ids everywhere, the smallest node of a cluster is its survivor.
 */
final class Rank {

    private static final long MOST_BYTES = (1L << 40) - 1;

    private Rank() {}

    static long of(Recipe recipe, int source, long bytes) {
        long rank = 0;
        for (String rule : recipe.fuzzyDedup().survivor()) {
            switch (rule) {
                case "priority" ->
                    rank = rank << 8 | 127 - recipe.sources().get(source).priority();
                case "longest" -> rank = rank << 40 | MOST_BYTES - Math.min(bytes, MOST_BYTES);
                case "earliest" -> {
                    return rank;
                }
                default -> throw new IllegalArgumentException(rule);
            }
        }
        return rank;
    }
}
