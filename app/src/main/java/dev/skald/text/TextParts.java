package dev.skald.text;

import dev.skald.InvalidInputException;
import dev.skald.tokenizer.CharacterClass;
import dev.skald.tokenizer.Utf8;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.LongConsumer;

/**
 * The text of a file, in parts that fit in memory, for who counts pieces of text and not documents: a .txt is cut where a line ends and the next
 * begins with no blank, which is where every known pre-tokenizer cuts too; of the other formats a part is a document.
 */
public final class TextParts {

    /** Takes well-formed UTF-8. */
    @FunctionalInterface
    public interface Sink {
        /** The bytes {@code from} to before {@code to}; the array is used again afterwards. */
        void text(byte[] utf8, int from, int to);
    }

    private static final int PART = 1 << 20;
    private static final int LONGEST_PART = 1 << 24;

    private final Path file;
    private final String field;
    private final Sink sink;

    /**
     * A file to read.
     *
     * @param field the key of the text in a .jsonl, or its column in a .parquet
     */
    public TextParts(Path file, String field, Sink sink) {
        this.file = file;
        this.field = field;
        this.sink = sink;
    }

    /**
     * Reads all of it.
     *
     * @param progress is told, again and again, how many bytes of the file have been read
     * @throws InvalidInputException if the file is of no known format, not UTF-8, not JSON, or has no such field
     * @throws IOException if it cannot be read
     */
    public void read(LongConsumer progress) throws IOException {
        Format format = Format.named(file);
        if (format == Format.TEXT) {
            try (InputStream in = UnpackingInputStream.open(file, progress)) {
                readText(in);
            }
            return;
        }
        ReadOptions options = ReadOptions.strict(Fields.text(field));
        try (DocumentReader documents = DocumentReader.open(FilePart.whole(file, format), options)) {
            for (TextDocument document = documents.next(); document != null; document = documents.next()) {
                byte[] utf8 = document.text().getBytes(StandardCharsets.UTF_8);
                sink.text(utf8, 0, utf8.length);
                progress.accept(documents.consumed());
            }
        }
    }

    private void readText(InputStream in) throws IOException {
        byte[] part = new byte[PART];
        int length = 0;
        long done = 0;
        while (true) {
            int read = in.readNBytes(part, length, part.length - length);
            length += read;
            boolean last = length < part.length;
            int cut = last ? length : cut(part, length);
            if (cut == 0 && part.length < LONGEST_PART) {
                part = Arrays.copyOf(part, part.length * 2);
                continue;
            }
            if (cut == 0) {
                cut = length - Utf8.unfinished(part, length);
            }
            int malformed = Utf8.firstMalformed(part, 0, cut);
            if (malformed >= 0) {
                throw new InvalidInputException(file + ": not UTF-8 at byte " + (done + malformed)
                        + " of the text: found 0x" + Integer.toHexString(part[malformed] & 0xFF));
            }
            sink.text(part, done == 0 ? Decoding.markLength(part, cut) : 0, cut);
            if (last) {
                return;
            }
            done += cut;
            System.arraycopy(part, cut, part, 0, length - cut);
            length -= cut;
        }
    }

    /** The last place after a line end and before a character that is not white space; 0 if there is none. */
    private static int cut(byte[] text, int length) {
        for (int at = length - 4; at > 0; at--) {
            if (text[at - 1] == '\n' && !CharacterClass.isWhiteSpace(Utf8.codePoint(text, at, length))) {
                return at;
            }
        }
        return 0;
    }
}
