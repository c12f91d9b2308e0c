package dev.skald.generate;

import dev.skald.engine.Engine;
import dev.skald.engine.Handle;
import dev.skald.engine.Request;
import dev.skald.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * The texts of one call: requests to the engine, and the pieces of text that come back, which the calling thread takes when it is ready, so that
 * a slow reader holds nobody up.
 */
final class Call implements AutoCloseable {

    private final List<Sequence> sequences = new ArrayList<>();
    private final List<Handle> handles = new ArrayList<>();
    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private int open;

    /** What the engine's thread tells the caller. */
    sealed interface Event permits Piece, Ended {}

    /** A piece of a sequence's text. */
    record Piece(int sequence, String text) implements Event {}

    /** A request has ended. */
    record Ended() implements Event {}

    Call(
            Engine engine,
            int positions,
            Tokenizer tokenizer,
            GenerationConfig config,
            Scratch scratch,
            List<Prompt> prompts) {
        SplittableRandom seeds =
                config.seed().isPresent() ? new SplittableRandom(config.seed().getAsLong()) : new SplittableRandom();
        long started = System.nanoTime();
        List<Request> requests = new ArrayList<>();
        for (Prompt prompt : prompts) {
            int limit = config.lengthLimit(prompt.ids().length, positions);
            engine.requireRoom(config.num_return_sequences(), limit);
            List<Request.Continuation> continuations = new ArrayList<>();
            for (int i = 0; i < config.num_return_sequences(); i++) {
                Sequence sequence = new Sequence(
                        sequences.size(),
                        prompt.ids(),
                        prompt.text(),
                        config,
                        tokenizer,
                        limit,
                        scratch,
                        seeds.nextLong(),
                        started,
                        (index, text) -> events.add(new Piece(index, text)));
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
                handle.whenEnded(() -> events.add(new Ended()));
            }
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /**
     * The next piece of any text; empty when all texts are complete.
     *
     * @throws RuntimeException why a text could not be completed
     */
    Optional<Piece> next() {
        try {
            while (open > 0) {
                switch (events.take()) {
                    case Piece piece -> {
                        return Optional.of(piece);
                    }
                    case Ended _ -> open--;
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
        return Optional.empty();
    }

    private List<Sequence> sequencesOf(int request) {
        int width = sequences.size() / handles.size();
        return sequences.subList(request * width, (request + 1) * width);
    }

    List<Generation> results() {
        return sequences.stream().map(Sequence::result).toList();
    }

    /** Ends what has not ended yet. */
    @Override
    public void close() {
        handles.forEach(Handle::cancel);
    }
}
