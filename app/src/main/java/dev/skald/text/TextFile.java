package dev.skald.text;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
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
 * The text of a file, in parts that fit in memory: a .txt is cut where a line ends and the next begins with no blank, which is where every known pre-tokenizer
 * cuts too; a .jsonl or .json gives one text an object. A .gz or .zst is unpacked on the way.
 */
public final class TextFile {

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
     * @param field the key of the text in a .jsonl
     */
    public TextFile(Path file, String field, Sink sink) {
        this.file = file;
        this.field = field;
        this.sink = sink;
    }

    /**
     * Reads all of it.
     *
     * @param progress is told, again and again, how many bytes of the file have been read
     * @throws InvalidInputException if the file is not UTF-8, not JSON, or has no such field
     * @throws IOException if it cannot be read
     */
    public void read(LongConsumer progress) throws IOException {
        String name = UnpackingInputStream.plainName(file);
        try (InputStream in = UnpackingInputStream.open(file, progress)) {
            if (name.endsWith(".jsonl") || name.endsWith(".json")) {
                readJson(in);
            } else if (name.endsWith(".txt")) {
                readText(in);
            } else {
                throw new InvalidInputException(
                        file + ": expected a name that ends with .txt, .jsonl or .json, and perhaps .gz or .zst");
            }
        } catch (JsonProcessingException e) {
            throw new InvalidInputException(
                    file + ": line " + e.getLocation().getLineNr() + ": not JSON: " + e.getOriginalMessage(), e);
        }
    }

    private void readJson(InputStream in) throws IOException {
        try (JsonParser parser = new JsonFactory().createParser(in)) {
            for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                int line = parser.currentTokenLocation().getLineNr();
                if (token != JsonToken.START_OBJECT) {
                    throw new InvalidInputException(file + ": line " + line + ": expected an object, found " + token);
                }
                boolean found = false;
                while (parser.nextToken() != JsonToken.END_OBJECT) {
                    String key = parser.currentName();
                    if (parser.nextToken() == JsonToken.VALUE_STRING && key.equals(field)) {
                        byte[] utf8 = parser.getText().getBytes(StandardCharsets.UTF_8);
                        sink.text(utf8, 0, utf8.length);
                        found = true;
                    } else {
                        parser.skipChildren();
                    }
                }
                if (!found) {
                    throw new InvalidInputException(
                            file + ": line " + line + ": expected a string \"" + field + "\", found none");
                }
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
            sink.text(part, 0, cut);
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
