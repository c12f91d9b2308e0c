package dev.skald.corpus;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.zip.ZipException;

/**
 * Reads the lines of a stream as bytes, with a limit to what it holds of one: of a longer line only the length is known. What makes the
 * stream unreadable (a truncated or damaged file) ends it and is kept in {@link #damage}.
 */
final class LineReader implements AutoCloseable {

    private final InputStream in;
    private final int limit;
    private final byte[] block = new byte[1 << 16];
    private int at;
    private int end;
    private byte[] line = new byte[1 << 14];
    private int length;
    private long longLength;
    private long position;
    private long lineStart;
    private long number;
    private String damage = "";

    LineReader(InputStream in, int limit) {
        this.in = in;
        this.limit = limit;
    }

    /** Goes on to the next line; false at the end. */
    boolean next() throws IOException {
        length = 0;
        longLength = 0;
        lineStart = position;
        boolean any = false;
        while (at < end || fill()) {
            any = true;
            int stop = at;
            while (stop < end && block[stop] != '\n') {
                stop++;
            }
            append(stop - at);
            position += stop - at;
            at = stop;
            if (at < end) {
                at++;
                position++;
                break;
            }
        }
        if (!any || !damage.isEmpty()) {
            return false;
        }
        number++;
        return true;
    }

    /** Passes over the lines that start before {@code from}. */
    void skipTo(long from) throws IOException {
        long seen = 0;
        while (position < from && (at < end || fill())) {
            int stop = at;
            while (stop < end && block[stop] != '\n') {
                stop++;
            }
            position += stop - at;
            at = stop;
            if (at < end) {
                at++;
                position++;
                number++;
                seen = position;
            }
        }
        if (position > seen && from > 0) {
            next(); // the rest of a line that starts before
        }
    }

    /** Passes over the bytes before {@code from} unread, and over the line that holds the byte before it. */
    void seek(long from) throws IOException {
        in.skipNBytes(from - 1);
        position = from - 1;
        next();
    }

    private void append(int count) {
        longLength += count;
        if (longLength > limit) {
            return;
        }
        if (length + count > line.length) {
            line = Arrays.copyOf(line, Math.max(2 * line.length, length + count));
        }
        System.arraycopy(block, at, line, length, count);
        length += count;
    }

    private boolean fill() throws IOException {
        if (!damage.isEmpty()) {
            return false;
        }
        at = 0;
        end = 0;
        try {
            end = Math.max(0, in.read(block));
        } catch (EOFException | ZipException e) {
            damage = e instanceof EOFException ? "the file ends in the middle" : "damaged file: " + e.getMessage();
        } catch (IOException e) {
            if (e.getClass() == IOException.class
                    && e.getMessage() != null
                    && e.getMessage().contains("ecomp")) {
                damage = "damaged file: " + e.getMessage();
            } else {
                throw e;
            }
        }
        return end > 0;
    }

    byte[] bytes() {
        return line;
    }

    int length() {
        return length;
    }

    /** Length of the line, also if it is over the limit. */
    long fullLength() {
        return longLength;
    }

    boolean tooLong() {
        return longLength > limit;
    }

    /** Offset of the line's first byte. */
    long start() {
        return lineStart;
    }

    /** From 1; counts from the first line that was not passed over by {@link #seek}. */
    long number() {
        return number;
    }

    /** What ended the stream before its time, or the empty string. */
    String damage() {
        return damage;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
