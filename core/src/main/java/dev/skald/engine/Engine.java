package dev.skald.engine;

import dev.skald.InvalidInputException;
import dev.skald.base.HostMemory;
import dev.skald.cache.KvBlocks;
import dev.skald.cache.KvLayout;
import dev.skald.kernel.LogitLoops;
import dev.skald.model.Llama;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/**
 * Runs requests on a model, together: one thread owns the model and does one step after the other, and requests join and leave between
 * steps. {@link Scheduler} says what a step holds.
 *
 * <p><b>What a sequence gets does not depend on the others</b>, nor on whether it was preempted or found its beginning in the prefix cache: on the CPU
 * bit for bit, by the rule of {@link Track}.
 *
 * <p>{@link #submit} may be called from any thread. {@link #close} ends what runs and waits for the thread: no memory is touched after it.
 */
public final class Engine implements AutoCloseable {

    private static final long IDLE_MILLIS = 60_000;

    private final Llama model;
    private final Limits limits;
    private final KvBlocks pool;
    private final PrefixCache cache;
    private final Scheduler scheduler;
    private final float[] logits;
    private long steps;

    private final Object lifecycle = new Object();
    // Guarded by lifecycle.
    private final Queue<Job> submitted = new ArrayDeque<>();
    /** The one that owns the model while there is work. */
    private Thread owner;

    private boolean closed;
    private boolean freed;

    private volatile State state;

    /**
     * What an engine may take.
     *
     * @param sequences how many are generated at once, at most
     * @param queue how many requests may wait, at most
     * @param cacheBytes memory for keys and values, the prefix cache included; at least one block
     */
    public record Limits(int sequences, int queue, long cacheBytes) {

        private static final double SHARE = 0.8;
        private static final long LEAST = 64L << 20;

        /** Most of the memory that is free beside the model, but no more than so many sequences can fill. */
        public static Limits of(Llama model, int sequences, int queue) {
            return of(model, sequences, queue, 1);
        }

        /**
         * The same of one of several engines, each with a part of the memory.
         *
         * @param engines how many there are, over the same base weights
         */
        public static Limits of(Llama model, int sequences, int queue, int engines) {
            long sequence = (KvLayout.blocks(model.config().max_position_embeddings()) + 1L)
                    * model.cacheLayout().blockBytes();
            long free = (long) (SHARE * (HostMemory.available() - model.weightBytes()) / engines);
            return new Limits(
                    sequences, queue, Math.min(Math.max(free, Math.min(LEAST, sequence)), sequences * sequence));
        }
    }

    /**
     * What an engine is doing.
     *
     * @param active sequences at work
     * @param waiting requests and preempted sequences that wait for room
     * @param usedBlocks blocks of keys and values that sequences hold
     * @param cachedBlocks blocks that only the prefix cache holds, which gives them when they are needed
     * @param blocks all of them
     * @param steps since it was made
     * @param preemptions since it was made
     */
    public record State(
            int active, int waiting, int usedBlocks, int cachedBlocks, int blocks, long steps, long preemptions) {}

    /**
     * An engine; its thread begins with the first request.
     *
     * @param model stays the caller's, who closes it after this
     */
    public Engine(Llama model, Limits limits) {
        this.model = model;
        this.limits = limits;
        long blocks = Math.max(1, limits.cacheBytes / model.cacheLayout().blockBytes());
        this.pool = model.newCaches((int) Math.min(blocks, Integer.MAX_VALUE));
        this.cache = new PrefixCache(pool, Math.max(1, pool.capacity() / 4));
        this.scheduler = new Scheduler(pool, cache, limits.sequences);
        this.logits = new float[model.config().vocab_size()];
        this.state = new State(0, 0, 0, 0, pool.capacity(), 0, 0);
    }

