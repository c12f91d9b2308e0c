package dev.skald.corpus;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.CharConversionException;
import java.io.IOException;
import java.io.StringWriter;
import java.util.HexFormat;

/** One JSON object a line, the text in a named field; other fields become the document's metadata. */
final class JsonLinesReader implements RecordReader {

    private final Split split;
    private final Recipe.Source source;
    private final Recipe.Read read;
    private final Rejects rejects;
    private final LineReader lines;
    private final JsonFactory json;
    private boolean ended;

    JsonLinesReader(Split split, Recipe.Source source, Recipe.Read read, Rejects rejects) throws IOException {
        this.split = split;
        this.source = source;
        this.read = read;
        this.rejects = rejects;
        lines = RecordReader.lines(split, read);
        json = JsonFactory.builder()
                .streamReadConstraints(StreamReadConstraints.builder()
                        .maxStringLength(Integer.MAX_VALUE)
                        .build())
                .build();
    }

    @Override
    public Document next() throws IOException {
        while (!ended && lines.next()) {
            if (lines.start() >= split.to()) {
                ended = true;
                return null;
            }
            Document document = parse();
            if (document != null) {
                return document;
            }
        }
        if (!ended && !lines.damage().isEmpty()) {
            reject("unreadable from here on", lines.damage());
        }
        ended = true;
        return null;
    }

    private Document parse() throws IOException {
        if (lines.tooLong()) {
            reject("longer than read.max_document_bytes", lines.fullLength() + " bytes");
            return null;
        }
        if (isBlank()) {
            return null;
        }
        try (JsonParser parser = json.createParser(lines.bytes(), 0, lines.length())) {
            return parse(parser);
        } catch (CharConversionException e) {
            return notUtf8();
        } catch (JsonProcessingException e) {
            if (Utf8.strict(lines.bytes(), 0, lines.length()) == null) {
                return notUtf8();
            }
            reject("not JSON", e.getOriginalMessage().lines().findFirst().orElse(""));
            return null;
        }
    }

    private Document notUtf8() throws IOException {
        if (read.invalidUtf8().equals("reject")) {
            reject("not UTF-8", "");
            return null;
        }
        try (JsonParser parser = json.createParser(Utf8.lenient(lines.bytes(), 0, lines.length()))) {
            return parse(parser);
        } catch (JsonProcessingException e) {
            reject("not JSON", e.getOriginalMessage().lines().findFirst().orElse(""));
            return null;
        }
    }

    private Document parse(JsonParser parser) throws IOException {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            reject("not a JSON object", "");
            return null;
        }
        String text = null;
        String id = "";
        String url = "";
        String declared = source.language();
        StringWriter metadata = null;
        JsonGenerator generator = null;
        boolean wrongType = false;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String field = parser.currentName();
            JsonToken value = parser.nextToken();
            if (field.equals(source.text())) {
                wrongType = value != JsonToken.VALUE_STRING;
                text = wrongType ? null : parser.getText();
                parser.skipChildren();
            } else if (field.equals(source.id()) && value.isScalarValue()) {
                id = value == JsonToken.VALUE_NULL ? "" : parser.getText();
            } else if (field.equals(source.url()) && value == JsonToken.VALUE_STRING) {
                url = parser.getText();
            } else {
                if (field.equals(source.languageField()) && value == JsonToken.VALUE_STRING) {
                    declared = parser.getText();
                }
                if (generator == null) {
                    metadata = new StringWriter();
                    generator = json.createGenerator(metadata);
                    generator.writeStartObject();
                }
                generator.writeFieldName(field);
                generator.copyCurrentStructure(parser);
            }
        }
        if (parser.currentToken() != JsonToken.END_OBJECT || parser.nextToken() != null) {
            reject("not JSON", "text after the object");
            return null;
        }
        if (text == null) {
            reject("no text in field '" + source.text() + "'", wrongType ? "it is no string" : "no such field");
            return null;
        }
        if (generator != null) {
            generator.writeEndObject();
            generator.close();
        }
        String known = id.isEmpty() ? positionId(source.name(), split.file(), lines.start()) : id;
        return new Document(known, text, url, metadata == null ? "" : metadata.toString(), split.source(), declared);
    }

    /** The id of a document that has none. */
    static String positionId(String source, String file, long position) {
        String name = file.substring(file.lastIndexOf('/') + 1);
        return HexFormat.of().formatHex(Hashes.md5(source + "\n" + name + "\n" + position));
    }

    private boolean isBlank() {
        for (int i = 0; i < lines.length(); i++) {
            if (lines.bytes()[i] > ' ' || lines.bytes()[i] < 0) {
                return false;
            }
        }
        return true;
    }

    private void reject(String reason, String detail) throws IOException {
        boolean counted = split.from() == 0 || RecordReader.isCompressed(split.file());
        rejects.add(
                split.file(),
                counted ? "line" : "byte",
                counted ? lines.number() : lines.start(),
                reason,
                detail,
                lines.bytes(),
                lines.length());
    }

    @Override
    public void close() throws IOException {
        lines.close();
    }
}
