package dev.skald.train;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Ctrl-C and SIGTERM: the JVM begins to shut down, and this holds it until the run has saved a checkpoint and closed. A shutdown hook is the
 * one way to notice a signal without the JDK's internal classes.
 */
final class StopSignal implements AutoCloseable {

    private final AtomicBoolean requested = new AtomicBoolean();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread hook = Thread.ofPlatform().name("stop").unstarted(this::hold);

    StopSignal() {
        Runtime.getRuntime().addShutdownHook(hook);
    }

    private void hold() {
        requested.set(true);
        try {
            closed.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Asks the run to stop after its present step. */
    void request() {
        requested.set(true);
    }

    boolean requested() {
        return requested.get();
    }

    @Override
    public void close() {
        closed.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The JVM is shutting down: the hook has done its work.
        }
    }
}
