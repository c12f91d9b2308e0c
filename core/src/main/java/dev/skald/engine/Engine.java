package dev.skald.engine;

import dev.skald.InvalidInputException;
import dev.skald.base.HostMemory;
import dev.skald.model.KeyValueCache;
import dev.skald.model.Llama;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/**
 * Runs requests on a model, together: one thread owns the model and does one step after the other, and requests join and leave between
 * steps. A step is one token for every sequence that is being generated, and beside it one piece of the prompts that are being read, so that a
 * long prompt does not hold up the others. Prompts are read in turn.
 *
 * <p><b>What a sequence gets does not depend on the others,</b> bit for bit: tokens of a step are multiplied as few rows, whose bits do not
 * depend on their number, and a prompt is cut into pieces by its own length, a long piece going through the model by itself, short ones
 * together as few rows.
 *
 * <p>A request is begun when the keys and values that it may need fit into free memory beside those that others may still need; until then it
 * waits, first come, first served.
 *
 * <p>{@link #submit} may be called from any thread. {@link #close} ends what runs and waits for the thread: no memory is touched after it.
 */
public final class Engine implements AutoCloseable {

    /** Rows of short pieces of prompts that are read together. */
    private static final int SHORT_ROWS = 256;

    /** The fewest tokens of a piece that goes by itself. */
    private static final int LONG = Llama.MANY_ROWS;

    private static final long IDLE_SECONDS = 60;

    private final Llama model;
    private final int mostSequences;
    private final BlockingQueue<Job> submitted;
    private final Object lifecycle = new Object();
    /** The one that owns the model while there is work; guarded by {@link #lifecycle}. */
    private Thread owner;

    private volatile boolean closed;

    // The owner's alone.
    private final Queue<Job> waiting = new ArrayDeque<>();
    private final Queue<Job> reading = new ArrayDeque<>();
    private final List<Running> running = new ArrayList<>();

    /**
     * An engine; its thread begins with the first request.
     *
     * @param model stays the caller's, who closes it after this
     * @param mostSequences how many sequences are generated at once, at most
     * @param queue how many requests may wait, at most
     */
    public Engine(Llama model, int mostSequences, int queue) {
        this.model = model;
        this.mostSequences = mostSequences;
        this.submitted = new LinkedBlockingQueue<>(queue);
    }

    /**
     * Begins a request, as soon as there is room for it.
     *
     * @throws IllegalStateException when the engine is closed
     * @throws InvalidInputException when the prompt has an id that is none of the model's, or the request is longer than the model's positions
     * @throws RejectedExecutionException when too many requests wait
     */
    public Handle submit(Request request) {
        check(request);
        Job job = new Job(request);
        synchronized (lifecycle) {
            if (closed) {
                throw new IllegalStateException("the model is closed");
            }
            if (!submitted.offer(job)) {
                throw new RejectedExecutionException("too many requests: " + submitted.size() + " are waiting");
            }
            if (owner == null) {
                owner = Thread.ofPlatform().name("engine").daemon().start(this::work);
            }
        }
        return job.handle;
    }

