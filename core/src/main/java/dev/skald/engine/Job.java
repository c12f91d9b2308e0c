package dev.skald.engine;

import java.time.Duration;
import java.util.OptionalLong;

/** A request from its submission to its end. The engine's thread alone changes it. */
final class Job {

    private final Request request;
    private final Handle handle = new Handle();
    private final long submitted = System.nanoTime();
    private final OptionalLong deadline;
    private final Scores scores;
    private long begun = submitted;
    private long firstToken = submitted;
    private int open;
    private int cached;
    private int prompt;
    private int generated;

    Job(Request request) {
        this.request = request;
        this.deadline = request.limit()
                .map(limit -> OptionalLong.of(submitted + limit.toNanos()))
                .orElseGet(OptionalLong::empty);
        this.scores = switch (request) {
            case Request.Generate _ -> new Scores(0, 0);
            case Request.Score score -> new Scores(score.prompt().length - score.from(), score.top());
        };
        this.open = switch (request) {
            case Request.Generate generate -> generate.continuations().size();
            case Request.Score _ -> 1;
        };
    }

    Request request() {
        return request;
    }

    Handle handle() {
        return handle;
    }

    Scores scores() {
        return scores;
    }

    /** Its prompt is being read from now on, but for positions that the prefix cache had. */
    void begin(int positions) {
        begun = System.nanoTime();
        cached = positions;
    }

    /** So much of the prompt is in the cache. */
    void read(int positions) {
        prompt = Math.max(prompt, Math.min(positions, request.prompt().length));
    }

    void tokenChosen() {
        if (generated == 0) {
            firstToken = System.nanoTime();
        }
        generated++;
    }

    /** Whether it is cancelled or out of time. */
    boolean isToEnd(long now) {
        return handle.isCancelled() || (deadline.isPresent() && now - deadline.getAsLong() >= 0);
    }

    /** One of its sequences is complete; the last one completes the request. */
    void sequenceCompleted() {
        open--;
        if (open == 0) {
            end(Handle.End.COMPLETE);
        }
    }

    /** Cancelled, or out of time. */
    void endAsAsked() {
        end(handle.isCancelled() ? Handle.End.CANCELLED : Handle.End.TIME_LIMIT);
    }

    void fail(Throwable cause) {
        handle.fail(cause);
    }

    private void end(Handle.End how) {
        long now = System.nanoTime();
        Handle.Timing timing = new Handle.Timing(
                Duration.ofNanos(begun - submitted),
                Duration.ofNanos((generated == 0 ? now : firstToken) - submitted),
                Duration.ofNanos(now - submitted));
        handle.complete(new Handle.Outcome(how, prompt, cached, generated, timing, scores.result()));
    }
}
