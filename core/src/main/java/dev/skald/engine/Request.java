package dev.skald.engine;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** What an {@link Engine} is asked for. Token ids only: text is its callers' matter. */
public sealed interface Request permits Request.Generate, Request.Score {

    /** The tokens that are read first; at least one. */
    int[] prompt();

    /** How long the request may take, waiting included; empty: as long as it takes. */
    Optional<Duration> limit();

    /**
     * Sequences that go on after one prompt, which is read once for all of them.
     *
     * @param prompt at least one token
     * @param continuations one for each sequence
     * @param mostTokens how long prompt and continuation become together, at most; the keys and values of one such sequence fit into
     *     the engine's memory
     */
    @SuppressWarnings("ArrayRecordComponent") // read only, and as long as a prompt
    record Generate(int[] prompt, List<Continuation> continuations, int mostTokens, Optional<Duration> limit)
            implements Request {

        /** Keeps its own copy of the list. */
        public Generate {
            if (prompt.length == 0 || continuations.isEmpty() || mostTokens < prompt.length) {
                throw new IllegalArgumentException(prompt.length + " tokens of a prompt, " + continuations.size()
                        + " continuations, " + mostTokens + " tokens at most");
            }
            continuations = List.copyOf(continuations);
        }
    }

    /**
     * How likely given tokens are.
     *
     * @param prompt all tokens
     * @param from the first token whose probability is asked for, 1 or more: the one before it predicts it
     * @param top how many of the most likely ids are asked for in each place, beside the most likely one
     * @param observer sees all scores of each place
     */
    @SuppressWarnings("ArrayRecordComponent")
    record Score(int[] prompt, int from, int top, Optional<Observer> observer, Optional<Duration> limit)
            implements Request {

        /** One that nobody observes. */
        public Score(int[] prompt, int from, int top, Optional<Duration> limit) {
            this(prompt, from, top, Optional.empty(), limit);
        }

        /** Checks the range. */
        public Score {
            if (from < 1 || from >= prompt.length || top < 0) {
                throw new IllegalArgumentException("tokens " + from + " to " + prompt.length + " are asked for, and "
                        + top + " ids in each place");
            }
        }
    }

    /** Chooses the tokens of one sequence. Called on the engine's thread, which waits for it: it has to be quick, and must not block. */
    @FunctionalInterface
    interface Continuation {

        /** Ends the sequence. */
        int END = -1;

        /**
         * The token that follows.
         *
         * @param logits {@code [vocab]}; the callee may change them, and must not keep them
         * @return the token's id, with which the sequence goes on, or {@link #END}
         */
        int next(float[] logits);
    }

    /** Sees what a model says of each place. Called on the engine's thread, which waits for it. */
    @FunctionalInterface
    interface Observer {

        /**
         * The scores of one place; the same place may come again.
         *
         * @param place 0 is the first token that is asked for
         * @param logits {@code [vocab]}; the callee must not change or keep them
         */
        void see(int place, float[] logits);
    }
}