    /**
     * Begins a request, as soon as there is room for it.
     *
     * @throws IllegalStateException when the engine is closed
     * @throws InvalidInputException when the prompt has an id that is none of the model's, or a sequence is longer than the model's positions, or than
     *     the memory for keys and values
     * @throws RejectedExecutionException when too many requests wait
     */
    public Handle submit(Request request) {
        check(request);
        Job job = new Job(request);
        synchronized (lifecycle) {
            if (closed) {
                throw new IllegalStateException("the model is closed");
            }
            int waiting = submitted.size() + state.waiting;
            if (waiting >= limits.queue) {
                throw new RejectedExecutionException("too many requests: " + waiting + " are waiting");
            }
            submitted.add(job);
            if (owner == null) {
                owner = Thread.ofPlatform().name("engine").daemon().start(this::work);
            }
            lifecycle.notifyAll();
        }
        return job.handle();
    }

    /** What it is doing, as of the last step. */
    public State state() {
        return state;
    }

    /**
     * Ends what runs and what waits, whose handles fail with an {@link IllegalStateException}, waits until it has, and frees the keys and values.
     *
     * @throws IllegalStateException on the engine's own thread, which cannot wait for itself
     */
    @Override
    public void close() {
        boolean interrupted = false;
        synchronized (lifecycle) {
            if (Thread.currentThread() == owner) {
                throw new IllegalStateException("the engine is closed by what it calls");
            }
            closed = true;
            lifecycle.notifyAll();
            while (owner != null) {
                try {
                    lifecycle.wait();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (!freed) {
                freed = true;
                pool.close();
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void check(Request request) {
        for (int id : request.prompt()) {
            if (id < 0 || id >= model.config().vocab_size()) {
                throw new InvalidInputException("token id " + id + " is outside the model's vocabulary of "
                        + model.config().vocab_size());
            }
        }
        int most = switch (request) {
            case Request.Generate generate -> generate.mostTokens();
            case Request.Score score -> score.prompt().length - 1; // the last one is not read
        };
        if (most > model.config().max_position_embeddings()) {
            throw new InvalidInputException("a sequence of " + most + " tokens is longer than the model's "
                    + model.config().max_position_embeddings() + " positions");
        }
        requireRoom(1, most);
    }

    /**
     * Checks that sequences alone would find room together.
     *
     * @param tokens of each of them
     * @throws InvalidInputException when their keys and values do not fit into the memory for them
     */
    public void requireRoom(int sequences, int tokens) {
        double blocks = (KvLayout.blocks(tokens) + 1.0) * sequences;
        if (blocks > pool.capacity()) {
            throw new InvalidInputException(String.format(
                    Locale.ROOT,
                    "not enough memory: the keys and values of %d x %d tokens take %.2f GiB, %.2f GiB are there for them"
                            + " (lower max_new_tokens or num_return_sequences)",
                    sequences,
                    tokens,
                    gibibytes(blocks),
                    gibibytes(pool.capacity())));
        }
    }

    /** Tokens of the longest sequence that finds room alone. */
    public int mostTokens() {
        return Math.toIntExact(Math.min(Integer.MAX_VALUE, (pool.capacity() - 1L) * KvLayout.POSITIONS));
    }

    private double gibibytes(double blocks) {
        return blocks * pool.layout().blockBytes() / (1L << 30);
    }

    /** The owner's loop; idle for a while, it ends, and the next request begins another. */
    private void work() {
        while (awaitWork()) {
            try {
                scheduler.removeEnded().forEach(Job::endAsAsked);
                scheduler.admit();
                publish();
                step();
            } catch (RuntimeException | Error e) {
                // A step failed as a whole, memory being short for one: nobody knows whose fault it is.
                scheduler.clear().forEach(job -> job.fail(e));
            }
        }
    }

    /** Takes what was submitted; false when this thread is no longer the owner. */
    private boolean awaitWork() {
        synchronized (lifecycle) {
            publish();
            long end = System.nanoTime() + IDLE_MILLIS * 1_000_000;
            while (!closed && submitted.isEmpty() && scheduler.isIdle() && System.nanoTime() < end) {
                try {
                    lifecycle.wait(IDLE_MILLIS);
                } catch (InterruptedException e) {
                    // What it calls may have left that; nobody ends it so.
                }
            }
            submitted.forEach(scheduler::add);
            submitted.clear();
            if (closed) {
                scheduler.clear().forEach(job -> job.fail(new IllegalStateException("the model was closed")));
            }
            publish();
            if (scheduler.isIdle()) {
                owner = null;
                lifecycle.notifyAll();
                return false;
            }
            return true;
        }
    }

    private void publish() {
        int cached = cache.unused();
        state = new State(
                scheduler.active(),
                scheduler.waiting(),
                pool.capacity() - pool.free() - cached,
                cached,
                pool.capacity(),
                steps,
                scheduler.preemptions());
    }

    /** A span of a step, and whose it is. */
    private record Part(Track track, Llama.Span span, int start) {}

    private void step() {
        try (PointerScope _ = new PointerScope()) {
            List<Part> parts = parts(scheduler.plan());
            if (parts.isEmpty()) {
                return;
            }
            Tensor hidden = model.hidden(parts.stream().map(Part::span).toList());
            steps++;
            Map<Track, Integer> lastRows = new LinkedHashMap<>();
            int row = 0;
            for (Part part : parts) {
                int rows = part.span.ids().length;
                if (part.track.job().request() instanceof Request.Score score) {
                    score(part, hidden.narrow(0, row, rows), score);
                }
                row += rows;
                part.track.keep(cache);
                part.track.job().read(part.track.read());
                if (part.track.isRead()) {
                    lastRows.put(part.track, row - 1);
                }
            }
            lastRows.keySet().stream()
                    .filter(track -> track.continuations().isEmpty())
                    .toList()
                    .forEach(scored -> {
                        lastRows.remove(scored);
                        complete(scored);
                    });
            chooseTokens(hidden, lastRows);
        }
    }

    /** The spans of many rows before the others. */
    private static List<Part> parts(Map<Track, Scheduler.Share> step) {
        List<Part> many = new ArrayList<>();
        List<Part> few = new ArrayList<>();
        step.forEach((track, share) -> {
            int start = track.read();
            for (Llama.Span span : track.spans(share.many(), share.few())) {
                (span.many() ? many : few).add(new Part(track, span, start));
                start += span.ids().length;
            }
        });
        many.addAll(few);
        return many;
    }

    private void score(Part part, Tensor hidden, Request.Score score) {
        attempt(part.track, () -> part.track.job().scores().add(model, hidden, part.span, part.start, score, logits));
    }

    /** @param lastRows where the row of each sequence is that predicts its next token, ascending */
    private void chooseTokens(Tensor hidden, Map<Track, Integer> lastRows) {
        if (lastRows.isEmpty()) {
            return;
        }
        int[] rows = lastRows.values().stream().mapToInt(Integer::intValue).toArray();
        Logits found = Logits.of(model, hidden, rows);
        int row = 0;
        for (Track track : lastRows.keySet()) {
            List<Track> parts = List.of(track);
            if (track.continuations().size() > 1) {
                parts = track.part();
                scheduler.replace(track, parts);
            }
            for (Track part : parts) {
                int own = row;
                attempt(part, () -> {
                    found.row(own, logits);
                    chooseToken(part);
                });
            }
            row++;
        }
    }

    private void chooseToken(Track track) {
        LogitLoops.requireFinite(logits, logits.length);
        int next = track.continuations().getFirst().next(logits);
        if (next >= logits.length || next < Request.Continuation.END) {
            throw new IllegalArgumentException("token id " + next + " was chosen of " + logits.length);
        }
        track.job().tokenChosen();
        if (next != Request.Continuation.END) {
            track.add(next);
        }
        if (next == Request.Continuation.END || track.isLongest()) {
            complete(track);
        }
    }

    private void complete(Track track) {
        if (scheduler.isActive(track)) {
            scheduler.remove(track);
            track.job().sequenceCompleted();
        }
    }

    /** What goes wrong with one request ends it alone. */
    private void attempt(Track track, Runnable action) {
        if (!scheduler.isActive(track)) {
            return;
        }
        try {
            action.run();
        } catch (RuntimeException | Error e) {
            scheduler.removeAll(track.job());
            track.job().fail(e);
        }
    }
}
