package dev.skald.text;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * UTF-16 as UTF-8, and anything else as it is. UTF-16 is what begins with its byte order mark, which is left out, or has a zero in nearly every
 * second byte and hardly one elsewhere, as Latin letters have. What is wrong in it (half a surrogate pair, half a character at the end) is no UTF-8
 * afterwards, so that it is treated like what is wrong in UTF-8.
 */
final class Utf16Recoding extends InputStream {

    /** Bytes that are looked at. */
    static final int LOOK = 512;

    private static final byte[] HALF_A_CHARACTER = {(byte) 0xFF};

    private final InputStream in;
    /** What was read last and not handed on: first, what was looked at. */
    private byte[] block;

    private int at;
    private int end;
    /** Comes after the block. */
    private IOException failure;
    /** Null for what is no UTF-16. */
    private ByteOrder order;

    private byte[] utf8 = new byte[0];
    private int written;
    private int pending = -1;

    Utf16Recoding(InputStream in) {
        this.in = in;
    }

    /** The order of the bytes of UTF-16, of which these are the first; null if they are something else. */
    static ByteOrder orderOf(byte[] start) {
        if (start.length >= 2 && start[0] == (byte) 0xFF && start[1] == (byte) 0xFE) {
            return ByteOrder.LITTLE_ENDIAN;
        }
        if (start.length >= 2 && start[0] == (byte) 0xFE && start[1] == (byte) 0xFF) {
            return ByteOrder.BIG_ENDIAN;
        }
        int[] zeros = new int[2];
        for (int i = 0; i < start.length; i++) {
            zeros[i % 2] += start[i] == 0 ? 1 : 0;
        }
        int pairs = start.length / 2;
        boolean alternate =
                Math.max(zeros[0], zeros[1]) >= (pairs * 3 + 3) / 4 && Math.min(zeros[0], zeros[1]) <= pairs / 8;
        if (pairs < 2 || !alternate) {
            return null;
        }
        return zeros[0] > zeros[1] ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] target, int from, int length) throws IOException {
        if (block == null) {
            look();
        }
        if (order != null) {
            return recode(target, from, length);
        }
        if (at == end) {
            throwFailure();
            return in.read(target, from, length);
        }
        int count = Math.min(length, end - at);
        System.arraycopy(block, at, target, from, count);
        at += count;
        return count;
    }

    private void look() {
        block = new byte[LOOK];
        fill(LOOK);
        order = orderOf(Arrays.copyOf(block, end));
        boolean mark = order != null && block[0] != 0 && block[1] != 0;
        at = mark ? 2 : 0;
        if (order != null) {
            block = Arrays.copyOf(block, 1 << 13);
        }
    }

    /** Reads at least so many bytes into the block, or up to the end or a failure. */
    private void fill(int least) {
        at = 0;
        end = 0;
        try {
            for (int read = 0; end < least && read >= 0; end += Math.max(0, read)) {
                read = in.read(block, end, block.length - end);
            }
        } catch (IOException e) {
            failure = e;
        }
    }

    private void throwFailure() throws IOException {
        if (failure != null) {
            throw failure;
        }
    }

    private int recode(byte[] target, int from, int length) throws IOException {
        int count = 0;
        while (count < length) {
            if (written == utf8.length && !next()) {
                break;
            }
            int copied = Math.min(length - count, utf8.length - written);
            System.arraycopy(utf8, written, target, from + count, copied);
            written += copied;
            count += copied;
        }
        if (count == 0 && length > 0) {
            throwFailure();
            return -1;
        }
        return count;
    }

    /** Makes the next character; false at the end. */
    private boolean next() {
        int first = pending >= 0 ? pending : unit();
        pending = -1;
        if (first < 0) {
            return false;
        }
        int codePoint = first;
        if (first <= Character.MAX_VALUE && Character.isHighSurrogate((char) first)) {
            int second = unit();
            if (second >= 0 && second <= Character.MAX_VALUE && Character.isLowSurrogate((char) second)) {
                codePoint = Character.toCodePoint((char) first, (char) second);
            } else {
                pending = second;
            }
        }
        utf8 = first > Character.MAX_VALUE ? HALF_A_CHARACTER : encoded(codePoint);
        written = 0;
        return true;
    }

    /** Half a surrogate pair comes out as three bytes that are no UTF-8. */
    private static byte[] encoded(int c) {
        if (c < 0x80) {
            return new byte[] {(byte) c};
        }
        byte last = (byte) (0x80 | (c & 0x3F));
        if (c < 0x800) {
            return new byte[] {(byte) (0xC0 | (c >> 6)), last};
        }
        byte third = (byte) (0x80 | (c >> 6 & 0x3F));
        if (c < 0x10000) {
            return new byte[] {(byte) (0xE0 | (c >> 12)), third, last};
        }
        return new byte[] {(byte) (0xF0 | (c >> 18)), (byte) (0x80 | (c >> 12 & 0x3F)), third, last};
    }

    /** The next 16 bits; -1 at the end, and more than 16 bits for a single byte before it. */
    private int unit() {
        int first = oneByte();
        if (first < 0) {
            return -1;
        }
        int second = oneByte();
        if (second < 0) {
            return Character.MAX_VALUE + 1;
        }
        return order == ByteOrder.LITTLE_ENDIAN ? (second << 8) | first : (first << 8) | second;
    }

    private int oneByte() {
        if (at == end && failure == null) {
            fill(1);
        }
        return at == end ? -1 : block[at++] & 0xFF;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
