package dev.skald.text;

import dev.skald.InvalidInputException;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.function.LongConsumer;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * The bytes of a text file, unpacked on the way when its name ends with .gz or .zst, and turned to UTF-8 when it is UTF-16. Reads from a damaged
 * file throw {@link InvalidInputException}. Not thread-safe.
 */
public final class UnpackingInputStream extends InputStream {

    private static final int BUFFER = 1 << 16;

    private final Path file;
    private final InputStream in;
    private long unpacked;

    private UnpackingInputStream(Path file, InputStream in) {
        this.file = file;
        this.in = in;
    }

    /** From its first byte on, where what the text is written in shows. */
    private static UnpackingInputStream fromStart(Path file, InputStream in) {
        return new UnpackingInputStream(file, new Utf16Recoding(in));
    }

    /**
     * Opens a file.
     *
     * @param consumed is told, again and again, how many bytes of the file have been read
     * @throws IOException when it cannot be read
     */
    public static UnpackingInputStream open(Path file, LongConsumer consumed) throws IOException {
        return open(file, 0, consumed);
    }

    /**
     * As {@link #open(Path, LongConsumer)}, from a byte of the file on, which has to be 0 for one that is not {@link #isSeekable seekable}.
     */
    public static UnpackingInputStream open(Path file, long from, LongConsumer consumed) throws IOException {
        InputStream raw = new Counting(
                Channels.newInputStream(
                        FileChannel.open(file, StandardOpenOption.READ).position(from)),
                consumed);
        String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
        try {
            if (from > 0) {
                return new UnpackingInputStream(file, raw);
            }
            if (name.endsWith(".gz")) {
                return fromStart(file, new GZIPInputStream(raw, BUFFER));
            }
            return fromStart(file, name.endsWith(".zst") ? new ZstdFrames(raw) : raw);
        } catch (EOFException | ZipException e) {
            raw.close();
            return new UnpackingInputStream(file, new Damaged(e));
        }
    }

    /** The name of a file without .gz or .zst: the kind of its text. */
    public static String plainName(Path file) {
        String name = file.getFileName().toString();
        return isPacked(file) ? name.substring(0, name.lastIndexOf('.')) : name;
    }

    /** Whether the file's name says that it is compressed. */
    public static boolean isPacked(Path file) {
        String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
        return name.endsWith(".gz") || name.endsWith(".zst");
    }

    /**
     * Whether reading may begin in the middle: the file's bytes are those of the text.
     *
     * @throws IOException if it cannot be read
     */
    public static boolean isSeekable(Path file) throws IOException {
        if (isPacked(file)) {
            return false;
        }
        try (InputStream in = Files.newInputStream(file)) {
            return Utf16Recoding.orderOf(in.readNBytes(Utf16Recoding.LOOK)) == null;
        }
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] target, int from, int length) throws IOException {
        try {
            int read = in.read(target, from, length);
            unpacked += Math.max(0, read);
            return read;
        } catch (EOFException | ZipException e) {
            throw new InvalidInputException(
                    file + ": damaged after " + unpacked + " bytes of its text: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() throws IOException {
        in.close();
    }

    /** A file that is damaged in its first bytes: that too is told when it is read. */
    private static final class Damaged extends InputStream {

        private final IOException damage;

        Damaged(IOException damage) {
            this.damage = damage;
        }

        @Override
        public int read() throws IOException {
            throw damage;
        }

        @Override
        public int read(byte[] target, int from, int length) throws IOException {
            throw damage;
        }
    }

    private static final class Counting extends FilterInputStream {

        private final LongConsumer consumed;
        private long count;

        Counting(InputStream in, LongConsumer consumed) {
            super(in);
            this.consumed = consumed;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] target, int from, int length) throws IOException {
            int read = super.read(target, from, length);
            count += Math.max(0, read);
            consumed.accept(count);
            return read;
        }
    }
}