    /** Ends what runs and what waits, whose handles fail with an {@link IllegalStateException}, and waits until it has. */
    @Override
    public void close() {
        Thread last;
        synchronized (lifecycle) {
            closed = true;
            last = owner;
        }
        if (last == null || last == Thread.currentThread()) {
            return;
        }
        last.interrupt();
        boolean interrupted = false;
        while (last.isAlive()) {
            try {
                last.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Checks that a request alone would find room.
     *
     * @param tokens of each sequence
     * @throws InvalidInputException when the keys and values of so many sequences do not fit into free memory
     */
    public void requireRoom(long sequences, int tokens) {
        double bytes = (double) sequences * tokens * model.cacheBytesPerToken();
        long available = HostMemory.available();
        if (bytes > available) {
            throw new InvalidInputException(String.format(
                    "not enough memory: the key-value cache may need %.1f GiB, %.1f GiB are free (lower max_new_tokens or num_return_sequences)",
                    bytes / (1L << 30), available / (double) (1L << 30)));
        }
    }

    private void check(Request request) {
        for (int id : request.prompt()) {
            if (id < 0 || id >= model.config().vocab_size()) {
                throw new InvalidInputException("token id " + id + " is outside the model's vocabulary of "
                        + model.config().vocab_size());
            }
        }
        if (tokens(request) > model.config().max_position_embeddings()) {
            throw new InvalidInputException("a sequence of " + tokens(request) + " tokens is longer than the model's "
                    + model.config().max_position_embeddings() + " positions");
        }
    }

    private static int tokens(Request request) {
        return switch (request) {
            case Request.Generate generate -> generate.mostTokens();
            case Request.Score score -> score.prompt().length;
        };
    }

    /** The owner's loop; idle for a while, it ends, and the next request begins another. */
    private void work() {
        while (true) {
            try {
                if (isIdle()) {
                    Job job = submitted.poll(IDLE_SECONDS, TimeUnit.SECONDS);
                    if (job == null) {
                        synchronized (lifecycle) {
                            if (submitted.isEmpty()) {
                                owner = null;
                                return;
                            }
                        }
                    } else {
                        waiting.add(job);
                    }
                }
                if (closed) {
                    throw new InterruptedException();
                }
                submitted.drainTo(waiting);
                endAskedFor();
                admit();
                step();
                read();
            } catch (InterruptedException e) {
                endAll(new IllegalStateException("the model was closed"));
                return;
            } catch (RuntimeException | Error e) {
                // A step failed as a whole, memory being short for one: nobody knows whose fault it is.
                endAll(e);
                if (closed) {
                    return;
                }
            }
        }
    }

    private boolean isIdle() {
        return waiting.isEmpty() && reading.isEmpty() && running.isEmpty();
    }

    private void endAll(Throwable cause) {
        submitted.drainTo(waiting);
        List<Job> jobs = new ArrayList<>(waiting);
        jobs.addAll(reading);
        running.forEach(sequence -> jobs.add(sequence.job));
        running.forEach(Running::free);
        jobs.forEach(job -> job.fail(cause));
        waiting.clear();
        reading.clear();
        running.clear();
    }

    private void endAskedFor() {
        long now = System.nanoTime();
        for (Queue<Job> queue : List.of(waiting, reading)) {
            for (Iterator<Job> jobs = queue.iterator(); jobs.hasNext(); ) {
                Job job = jobs.next();
                if (job.isToEnd(now)) {
                    jobs.remove();
                    job.endAsAsked();
                }
            }
        }
        for (Iterator<Running> sequences = running.iterator(); sequences.hasNext(); ) {
            Running sequence = sequences.next();
            if (sequence.job.isToEnd(now)) {
                sequences.remove();
                sequence.free();
                sequence.job.sequenceEnded();
                if (sequence.job.sequences == 0) {
                    sequence.job.endAsAsked();
                }
            }
        }
    }

    private void admit() {
        while (!waiting.isEmpty()) {
            Job job = waiting.peek();
            boolean alone = reading.isEmpty() && running.isEmpty();
            int sequences =
                    running.size() + reading.stream().mapToInt(Job::width).sum();
            if (!alone && (sequences + job.width() > mostSequences || job.bytes() > free())) {
                return;
            }
            waiting.remove();
            try {
                if (alone) {
                    requireRoom(job.width(), job.mostTokens());
                }
                job.cache = model.newCache();
                reading.add(job);
            } catch (InvalidInputException e) {
                job.fail(e);
            }
        }
    }

    /** Memory that is free once those at work have all they may need. */
    private double free() {
        double promised = reading.stream().mapToDouble(Job::bytes).sum();
        for (Running sequence : running) {
            promised += (double) (sequence.job.mostTokens() - sequence.cache.length()) * model.cacheBytesPerToken();
        }
        return HostMemory.available() - promised;
    }

    /** Gives every sequence its next token. */
    private void step() {
        if (running.isEmpty()) {
            return;
        }
        List<Llama.Segment> segments = running.stream()
                .map(sequence -> new Llama.Segment(new int[] {sequence.last}, sequence.cache))
                .toList();
        try (PointerScope _ = new PointerScope()) {
            Logits logits = new Logits(model.logits(model.hidden(segments)));
            List<Running> stepped = List.copyOf(running);
            running.clear();
            for (int i = 0; i < stepped.size(); i++) {
                goOn(stepped.get(i), logits.row(i));
            }
        }
    }

    private void goOn(Running sequence, float[] logits) {
        Job job = sequence.job;
        int next;
        try {
            next = sequence.continuation.next(logits);
        } catch (RuntimeException e) {
            sequence.free();
            job.handle.fail(e);
            job.handle.cancel();
            job.sequenceEnded();
            return;
        }
        job.generated++;
        if (next == Request.Continuation.END) {
            sequence.free();
            job.sequenceEnded();
            if (job.sequences == 0) {
                job.complete();
            }
        } else {
            sequence.last = next;
            running.add(sequence);
        }
    }

    /** Reads a piece of the prompts: a long one of the prompt whose turn it is, or short ones of several. */
    private void read() {
        List<Job> jobs = new ArrayList<>();
        int rows = 0;
        while (!reading.isEmpty()) {
            int piece = reading.peek().piece();
            if (rows > 0 && (piece >= LONG || rows + piece > SHORT_ROWS)) {
                break;
            }
            rows += piece;
            jobs.add(reading.remove());
            if (piece >= LONG) {
                break;
            }
        }
        if (jobs.isEmpty()) {
            return;
        }
        try (PointerScope _ = new PointerScope()) {
            List<Llama.Segment> segments = jobs.stream().map(Job::next).toList();
            Tensor hidden = model.hidden(segments);
            int row = 0;
            for (int i = 0; i < jobs.size(); i++) {
                int count = segments.get(i).ids().length;
                afterReading(jobs.get(i), hidden.narrow(0, row, count));
                row += count;
            }
        } catch (RuntimeException | Error e) {
            reading.addAll(jobs); // so that they end with the others
            throw e;
        }
    }

    private void afterReading(Job job, Tensor hidden) {
        switch (job.request) {
            case Request.Score score -> {
                job.scores.add(model, hidden, score, job.read);
                if (job.isRead()) {
                    job.complete();
                } else {
                    reading.add(job);
                }
            }
            case Request.Generate generate -> {
                if (!job.isRead()) {
                    reading.add(job);
                    return;
                }
                Logits logits = new Logits(model.logits(hidden.narrow(0, hidden.size(0) - 1, 1)));
                KeyValueCache cache = job.cache;
                job.cache = null;
                List<Running> begun = new ArrayList<>();
                for (Request.Continuation continuation : generate.continuations()) {
                    begun.add(new Running(job, continuation, begun.isEmpty() ? cache : cache.fork()));
                }
                begun.forEach(sequence -> goOn(sequence, logits.row(0)));
            }
        }
    }

    /** A request at work. */
    private final class Job {
        private final Request request;
        private final Handle handle = new Handle();
        private final OptionalLong deadline;
        private final Scores scores;
        private KeyValueCache cache;
        /** Tokens of the prompt that have been read. */
        private int read;

        private int sequences;
        private int generated;

        Job(Request request) {
            this.request = request;
            this.deadline = request.limit()
                    .map(limit -> OptionalLong.of(System.nanoTime() + limit.toNanos()))
                    .orElseGet(OptionalLong::empty);
            this.sequences = width();
            this.scores = new Scores(
                    switch (request) {
                        case Request.Generate _ -> 0;
                        case Request.Score score -> score.prompt().length - score.from();
                    });
        }

        int width() {
            return switch (request) {
                case Request.Generate generate -> generate.continuations().size();
                case Request.Score _ -> 1;
            };
        }

        int mostTokens() {
            return tokens(request);
        }

        double bytes() {
            return (double) width() * mostTokens() * model.cacheBytesPerToken();
        }

        /** How many tokens the next piece of the prompt has; the last token of scored ones predicts nothing that is asked for. */
        int piece() {
            return Math.min(Llama.PREFILL_ROWS, end() - read);
        }

        private int end() {
            return switch (request) {
                case Request.Generate generate -> generate.prompt().length;
                case Request.Score score -> score.prompt().length - 1;
            };
        }

        boolean isRead() {
            return read == end();
        }

        Llama.Segment next() {
            int from = read;
            read += piece();
            return new Llama.Segment(Arrays.copyOfRange(request.prompt(), from, read), cache);
        }

        boolean isToEnd(long now) {
            return handle.isCancelled() || (deadline.isPresent() && now - deadline.getAsLong() >= 0);
        }

        void sequenceEnded() {
            sequences--;
        }

        /** Cancelled, or out of time. */
        void endAsAsked() {
            end(handle.isCancelled() ? Handle.End.CANCELLED : Handle.End.TIME_LIMIT);
        }

        void complete() {
            end(Handle.End.COMPLETE);
        }

        private void end(Handle.End how) {
            free();
            handle.complete(new Handle.Outcome(how, read, generated, scores.logProbabilities, scores.mostLikely));
        }

        void fail(Throwable cause) {
            free();
            handle.fail(cause);
        }

        private void free() {
            if (cache != null) {
                cache.close();
                cache = null;
            }
        }
    }

    /** A sequence that is being generated. */
    private static final class Running {
        private final Job job;
        private final Request.Continuation continuation;
        private final KeyValueCache cache;
        private int last;

        Running(Job job, Request.Continuation continuation, KeyValueCache cache) {
            this.job = job;
            this.continuation = continuation;
            this.cache = cache;
        }

        void free() {
            cache.close();
        }
    }
}
