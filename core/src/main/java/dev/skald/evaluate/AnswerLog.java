package dev.skald.evaluate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.InvalidInputException;
import dev.skald.base.StrictJson;
import dev.skald.evaluate.Asked.Reply;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The replies that a task has had so far, in a file, so that a run that was killed goes on where it was: a line that says what was asked of which
 * model, and a line for each item. A last line that a kill cut off is dropped. {@link #close} ends it; the file stays, for its owner to delete when the
 * results are written.
 */
public final class AnswerLog implements AutoCloseable {

    private static final ObjectMapper JSON = StrictJson.mapper();

    private final Path file;
    private final FileChannel channel;
    private final Map<Integer, List<Reply>> known = new HashMap<>();
    private boolean anew;

    private AnswerLog(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /**
     * Opens a file, which is made where it is not there.
     *
     * @param fingerprint of all that replies depend on; a file of another one is begun anew
     * @throws InvalidInputException when another process has it open
     */
    public static AnswerLog open(Path file, String fingerprint) throws IOException {
        FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            if (!locked(channel)) {
                throw new InvalidInputException(file + ": another process writes this file");
            }
            AnswerLog log = new AnswerLog(file, channel);
            log.readBack(fingerprint);
            return log;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private static boolean locked(FileChannel channel) throws IOException {
        try {
            return channel.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    private void readBack(String fingerprint) throws IOException {
        String text = Files.readString(file);
        int good = 0;
        boolean first = true;
        for (int end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', good)) {
            Optional<JsonNode> line = parsed(text.substring(good, end));
            if (line.isEmpty()
                    || (first && !line.get().path("fingerprint").asText().equals(fingerprint))) {
                break;
            }
            if (!first) {
                known.put(line.get().path("doc").intValue(), replies(line.get().path("replies")));
            }
            first = false;
            good = end + 1;
        }
        anew = first && !text.isEmpty();
        channel.truncate(text.substring(0, good).getBytes(StandardCharsets.UTF_8).length);
        channel.position(channel.size());
        if (first) {
            write(JSON.createObjectNode().put("fingerprint", fingerprint));
        }
    }

    private static Optional<JsonNode> parsed(String line) {
        try {
            JsonNode node = JSON.readTree(line);
            return node != null && node.isObject() ? Optional.of(node) : Optional.empty();
        } catch (JsonProcessingException e) {
            return Optional.empty();
        }
    }

    private static List<Reply> replies(JsonNode line) {
        List<Reply> replies = new ArrayList<>();
        for (JsonNode each : line) {
            replies.add(
                    each.isArray()
                            ? new Reply.Likelihood(
                                    each.get(0).doubleValue(), each.get(1).booleanValue())
                            : new Reply.Said(each.textValue()));
        }
        return replies;
    }

    /** Where it is. */
    public Path file() {
        return file;
    }

    /** Whether a file was there that is of something else, and was begun anew. */
    public boolean isAnew() {
        return anew;
    }

    /** Items whose replies it had when it was opened. */
    public int known() {
        return known.size();
    }

    Optional<List<Reply>> of(int doc) {
        return Optional.ofNullable(known.get(doc));
    }

    void add(int doc, List<Reply> replies) {
        ObjectNode line = JSON.createObjectNode().put("doc", doc);
        ArrayNode all = line.putArray("replies");
        for (Reply reply : replies) {
            switch (reply) {
                case Reply.Likelihood likelihood ->
                    all.addArray().add(likelihood.sum()).add(likelihood.greedy());
                case Reply.Said said -> all.add(said.text());
            }
        }
        try {
            write(line);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void write(ObjectNode line) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /** Closes the file. */
    @Override
    public void close() throws IOException {
        channel.close();
    }
}
