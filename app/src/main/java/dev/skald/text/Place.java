package dev.skald.text;

import java.nio.file.Path;

/**
 * Where a record lies.
 *
 * @param number of the line or row, from 1, or offset of the byte, from 0
 */
public record Place(Path file, Unit unit, long number) {

    /** What a place counts. */
    public enum Unit {
        /** Nothing: the file is one record. */
        FILE,
        /** Lines. */
        LINE,
        /** Bytes of the uncompressed content, in a part that does not begin where the file does. */
        BYTE,
        /** Rows of a table. */
        ROW
    }

    /** As messages begin: {@code a.jsonl: line 3}. */
    @Override
    public String toString() {
        return switch (unit) {
            case FILE -> file.toString();
            case LINE -> file + ": line " + number;
            case BYTE -> file + ": byte " + number;
            case ROW -> file + ": row " + number;
        };
    }
}
