package dev.skald.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.InvalidInputException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongConsumer;
import java.util.regex.Pattern;

/**
 * The rows of a CSV file (RFC 4180) with a header, {@code .tsv} with tabs: quoted fields may hold separators, quotes written twice and line ends; line
 * ends are LF or CR LF; empty lines are passed over. The file is read twice: a column is of whole numbers, numbers or truth values where each of its
 * fields is one, as the datasets library takes it, else of texts; an empty field is null.
 */
final class CsvRows implements RowReader {

    private static final JsonNodeFactory MAKE = JsonNodeFactory.instance;
    private static final Pattern WHOLE = Pattern.compile("[+-]?\\d{1,18}");
    private static final Pattern NUMBER = Pattern.compile("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?");
    private static final Pattern TRUTH = Pattern.compile("True|TRUE|true|False|FALSE|false");

    /** What all fields of a column are, the narrower first. */
    private enum Kind {
        EMPTY,
        WHOLE,
        NUMBER,
        TRUTH,
        TEXT
    }

    private final Path file;
    private final Records records;
    private final List<String> header;
    private final Kind[] kinds;
    private long consumed;

    CsvRows(Path file) throws IOException {
        this.file = file;
        try (Records first = new Records(file, bytes -> {})) {
            header = header(first);
            kinds = kinds(first);
        }
        records = new Records(file, bytes -> consumed = bytes);
        records.next();
    }

    private List<String> header(Records from) throws IOException {
        List<String> names = from.next();
        if (names == null) {
            throw new InvalidInputException(file + ": is empty, expected a line of column names");
        }
        Set<String> seen = new HashSet<>();
        for (String name : names) {
            if (name.isBlank() || !seen.add(name)) {
                throw new InvalidInputException(
                        from.place() + ": column name '" + name + "' is " + (name.isBlank() ? "blank" : "there twice"));
            }
        }
        if (names.size() == 1 && names.getFirst().matches("(?s).*[;\t|].*")) {
            throw new InvalidInputException(from.place() + ": found '" + names.getFirst()
                    + "' as the only column, expected columns separated by " + from.separatorName());
        }
        return names;
    }

    private Kind[] kinds(Records from) throws IOException {
        Kind[] found = new Kind[header.size()];
        Arrays.fill(found, Kind.EMPTY);
        for (List<String> row = from.next(); row != null; row = from.next()) {
            if (row.size() != header.size()) {
                throw new InvalidInputException(from.place() + ": found " + row.size() + " fields, expected "
                        + header.size() + " as in the header");
            }
            for (int i = 0; i < found.length; i++) {
                found[i] = joined(found[i], kind(row.get(i)));
            }
        }
        return found;
    }

    private static Kind kind(String field) {
        if (field.isEmpty()) {
            return Kind.EMPTY;
        }
        if (WHOLE.matcher(field).matches()) {
            return Kind.WHOLE;
        }
        return NUMBER.matcher(field).matches()
                ? Kind.NUMBER
                : TRUTH.matcher(field).matches() ? Kind.TRUTH : Kind.TEXT;
    }

    private static Kind joined(Kind a, Kind b) {
        if (a == b || b == Kind.EMPTY) {
            return a;
        }
        if (a == Kind.EMPTY) {
            return b;
        }
        boolean numbers = a.compareTo(Kind.NUMBER) <= 0 && b.compareTo(Kind.NUMBER) <= 0;
        return numbers ? Kind.NUMBER : Kind.TEXT;
    }

    @Override
    public Row next() throws IOException {
        List<String> fields = records.next();
        if (fields == null) {
            return null;
        }
        ObjectNode row = MAKE.objectNode();
        for (int i = 0; i < kinds.length; i++) {
            row.set(header.get(i), value(kinds[i], fields.get(i)));
        }
        return new Row(row, records.place());
    }

    private static JsonNode value(Kind kind, String field) {
        if (field.isEmpty()) {
            return MAKE.nullNode();
        }
        return switch (kind) {
            case WHOLE -> MAKE.numberNode(Long.parseLong(field));
            case NUMBER -> MAKE.numberNode(Double.parseDouble(field));
            case TRUTH -> MAKE.booleanNode(field.equalsIgnoreCase("true"));
            case TEXT, EMPTY -> MAKE.textNode(field);
        };
    }

    @Override
    public long consumed() {
        return consumed;
    }

    @Override
    public void close() throws IOException {
        records.close();
    }

    /** The fields of one record after the other. */
    private static final class Records implements AutoCloseable {

        private static final int BYTE_ORDER_MARK = 0xfeff;

        private final Path file;
        private final BufferedReader in;
        private final char separator;
        private long line = 1;
        private long began = 1;
        private int character;

        Records(Path file, LongConsumer consumed) throws IOException {
            this.file = file;
            separator = UnpackingInputStream.plainName(file)
                            .toLowerCase(java.util.Locale.ROOT)
                            .endsWith(".tsv")
                    ? '\t'
                    : ',';
            in = new BufferedReader(new InputStreamReader(
                    UnpackingInputStream.open(file, consumed),
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .onMalformedInput(CodingErrorAction.REPORT)
                            .onUnmappableCharacter(CodingErrorAction.REPORT)));
            advance();
            if (character == BYTE_ORDER_MARK) {
                advance();
            }
        }

        String separatorName() {
            return separator == ',' ? "','" : "tabs";
        }

        /** Of the record that was read last: where it begins. */
        Place place() {
            return new Place(file, Place.Unit.LINE, began);
        }

        private void advance() throws IOException {
            if (character == '\n') {
                line++;
            }
            try {
                character = in.read();
            } catch (CharacterCodingException e) {
                throw new InvalidInputException(new Place(file, Place.Unit.LINE, line) + ": not UTF-8", e);
            }
        }

        /** Null at the end. */
        List<String> next() throws IOException {
            while (character == '\n' || character == '\r') {
                advance();
            }
            if (character < 0) {
                return null;
            }
            began = line;
            List<String> fields = new ArrayList<>();
            fields.add(field());
            while (character == separator) {
                advance();
                fields.add(field());
            }
            return fields;
        }

        private String field() throws IOException {
            StringBuilder text = new StringBuilder();
            if (character != '"') {
                while (character >= 0 && character != separator && character != '\n' && character != '\r') {
                    text.append((char) character);
                    advance();
                }
                return text.toString();
            }
            advance();
            while (true) {
                if (character < 0) {
                    throw new InvalidInputException(place() + ": a quoted field has no end");
                }
                if (character != '"') {
                    text.append((char) character);
                    advance();
                    continue;
                }
                advance();
                if (character != '"') {
                    break;
                }
                text.append('"');
                advance();
            }
            if (character >= 0 && character != separator && character != '\n' && character != '\r') {
                throw new InvalidInputException(place() + ": found '" + (char) character
                        + "' after the quote that ends a field, expected " + separatorName()
                        + "; a quote in a field is written twice");
            }
            return text.toString();
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }
}
