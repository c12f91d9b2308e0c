package dev.skald.text;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.InvalidInputException;
import dev.skald.base.StrictJson;
import java.io.IOException;
import java.nio.file.Path;

/** JSON objects one after the other, each on a line of its own or not, or in a list. */
final class JsonRows implements RowReader {

    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(Integer.MAX_VALUE)
                    .build())
            .build();

    private final Path file;
    private final JsonParser parser;
    private final boolean list;
    private long consumed;
    private JsonToken token;

    JsonRows(Path file) throws IOException {
        this.file = file;
        parser = JSON.createParser(UnpackingInputStream.open(file, bytes -> consumed = bytes));
        advance();
        list = token == JsonToken.START_ARRAY;
        if (list) {
            advance();
        }
    }

    private void advance() throws IOException {
        try {
            token = parser.nextToken();
        } catch (JsonProcessingException e) {
            throw damaged(e);
        }
    }

    private InvalidInputException damaged(JsonProcessingException e) {
        String problem = e.getOriginalMessage().lines().findFirst().orElse("");
        long line = e.getLocation() == null ? 1 : e.getLocation().getLineNr();
        return new InvalidInputException(new Place(file, Place.Unit.LINE, line) + ": not JSON: " + problem, e);
    }

    @Override
    public Row next() throws IOException {
        if (token == null) {
            return null;
        }
        Place place =
                new Place(file, Place.Unit.LINE, parser.currentTokenLocation().getLineNr());
        if (list && token == JsonToken.END_ARRAY) {
            advance();
            if (token != null) {
                throw new InvalidInputException(place + ": found something after the end of the list");
            }
            return null;
        }
        if (token != JsonToken.START_OBJECT) {
            throw new InvalidInputException(place + ": found " + parser.getText() + ", expected an object");
        }
        try {
            JsonNode node = StrictJson.next(parser);
            advance();
            return new Row((ObjectNode) node, place);
        } catch (JsonProcessingException e) {
            throw damaged(e);
        }
    }

    @Override
    public long consumed() {
        return consumed;
    }

    @Override
    public void close() throws IOException {
        parser.close();
    }
}
