package dev.skald.text;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.base.StrictJson;
import java.io.CharConversionException;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** One JSON object that is a document. */
final class JsonRecord {

    /** A document may be as long as a string can be; Jackson's own limit is 20 million characters. */
    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(Integer.MAX_VALUE)
                    .build())
            .build();

    private final byte[] utf8;
    private final Place place;
    private final long position;
    private final ReadOptions options;

    private JsonRecord(byte[] utf8, Place place, long position, ReadOptions options) {
        this.utf8 = utf8;
        this.place = place;
        this.position = position;
        this.options = options;
    }

    /** The document; null if it is none, which then is a flaw. */
    static TextDocument parse(byte[] utf8, Place place, long position, ReadOptions options) throws IOException {
        return new JsonRecord(utf8, place, position, options).parse();
    }

    private TextDocument parse() throws IOException {
        try (JsonParser parser = JSON.createParser(utf8)) {
            return parse(parser);
        } catch (CharConversionException e) {
            return repaired();
        } catch (JsonProcessingException e) {
            return Decoding.isUtf8(utf8, utf8.length) ? notJson(e) : repaired();
        }
    }

    private TextDocument repaired() throws IOException {
        if (!options.repairUtf8()) {
            return flaw(Flaw.Kind.NOT_UTF8, "");
        }
        try (JsonParser parser = JSON.createParser(new String(utf8, StandardCharsets.UTF_8))) {
            return parse(parser);
        } catch (JsonProcessingException e) {
            return notJson(e);
        }
    }

    private TextDocument notJson(JsonProcessingException e) throws IOException {
        return flaw(
                Flaw.Kind.NOT_JSON, e.getOriginalMessage().lines().findFirst().orElse(""));
    }

    private TextDocument flaw(Flaw.Kind kind, String detail) throws IOException {
        options.flaws().add(Flaw.of(place, kind, detail, utf8));
        return null;
    }

    private TextDocument noText(String detail, List<String> found) throws IOException {
        String field = options.fields().text();
        options.flaws().add(Flaw.noText(place, Flaw.Kind.NO_TEXT, field, detail, found, utf8));
        return null;
    }

    private TextDocument parse(JsonParser parser) throws IOException {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            return flaw(Flaw.Kind.NOT_AN_OBJECT, "");
        }
        Fields fields = options.fields();
        String text = null;
        String id = "";
        String url = "";
        String language = "";
        Metadata metadata = new Metadata(options.metadata());
        boolean wrongType = false;
        List<String> found = new ArrayList<>();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String field = parser.currentName();
            JsonToken value = parser.nextToken();
            found.add(field);
            if (field.equals(fields.text())) {
                wrongType = value != JsonToken.VALUE_STRING;
                text = wrongType ? null : parser.getText();
                parser.skipChildren();
            } else if (value == JsonToken.START_OBJECT && fields.text().startsWith(field + ".")) {
                JsonNode inside = StrictJson.next(parser);
                JsonNode node = within(inside, fields.text().substring(field.length() + 1));
                wrongType = !node.isMissingNode() && !node.isTextual();
                text = node.isTextual() ? node.textValue() : text;
                metadata.add(field, inside);
            } else if (field.equals(fields.id()) && value.isScalarValue()) {
                id = value == JsonToken.VALUE_NULL ? "" : parser.getText();
            } else if (field.equals(fields.url()) && value == JsonToken.VALUE_STRING) {
                url = parser.getText();
            } else {
                if (field.equals(fields.language()) && value == JsonToken.VALUE_STRING) {
                    language = parser.getText();
                }
                metadata.add(field, parser);
            }
        }
        if (parser.currentToken() != JsonToken.END_OBJECT || parser.nextToken() != null) {
            return flaw(Flaw.Kind.NOT_JSON, "text after the object");
        }
        if (text == null) {
            return wrongType ? noText("it is no string", List.of()) : noText("no such field", found);
        }
        return new TextDocument(
                Decoding.withoutHalves(id),
                Decoding.withoutHalves(text),
                Decoding.withoutHalves(url),
                Decoding.withoutHalves(language),
                Decoding.withoutHalves(metadata.json()),
                place,
                position);
    }

    /** Takes out what a path of names, with dots between them, leads to; missing if there is nothing. */
    private static JsonNode within(JsonNode holder, String path) {
        JsonNode node = holder;
        String rest = path;
        while (!node.has(rest) && rest.contains(".")) {
            node = node.path(rest.substring(0, rest.indexOf('.')));
            rest = rest.substring(rest.indexOf('.') + 1);
        }
        JsonNode found = node.path(rest);
        if (found.isTextual()) {
            ((ObjectNode) node).remove(rest);
        }
        return found;
    }

    /** The fields that nothing else is made of, written anew as one object. */
    private static final class Metadata {

        private final boolean wanted;
        private StringWriter text;
        private JsonGenerator json;

        Metadata(boolean wanted) {
            this.wanted = wanted;
        }

        void add(String field, JsonParser parser) throws IOException {
            if (!wanted) {
                parser.skipChildren();
                return;
            }
            begin(field);
            json.copyCurrentStructure(parser);
        }

        /** What is left of an object that the text was taken out of. */
        void add(String field, JsonNode object) throws IOException {
            if (wanted && !object.isEmpty()) {
                begin(field);
                json.writeRawValue(object.toString());
            }
        }

        private void begin(String field) throws IOException {
            if (json == null) {
                text = new StringWriter();
                json = JSON.createGenerator(text);
                json.writeStartObject();
            }
            json.writeFieldName(field);
        }

        String json() throws IOException {
            if (json == null) {
                return "";
            }
            json.writeEndObject();
            json.close();
            return text.toString();
        }
    }
}
