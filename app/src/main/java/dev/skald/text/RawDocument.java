package dev.skald.text;

import java.io.IOException;

/** A record that was read and is still to be parsed, by any thread. */
public interface RawDocument {

    /** About how large it is. */
    long bytes();

    /**
     * The document; null if the record is none, which the reader's {@link Flaws} was told.
     *
     * @throws dev.skald.InvalidInputException if the reader refuses such records
     * @throws IOException if {@link Flaws} has it
     */
    TextDocument parse() throws IOException;
}
