package dev.skald.evaluate;

import dev.skald.generate.GenerationOptions;
import java.util.List;
import java.util.function.Function;

/**
 * An item before it is answered: what is asked of the model, and what becomes of the answers.
 *
 * @param doc the item's number
 * @param asks one or more
 * @param item from the replies, one for each of {@code asks}
 */
record Asked(int doc, List<Ask> asks, Function<List<Reply>, TaskRun.Item> item) {

    /** What the model is asked for, in token ids. */
    @SuppressWarnings("ArrayRecordComponent") // read only
    sealed interface Ask {

        int[] ids();

        /**
         * How likely tokens are.
         *
         * @param from the first of them; the ones before it are context
         */
        record Score(int[] ids, int from) implements Ask {}

        /** A text that goes on after the tokens. */
        record Text(int[] ids, GenerationOptions options) implements Ask {}
    }

    /** What the model answers. */
    sealed interface Reply {

        /**
         * The log-likelihood of a continuation.
         *
         * @param greedy whether each of its tokens is the most likely one
         */
        record Likelihood(double sum, boolean greedy) implements Reply {}

        /** A text. */
        record Said(String text) implements Reply {}
    }

    /** Tokens of the longest ask. */
    int longest() {
        return asks.stream().mapToInt(ask -> ask.ids().length).max().orElse(0);
    }
}
