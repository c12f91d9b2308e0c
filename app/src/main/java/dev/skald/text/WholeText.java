package dev.skald.text;

import dev.skald.InvalidInputException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;

/** A text file that is one document. Of a damaged one it is the lines before the damage, if damage is not refused. */
final class WholeText implements DocumentReader {

    private final Place place;
    private final ReadOptions options;
    private final UnpackingInputStream in;
    private byte[] bytes = new byte[1 << 16];
    private int length;
    private boolean ended;
    private long consumed;

    WholeText(Path file, ReadOptions options) throws IOException {
        place = new Place(file, Place.Unit.FILE, 0);
        this.options = options;
        in = UnpackingInputStream.open(file, read -> consumed = read);
    }

    @Override
    public RawDocument nextRaw() throws IOException {
        if (ended) {
            return null;
        }
        ended = true;
        try {
            fill();
        } catch (InvalidInputException e) {
            options.flaws().add(Flaw.damage(place, LineReader.describe(e), e.getMessage(), record()));
            while (length > 0 && bytes[length - 1] != '\n') {
                length--;
            }
        }
        if (length > options.maxBytes()) {
            String detail = "more than " + options.maxBytes() + " bytes";
            options.flaws().add(Flaw.of(place, Flaw.Kind.TOO_LONG, detail, record()));
            return null;
        }
        int mark = Decoding.markLength(bytes, length);
        return new Text(mark == 0 ? bytes : Arrays.copyOfRange(bytes, mark, length), length - mark, place, options);
    }

    /** Reads to the end, or until there is too much. */
    private void fill() throws IOException {
        while (length <= options.maxBytes()) {
            if (length == bytes.length) {
                bytes = Arrays.copyOf(bytes, (int) Math.min(2L * length, options.maxBytes() + 1L));
            }
            int read = in.read(bytes, length, bytes.length - length);
            if (read < 0) {
                return;
            }
            length += read;
        }
    }

    private byte[] record() {
        return Arrays.copyOf(bytes, length);
    }

    @Override
    public long consumed() {
        return consumed;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }

    @SuppressWarnings("ArrayRecordComponent") // parsed once
    private record Text(byte[] utf8, int length, Place place, ReadOptions options) implements RawDocument {

        @Override
        public long bytes() {
            return length;
        }

        @Override
        public TextDocument parse() throws IOException {
            String text = Decoding.text(utf8, length, place, options);
            return text == null ? null : new TextDocument("", text, "", "", "", place, 0);
        }
    }
}
