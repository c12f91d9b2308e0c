package dev.skald.evaluate;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Reads the records of a data file; which formats there are is the reader's matter. */
@FunctionalInterface
public interface RowReader {

    /**
     * All records of a file, in its order.
     *
     * @throws dev.skald.InvalidInputException when one is not valid, naming its line
     * @throws IOException when the file cannot be read
     */
    List<Row> read(Path file) throws IOException;
}
