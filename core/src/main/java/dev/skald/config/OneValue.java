package dev.skald.config;

/** A type that is a single value in a file: a number that may be {@code auto}, say. A {@link Binder} is told how it is read. */
public interface OneValue {

    /** The number, text or truth value that the file has. */
    Object written();
}
