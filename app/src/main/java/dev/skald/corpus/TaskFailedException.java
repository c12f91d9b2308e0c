package dev.skald.corpus;

/** A task that failed as often as Spark repeats one: the message is one line with what failed, where, and how to go on. */
public final class TaskFailedException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    TaskFailedException(String message, Throwable cause) {
        super(message, cause);
    }
}
