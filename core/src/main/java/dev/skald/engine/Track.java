package dev.skald.engine;

import dev.skald.cache.KvBlocks;
import dev.skald.cache.KvLayout;
import dev.skald.cache.KvSequence;
import dev.skald.model.Llama;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * One sequence at work: its ids, and as many of their keys and values as have been read. Reading a prompt, giving it the next token and reading
 * all of it again after a preemption are one thing: the ids that are not in the cache yet go through the model.
 *
 * <p>Which ids are multiplied as many rows, and where, depends on the prompt's length alone: its whole runs are, everything after them goes as few
 * rows, in pieces of any size. So a sequence has the same bits whoever is beside it, and however often it is read.
 */
final class Track {

    private final Job job;
    /** Chooses its tokens; several before the prompt is read, when they part; none where ids are only scored. */
    private final List<Request.Continuation> continuations;

    private final int manyEnd;
    private final KvSequence kv;
    private final List<PrefixCache.Entry> path = new ArrayList<>();
    private int[] ids;
    private int length;

    private Track(
            Job job, List<Request.Continuation> continuations, int manyEnd, int[] ids, int length, KvSequence kv) {
        this.job = job;
        this.continuations = continuations;
        this.manyEnd = manyEnd;
        this.ids = ids;
        this.length = length;
        this.kv = kv;
    }

    /** A request's sequence before anything of it is read. */
    static Track of(Job job, KvBlocks pool) {
        int[] ids = job.request().prompt();
        return switch (job.request()) {
            case Request.Generate generate ->
                new Track(job, generate.continuations(), runs(ids.length), ids.clone(), ids.length, pool.newSequence());
            case Request.Score _ -> { // the last id predicts nothing that is asked for
                int read = ids.length - 1;
                yield new Track(job, List.of(), runs(read), Arrays.copyOf(ids, read), read, pool.newSequence());
            }
        };
    }

    /** One for each continuation, the first of which goes on with this one's cache, and the others with forks. */
    List<Track> part() {
        List<Track> parts = new ArrayList<>();
        for (Request.Continuation continuation : continuations) {
            KvSequence own = parts.isEmpty() ? kv : kv.fork();
            Track part = new Track(job, List.of(continuation), manyEnd, ids.clone(), length, own);
            part.path.addAll(path);
            parts.add(part);
        }
        return parts;
    }

    private static int runs(int tokens) {
        return tokens / Llama.RUN * Llama.RUN;
    }

    Job job() {
        return job;
    }

    List<Request.Continuation> continuations() {
        return continuations;
    }

    /** How many sequences it is, or will be. */
    int width() {
        return Math.max(1, continuations.size());
    }

    /** Positions that are in the cache. */
    int read() {
        return kv.length();
    }

    /** Ids that are not in the cache. */
    int left() {
        return length - kv.length();
    }

    boolean isRead() {
        return left() == 0;
    }

    /** Whether all that is left is the token that was chosen last. */
    boolean isNext() {
        return left() == 1 && length > job.request().prompt().length;
    }

    /** Whether it may not become longer. */
    boolean isLongest() {
        return job.request() instanceof Request.Generate generate && length >= generate.mostTokens();
    }

    /** How many of the ids that are left are multiplied as many rows. */
    int manyLeft() {
        return Math.max(0, manyEnd - kv.length());
    }

    void add(int id) {
        if (length == ids.length) {
            ids = Arrays.copyOf(ids, length + Math.max(64, length / 2));
        }
        ids[length++] = id;
    }

    /** Blocks of the pool that it takes to read all that is left, and to go on. */
    int needed() {
        return kv.needed(left()) + width();
    }

    boolean reserve(int rows) {
        return kv.reserve(rows);
    }

    /** The spans of the next {@code many} rows and {@code few} rows after them. */
    List<Llama.Span> spans(int many, int few) {
        int from = kv.length();
        List<Llama.Span> spans = new ArrayList<>();
        if (many > 0) {
            spans.add(new Llama.Span(Arrays.copyOfRange(ids, from, from + many), kv, true));
        }
        if (few > 0) {
            spans.add(new Llama.Span(Arrays.copyOfRange(ids, from + many, from + many + few), kv, false));
        }
        return spans;
    }

    /** Takes what the cache has of its beginning; before anything is read. */
    void adopt(PrefixCache cache) {
        List<PrefixCache.Entry> found = cache.find(ids, manyEnd, reusable());
        kv.adopt(found.stream().map(PrefixCache.Entry::block).toList());
        path.addAll(found);
    }

    /** The row that predicts something that is asked for is computed, not taken from the cache. */
    private int reusable() {
        return switch (job.request()) {
            case Request.Generate _ -> length - 1;
            case Request.Score score -> score.from() - 1;
        };
    }

    /** Gives blocks that have become full to the cache, or takes the cache's in their place. */
    void keep(PrefixCache cache) {
        for (int from = path.size() * KvLayout.POSITIONS; from + KvLayout.POSITIONS <= kv.length(); ) {
            int index = path.size();
            Optional<PrefixCache.Entry> before = path.isEmpty() ? Optional.empty() : Optional.of(path.getLast());
            PrefixCache.Entry entry = cache.add(before, ids, from, manyEnd, kv.block(index));
            if (entry.block() != kv.block(index)) {
                kv.replace(index, entry.block());
            }
            path.add(entry);
            from += KvLayout.POSITIONS;
        }
    }

    /** Lets go of the cache's memory; what is needed again is read again. */
    void free(PrefixCache cache) {
        cache.touch(path);
        path.clear();
        kv.close();
    }
}
