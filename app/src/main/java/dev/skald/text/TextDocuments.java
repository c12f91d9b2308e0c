package dev.skald.text;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.skald.InvalidInputException;
import java.io.BufferedReader;
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

/** The documents of a text file: a .txt is one, a .jsonl has one a line in the field {@code text}; either may be packed (.gz, .zst). */
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
        String name = UnpackingInputStream.plainName(file);
        if (!name.endsWith(".txt") && !name.endsWith(".jsonl")) {
            throw new InvalidInputException(file + ": expected a .txt or .jsonl file, or one of them with .gz or .zst");
        }
        if (!Files.isRegularFile(file)) {
            throw new InvalidInputException(file + ": no such file");
        }
        try (InputStream in = UnpackingInputStream.open(file, bytesRead);
                Reader reader = new InputStreamReader(
                        in,
                        StandardCharsets.UTF_8
                                .newDecoder()
                                .onMalformedInput(CodingErrorAction.REPORT)
                                .onUnmappableCharacter(CodingErrorAction.REPORT))) {
            if (name.endsWith(".txt")) {
                receiver.document(reader.readAllAsString());
            } else {
                readLines(file, new BufferedReader(reader, 1 << 16), receiver);
            }
        } catch (CharacterCodingException e) {
            throw new InvalidInputException(file + ": not UTF-8", e);
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
}
