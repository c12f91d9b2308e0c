package dev.skald.generate;

import dev.skald.engine.Engine;
import dev.skald.engine.Handle;
import dev.skald.engine.Request;
import dev.skald.tokenizer.Tokenizer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * The texts of one call while they are generated: pieces of text, which the calling thread takes when it is ready, so that a slow reader holds
 * nobody up, and the results at the end. {@link #close} ends what has not ended yet. For one thread.
 */
public final class TextStream implements AutoCloseable {

    private static final Duration ANY_TIME = Duration.ofDays(10_000);

    private final List<Sequence> sequences = new ArrayList<>();
    private final List<Handle> handles = new ArrayList<>();
    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private int open;

    /** What a stream has to tell. */
    public sealed interface Event permits Piece, Waiting, End {}

    /**
     * More of a text.
     *
     * @param sequence which text: prompts in order, each with its sequences
     * @param text whole characters that follow what was told before; empty where only scores are new
     * @param scores of the tokens since the last piece, where they were asked for
     */
    public record Piece(int sequence, String text, List<ScoredToken> scores) implements Event {}

    /** Nothing came in the time that the caller would wait. */
    public record Waiting() implements Event {}

    /** A request has ended; to the caller: all have. */
    public record End() implements Event {}

    TextStream(
            Engine engine,
            int positions,
            Tokenizer tokenizer,
            GenerationConfig config,
            Scratch scratch,
            Grammars grammars,
            List<Prompt> prompts) {
        SplittableRandom seeds =
                config.seed().isPresent() ? new SplittableRandom(config.seed().getAsLong()) : new SplittableRandom();
        long started = System.nanoTime();
        List<Request> requests = new ArrayList<>();
        for (Prompt prompt : prompts) {
            int limit = config.lengthLimit(prompt.ids().length, positions);
            engine.requireRoom(config.num_return_sequences(), limit);
            Sequence.Plan plan = new Sequence.Plan(prompt, config, tokenizer, limit, scratch, grammars, started);
            List<Request.Continuation> continuations = new ArrayList<>();
            for (int i = 0; i < config.num_return_sequences(); i++) {
                Sequence sequence = new Sequence(
                        sequences.size(),
                        plan,
                        seeds.nextLong(),
                        (index, text, scores) -> events.add(new Piece(index, text, scores)));
                sequences.add(sequence);
                continuations.add(sequence);
            }
            requests.add(new Request.Generate(prompt.ids(), continuations, limit, config.timeLimit()));
        }
        open = requests.size();
        try {
            for (Request request : requests) {
                Handle handle = engine.submit(request);
                handles.add(handle);
                handle.whenEnded(() -> events.add(new End()));
            }
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /**
     * Waits for the next piece of any text, or the end of all.
     *
     * @throws RuntimeException why a text could not be completed
     */
    public Event next() {
        return next(ANY_TIME);
    }

    /**
     * Waits for the next piece of any text, or the end of all, but no longer than {@code most}.
     *
     * @throws RuntimeException why a text could not be completed
     * @throws IllegalStateException when this thread is interrupted, which ends the texts
     */
    public Event next(Duration most) {
        try {
            while (open > 0) {
                switch (events.poll(most.toMillis(), TimeUnit.MILLISECONDS)) {
                    case null -> {
                        return new Waiting();
                    }
                    case Piece piece -> {
                        return piece;
                    }
                    case Waiting waiting -> {
                        return waiting;
                    }
                    case End _ -> open--;
                }
            }
        } catch (InterruptedException e) {
            close();
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while a text was generated", e);
        }
        for (int i = 0; i < handles.size(); i++) {
            if (handles.get(i).await().end() == Handle.End.TIME_LIMIT) {
                sequencesOf(i).forEach(Sequence::endByTime);
            }
        }
        return new End();
    }

    private List<Sequence> sequencesOf(int request) {
        int width = sequences.size() / handles.size();
        return sequences.subList(request * width, (request + 1) * width);
    }

    /**
     * The texts, once {@link #next} has told of the end: per prompt as many as {@code numReturnSequences} says, in order.
     *
     * @throws RuntimeException why a text could not be completed
     */
    public List<Generation> results() {
        List<Generation> results = new ArrayList<>();
        for (int i = 0; i < handles.size(); i++) {
            int cached = handles.get(i).await().cachedTokens();
            sequencesOf(i).forEach(sequence -> results.add(sequence.result(cached)));
        }
        return results;
    }

    /** How each prompt's request ended, and how long it took; waits for the end. */
    public List<Handle.Outcome> outcomes() {
        return handles.stream().map(Handle::await).toList();
    }

    /** Ends what has not ended yet. */
    @Override
    public void close() {
        handles.forEach(Handle::cancel);
    }
}
