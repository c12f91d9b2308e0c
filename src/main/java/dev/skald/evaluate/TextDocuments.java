package dev.skald.evaluate;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.skald.InvalidInputException;
import java.io.BufferedReader;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.LongConsumer;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/** The documents of a text file: a .txt is one, a .jsonl has one a line in the field {@code text}; either may be gzipped (.gz). */
public final class TextDocuments {

    /** A document may be as long as a string can be; Jackson's own limit is 20 million characters. */
    private static final ObjectMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxStringLength(Integer.MAX_VALUE)
                            .build())
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private TextDocuments() {}

    /** Takes documents one by one. */
    @FunctionalInterface
    public interface DocumentReceiver {
        /** One document. */
        void document(String text);
    }

    /**
     * Reads a file.
     *
     * @param bytesRead is told how many bytes of the file have been read, now and then
     * @throws InvalidInputException when the file is of another kind, a line is no JSON object with a string {@code text}, or it is not UTF-8
     * @throws IOException when it cannot be read
     */
    public static void read(Path file, DocumentReceiver receiver, LongConsumer bytesRead) throws IOException {
        String name = file.getFileName().toString();
        String plain = name.endsWith(".gz") ? name.substring(0, name.length() - 3) : name;
        if (!plain.endsWith(".txt") && !plain.endsWith(".jsonl")) {
            throw new InvalidInputException(file + ": expected a .txt or .jsonl file, or one of them with .gz");
        }
        if (!Files.isRegularFile(file)) {
            throw new InvalidInputException(file + ": no such file");
        }
        try (InputStream in = new CountingStream(Files.newInputStream(file), bytesRead);
                InputStream unpacked = name.endsWith(".gz") ? new GZIPInputStream(in, 1 << 16) : in;
                Reader reader = new InputStreamReader(
                        unpacked,
                        StandardCharsets.UTF_8
                                .newDecoder()
                                .onMalformedInput(CodingErrorAction.REPORT)
                                .onUnmappableCharacter(CodingErrorAction.REPORT))) {
            if (plain.endsWith(".txt")) {
                receiver.document(reader.readAllAsString());
            } else {
                readLines(file, new BufferedReader(reader, 1 << 16), receiver);
            }
        } catch (CharacterCodingException e) {
            throw new InvalidInputException(file + ": not UTF-8", e);
        } catch (ZipException | EOFException e) {
            throw new InvalidInputException(file + ": not a whole gzip file: " + e.getMessage(), e);
        }
    }

    private static void readLines(Path file, BufferedReader lines, DocumentReceiver receiver) throws IOException {
        int number = 0;
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            number++;
            if (!line.isBlank()) {
                receiver.document(text(file + ", line " + number, line));
            }
        }
    }

    private static String text(String where, String line) {
        try {
            JsonNode text = JSON.readTree(line).path("text");
            if (!text.isTextual()) {
                throw new InvalidInputException(where + ": no string 'text'");
            }
            return text.textValue();
        } catch (JsonProcessingException e) {
            throw new InvalidInputException(where + ": not JSON: " + e.getOriginalMessage(), e);
        }
    }

    private static final class CountingStream extends FilterInputStream {

        private final LongConsumer listener;
        private long count;

        CountingStream(InputStream in, LongConsumer listener) {
            super(in);
            this.listener = listener;
        }

        @Override
        public int read() throws IOException {
            int value = super.read();
            count(value < 0 ? 0 : 1);
            return value;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int read = super.read(bytes, offset, length);
            count(Math.max(0, read));
            return read;
        }

        private void count(int read) {
            count += read;
            listener.accept(count);
        }
    }
}
