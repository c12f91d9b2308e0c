package dev.skald.kernel;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Threads for loops over independent items. A run is split into chunks that the caller and the workers take one after the other, so that a
 * thread that was held up does less; what a chunk computes does not depend on who takes it. A worker waits for the next run by spinning for
 * a few microseconds, which is what the next operation of a decoder needs to come, and then parks, so that libtorch's threads have the
 * cores; idle for some seconds, it ends, and is started again when needed. Two callers at once do not wait for each other: the second runs
 * its loop alone.
 */
public final class Workers {

    /** Items {@code from} (included) to {@code to} (excluded). */
    public interface Task {
        /** Works on the items. */
        void run(int from, int to);
    }

    private static final int SPINS = 2000;
    private static final long IDLE_NANOS = 5_000_000_000L;

    private final Worker[] workers;
    private final ReentrantLock running = new ReentrantLock();
    private volatile Job job;

    /** Workers beside the calling thread: {@code threads - 1}. */
    public Workers(int threads) {
        workers = new Worker[threads - 1];
    }

    /** Runs {@code task} over {@code items}, {@code chunk} of them at a time; returns when all are done. */
    public void run(int items, int chunk, Task task) {
        if (items <= chunk || workers.length == 0 || !running.tryLock()) {
            for (int from = 0; from < items; from += chunk) {
                task.run(from, Math.min(from + chunk, items));
            }
            return;
        }
        try {
            Job next = new Job(items, chunk, task);
            job = next;
            for (int i = 0; i < Math.min(workers.length, Math.ceilDiv(items, chunk) - 1); i++) {
                wake(i);
            }
            next.work();
            next.await();
        } finally {
            running.unlock();
        }
    }

    private void wake(int index) {
        Worker worker = workers[index];
        if (worker == null || !worker.wake()) {
            workers[index] = new Worker("kernel-" + index);
            workers[index].start();
        }
    }

    /** One run: chunks not taken yet, and items done. */
    private static final class Job {
        private final int items;
        private final int chunk;
        /** Dropped when done: it holds on to what it works with. */
        private volatile Task task;

        private final AtomicInteger taken = new AtomicInteger();
        private final AtomicInteger done = new AtomicInteger();
        private final AtomicReference<Throwable> failure = new AtomicReference<>();

        Job(int items, int chunk, Task task) {
            this.items = items;
            this.chunk = chunk;
            this.task = task;
        }

        void work() {
            for (int from = taken.getAndAdd(chunk); from < items; from = taken.getAndAdd(chunk)) {
                int to = Math.min(from + chunk, items);
                try {
                    task.run(from, to);
                } catch (RuntimeException | Error e) {
                    failure.compareAndSet(null, e);
                } finally {
                    done.addAndGet(to - from);
                }
            }
        }

        void await() {
            for (int spins = 0; done.get() < items; spins++) {
                if (spins < SPINS) {
                    Thread.onSpinWait();
                } else {
                    LockSupport.parkNanos(10_000);
                }
            }
            task = null;
            switch (failure.get()) {
                case null -> {}
                case RuntimeException e -> throw e;
                case Error e -> throw e;
                case Throwable e -> throw new IllegalStateException(e);
            }
        }
    }

    private final class Worker extends Thread {

        private static final int AWAKE = 0;
        private static final int PARKED = 1;
        private static final int ENDED = 2;

        private final AtomicInteger state = new AtomicInteger(AWAKE);

        Worker(String name) {
            super(name);
            setDaemon(true);
        }

        /** Whether it will see the job; false when it has ended. */
        boolean wake() {
            if (state.compareAndSet(PARKED, AWAKE)) {
                LockSupport.unpark(this);
            }
            return state.get() != ENDED;
        }

        @Override
        public void run() {
            Job last = null;
            while (true) {
                Job next = await(last);
                if (next == last) {
                    return;
                }
                next.work();
                last = next;
            }
        }

        /** The next job; {@code last} after a long time without one, when this worker has ended. */
        private Job await(Job last) {
            for (int i = 0; i < SPINS; i++) {
                if (job != last) {
                    return job;
                }
                Thread.onSpinWait();
            }
            long end = System.nanoTime() + IDLE_NANOS;
            while (true) {
                state.set(PARKED);
                if (job != last && state.compareAndSet(PARKED, AWAKE)) {
                    return job;
                }
                long left = end - System.nanoTime();
                if (left <= 0 && state.compareAndSet(PARKED, ENDED)) {
                    return last;
                }
                LockSupport.parkNanos(this, Math.max(1, left));
                if (job != last) {
                    state.set(AWAKE);
                    return job;
                }
            }
        }
    }
}
