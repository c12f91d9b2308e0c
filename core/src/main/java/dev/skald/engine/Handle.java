package dev.skald.engine;

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
     * @param promptTokens tokens that were read
     * @param generatedTokens tokens that were chosen, of all sequences together
     * @param logProbabilities of a {@link Request.Score}: of each token asked for, in nats; else empty
     * @param mostLikely of a {@link Request.Score}: the id that was most likely in each place; else empty
     */
    @SuppressWarnings("ArrayRecordComponent")
    public record Outcome(End end, int promptTokens, int generatedTokens, float[] logProbabilities, int[] mostLikely) {}

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
