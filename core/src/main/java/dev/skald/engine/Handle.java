package dev.skald.engine;

import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** A request that was submitted. Thread-safe. */
public final class Handle {

    private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    private volatile boolean cancelled;

    Handle() {}

    /** How a request ended. */
    public enum End {
        /** All that was asked for is there. */
        COMPLETE,
        /** {@link Handle#cancel} ended it; what was generated before is good. */
        CANCELLED,
        /** Its time was up; what was generated before is good. */
        TIME_LIMIT
    }

    /**
     * What a request came to.
     *
     * @param promptTokens tokens of the prompt that were read, or found in the prefix cache; of a {@link Request.Score} without the last
     * @param cachedTokens those of them that were found there
     * @param generatedTokens tokens that were chosen, of all sequences together
     * @param scores of a {@link Request.Score}; else of no tokens
     */
    public record Outcome(
            End end, int promptTokens, int cachedTokens, int generatedTokens, Timing timing, TokenScores scores) {}

    /**
     * How long a request took, from its submission on.
     *
     * @param untilBegun its prompt began to be read
     * @param untilFirstToken its first token was chosen, or it ended without
     * @param untilEnded it ended
     */
    public record Timing(Duration untilBegun, Duration untilFirstToken, Duration untilEnded) {}

    /**
     * The probabilities of the tokens that were asked for.
     *
     * @param logProbabilities of each token, in nats
     * @param mostLikely the most likely id in each place
     * @param topIds in each place the most likely ids, as many as were asked for, the most likely first
     * @param topLogProbabilities theirs, in nats
     */
    @SuppressWarnings("ArrayRecordComponent")
    public record TokenScores(
            float[] logProbabilities, int[] mostLikely, int[][] topIds, float[][] topLogProbabilities) {}

    /** Asks that the request ends at the next opportunity: between two steps, or two chunks of its prompt. */
    public void cancel() {
        cancelled = true;
    }

    /** Calls {@code then} when the request has ended, well or not: on the engine's thread, or at once where it has ended already. */
    public void whenEnded(Runnable then) {
        CompletableFuture<Outcome> _ = outcome.whenComplete((_, _) -> then.run());
    }

    /**
     * Waits for the request to end.
     *
     * @throws IllegalStateException when the engine was closed before
     * @throws RuntimeException what the continuation or the model threw
     */
    public Outcome await() {
        try {
            return outcome.join();
        } catch (CompletionException e) {
            switch (e.getCause()) {
                case RuntimeException cause -> throw cause;
                case Error cause -> throw cause;
                default -> throw e;
            }
        } catch (CancellationException e) {
            throw new IllegalStateException("the request was cancelled", e);
        }
    }

    boolean isCancelled() {
        return cancelled;
    }

    void complete(Outcome ended) {
        outcome.complete(ended);
    }

    void fail(Throwable cause) {
        outcome.completeExceptionally(cause);
    }
}
