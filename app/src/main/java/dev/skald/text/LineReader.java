package dev.skald.text;

import dev.skald.InvalidInputException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/**
 * Reads the lines of a file as bytes, with a limit to what it holds of one: of a longer line only the beginning and the length are known.
 * Damage to the file ends it and is kept in {@link #damage}.
 */
final class LineReader implements AutoCloseable {

    private final UnpackingInputStream in;
    private final int limit;
    private final byte[] block = new byte[1 << 16];
    private int at;
    private int end;
    private byte[] line = new byte[1 << 14];
    private int length;
    private long fullLength;
    private long position;
    private long lineStart;
    private long number;
    private long consumed;
    private Optional<InvalidInputException> damage = Optional.empty();

    /**
     * Stands before the first line that begins at {@code from} or later.
     *
     * @param from a byte of the uncompressed content; a compressed file or one in UTF-16 is read up to there, any other is not
     * @param limit bytes held of a line
     */
    LineReader(Path file, long from, int limit) throws IOException {
        this.limit = limit;
        boolean passedOver = from > 0 && UnpackingInputStream.isSeekable(file);
        position = passedOver ? from - 1 : 0;
        in = UnpackingInputStream.open(file, position, bytes -> consumed = bytes);
        if (passedOver) {
            next(); // the line that holds the byte before; an empty one if that is its end
            number = 0;
        } else {
            skipTo(from);
        }
    }

    /** Goes on to the next line; false at the end. */
    boolean next() throws IOException {
        length = 0;
        fullLength = 0;
        lineStart = position;
        boolean any = false;
        while (at < end || fill()) {
            any = true;
            int stop = lineEnd();
            append(stop - at);
            if (passTo(stop)) {
                break;
            }
        }
        if (!any || damage.isPresent()) {
            return false;
        }
        number++;
        if (lineStart == 0) {
            dropByteOrderMark();
        }
        return true;
    }

    private void dropByteOrderMark() {
        int mark = Decoding.markLength(line, length);
        System.arraycopy(line, mark, line, 0, length - mark);
        length -= mark;
        fullLength -= mark;
    }

    private void skipTo(long from) throws IOException {
        long seen = 0;
        while (position < from && (at < end || fill())) {
            if (passTo(lineEnd())) {
                number++;
                seen = position;
            }
        }
        if (position > seen && from > 0) {
            next(); // the rest of a line that starts before
        }
    }

    private int lineEnd() {
        int stop = at;
        while (stop < end && block[stop] != '\n') {
            stop++;
        }
        return stop;
    }

    /** Passes over the block's bytes up to there, and over the line end if one is there. */
    private boolean passTo(int stop) {
        position += stop - at;
        at = stop;
        if (at == end) {
            return false;
        }
        at++;
        position++;
        return true;
    }

    private void append(int count) {
        fullLength += count;
        if (fullLength > limit) {
            return;
        }
        if (length + count > line.length) {
            int doubled = (int) Math.min(2L * line.length, Integer.MAX_VALUE - 16);
            line = Arrays.copyOf(line, Math.max(doubled, length + count));
        }
        System.arraycopy(block, at, line, length, count);
        length += count;
    }

    private boolean fill() throws IOException {
        if (damage.isPresent()) {
            return false;
        }
        at = 0;
        end = 0;
        try {
            end = Math.max(0, in.read(block));
        } catch (InvalidInputException e) {
            damage = Optional.of(e);
        }
        return end > 0;
    }

    /** A copy of the line, without its end; the beginning of one that is too long. */
    byte[] bytes() {
        return Arrays.copyOf(line, length);
    }

    boolean isEmpty() {
        return length == 0;
    }

    /** Whether there is nothing but white space. */
    boolean isBlank() {
        for (int i = 0; i < length; i++) {
            if (line[i] > ' ' || line[i] < 0) {
                return false;
            }
        }
        return true;
    }

    /** Length of the line, also if it is over the limit. */
    long fullLength() {
        return fullLength;
    }

    boolean tooLong() {
        return fullLength > limit;
    }

    /** Offset of the line's first byte in the uncompressed content. */
    long start() {
        return lineStart;
    }

    /** From 1; counts from the first line that was not passed over unread. */
    long number() {
        return number;
    }

    /** Bytes of the file that have been read. */
    long consumed() {
        return consumed;
    }

    /** What ended the file before its time. */
    Optional<InvalidInputException> damage() {
        return damage;
    }

    /** What kind of damage it is, in words. */
    static String describe(InvalidInputException damage) {
        return damage.getCause() instanceof EOFException
                ? "the file ends in the middle"
                : "damaged file: " + damage.getCause().getMessage();
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
