package dev.skald.engine;

import dev.skald.cache.KvBlocks;
import dev.skald.model.Llama;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Who takes part in the next step, and with how many rows. Requests are begun first come, first served, where the pool has free blocks for their
 * prompts. A step holds the next token of every sequence that is being generated, and a piece of the prompts that are being read, so that a long
 * prompt does not hold up the others. When blocks run out, those that only the prefix cache holds are used, and then the youngest sequence is
 * preempted: it lets go of its blocks, and is read again when there is room. The oldest always goes on.
 */
final class Scheduler {

    /** Rows of a step that are multiplied as few, unless more sequences are generated. */
    private static final int FEW_ROWS = 256;

    /** Rows of a step that are multiplied as many where others wait for it: whole runs, few of them, so that nobody waits long. */
    private static final int SHARED_ROWS = 2 * Llama.RUN;

    private final KvBlocks pool;
    private final PrefixCache cache;
    private final int mostSequences;
    private final Deque<Job> waiting = new ArrayDeque<>();
    /** At work, the oldest first. */
    private final List<Track> active = new ArrayList<>();
    /** To be read again, the oldest first. */
    private final Deque<Track> preempted = new ArrayDeque<>();

    private long preemptions;

    /** What a sequence has of a step: {@code many} of its rows are multiplied as many, {@code few} after them as few. */
    record Share(int many, int few) {
        Share plus(Share other) {
            return new Share(many + other.many, few + other.few);
        }
    }

    Scheduler(KvBlocks pool, PrefixCache cache, int mostSequences) {
        this.pool = pool;
        this.cache = cache;
        this.mostSequences = mostSequences;
    }

    void add(Job job) {
        waiting.add(job);
    }

    boolean isIdle() {
        return waiting.isEmpty() && active.isEmpty() && preempted.isEmpty();
    }

    int waiting() {
        return waiting.size() + preempted.size();
    }

    int active() {
        return active.size();
    }

    long preemptions() {
        return preemptions;
    }

    boolean isActive(Track track) {
        return active.contains(track);
    }

    /** Puts sequences in the place of the one that they part from. */
    void replace(Track track, List<Track> parts) {
        int index = active.indexOf(track);
        active.remove(index);
        active.addAll(index, parts);
    }

    /** A sequence has ended. */
    void remove(Track track) {
        active.remove(track);
        track.free(cache);
    }

    /** Ends a request's sequences. */
    void removeAll(Job job) {
        waiting.remove(job);
        preempted.removeIf(track -> track.job() == job);
        for (Iterator<Track> tracks = active.iterator(); tracks.hasNext(); ) {
            Track track = tracks.next();
            if (track.job() == job) {
                tracks.remove();
                track.free(cache);
            }
        }
    }

    /** All requests, none of which is at work any more. */
    List<Job> clear() {
        List<Job> jobs = new ArrayList<>(waiting);
        active.forEach(track -> track.free(cache));
        List<Track> tracks = new ArrayList<>(active);
        tracks.addAll(preempted);
        tracks.stream().map(Track::job).distinct().forEach(jobs::add);
        waiting.clear();
        active.clear();
        preempted.clear();
        return jobs;
    }

    /** Requests that were cancelled or are out of time; they are no longer here. */
    List<Job> removeEnded() {
        long now = System.nanoTime();
        List<Job> jobs = new ArrayList<>(waiting);
        active.forEach(track -> jobs.add(track.job()));
        preempted.forEach(track -> jobs.add(track.job()));
        List<Job> ended =
                jobs.stream().distinct().filter(job -> job.isToEnd(now)).toList();
        ended.forEach(this::removeAll);
        return ended;
    }

    /** Begins what there is room for: first what was preempted, then what waits. */
    void admit() {
        while (!preempted.isEmpty() || !waiting.isEmpty()) {
            boolean again = !preempted.isEmpty();
            Track next = again ? preempted.peek() : Track.of(waiting.peek(), pool);
            int width = active.stream().mapToInt(Track::width).sum() + next.width();
            next.adopt(cache);
            // Everybody at work may need another block soon.
            boolean room = next.needed() + active.size() <= pool.free() + cache.unused();
            if (!active.isEmpty() && (width > mostSequences || !room)) {
                next.free(cache);
                return;
            }
            if (again) {
                preempted.remove();
            } else {
                waiting.remove();
                next.job().begin(next.read());
            }
            active.add(next);
        }
    }

    /** The sequences of the next step; room for their rows is reserved. */
    Map<Track, Share> plan() {
        Map<Track, Share> step = new LinkedHashMap<>();
        int few = 0;
        for (Track track : List.copyOf(active)) {
            if (track.isNext() && join(step, track, new Share(0, 1))) {
                few++;
            }
        }
        int mostMany = active.size() > 1 ? SHARED_ROWS : Llama.PREFILL_ROWS;
        int many = 0;
        for (Track track : List.copyOf(active)) {
            if (track.isNext() || !active.contains(track)) {
                continue;
            }
            int runs = Math.min(track.manyLeft(), mostMany - many);
            int rest = runs < track.manyLeft() ? 0 : Math.min(track.left() - runs, FEW_ROWS - few);
            if (runs + Math.max(rest, 0) > 0 && join(step, track, new Share(runs, Math.max(rest, 0)))) {
                many += runs;
                few += Math.max(rest, 0);
            }
        }
        return step;
    }

    /** Reserves room for a sequence's rows, at the cost of younger ones where there is no other; false where it was preempted itself. */
    private boolean join(Map<Track, Share> step, Track track, Share share) {
        while (active.contains(track)) {
            if (track.reserve(share.many + share.few)) {
                step.merge(track, share, Share::plus);
                return true;
            }
            if (!cache.evict()) {
                Track youngest = active.getLast();
                step.remove(youngest);
                preempt(youngest);
            }
        }
        return false;
    }

    private void preempt(Track youngest) {
        if (active.size() == 1) {
            throw new IllegalStateException("a sequence alone does not fit into the memory for keys and values");
        }
        active.removeLast();
        youngest.free(cache);
        preempted.addFirst(youngest);
        preemptions++;
    }
}
