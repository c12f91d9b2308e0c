package dev.skald.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DecimalNode;
import dev.skald.InvalidInputException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A value of a file and where it is. What it is read as, it has to be; else the error has file, key, what was found and what was expected.
 *
 * @param file for messages; empty if the value is of no file
 * @param key from the file's root: {@code datasets[0].path}
 * @param node the value
 */
public record Value(String file, String key, JsonNode node) {

    /** Numbers in a file are exact up to here. */
    private static final long MOST = 1L << 53;

    /** Whether there is none; {@code null}, an empty value of YAML, is none. */
    public boolean isAbsent() {
        return node.isMissingNode() || node.isNull();
    }

    /** The value of a key of this object; absent if it has none. */
    public Value at(String name) {
        return new Value(file, key.isEmpty() ? name : key + "." + name, node.path(name));
    }

    /** A whole number; 8.0 and 5e8 are whole. */
    public int integer() {
        return (int) whole(Integer.MAX_VALUE);
    }

    /** A whole number. */
    public long integer64() {
        return node.isIntegralNumber() && node.canConvertToLong() ? node.longValue() : whole(MOST);
    }

    private long whole(long most) {
        BigDecimal number = decimal("a whole number");
        if (number.stripTrailingZeros().scale() > 0 || number.abs().compareTo(BigDecimal.valueOf(most)) > 0) {
            throw wrong("a whole number up to " + most);
        }
        return number.longValue();
    }

    /** A number. */
    public double number() {
        return decimal("a number").doubleValue();
    }

    private BigDecimal decimal(String expected) {
        if (!node.isNumber()) {
            throw wrong(expected);
        }
        try {
            return new BigDecimal(node.asText());
        } catch (NumberFormatException e) {
            throw wrong(expected); // infinite, or no number
        }
    }

    /** True or false. */
    public boolean truth() {
        if (!node.isBoolean()) {
            throw wrong("true or false");
        }
        return node.booleanValue();
    }

    /** A text. */
    public String text() {
        if (!node.isTextual()) {
            throw wrong("a text");
        }
        return node.textValue();
    }

    /** The elements of a list. */
    public List<Value> list() {
        if (!node.isArray()) {
            throw wrong("a list");
        }
        return elements();
    }

    /** The elements of a list, or, of one value without brackets, that one. */
    public List<Value> oneOrMore() {
        return node.isArray() ? elements() : List.of(this);
    }

    private List<Value> elements() {
        List<Value> elements = new ArrayList<>();
        for (int i = 0; i < node.size(); i++) {
            elements.add(new Value(file, key + "[" + i + "]", node.get(i)));
        }
        return elements;
    }

    /** This value, an object. */
    public Value object() {
        if (!node.isObject()) {
            throw wrong("keys and values");
        }
        return this;
    }

    /** A text that reads as a number as that number: YAML takes {@code 2e-5} for a text, and people write {@code "1_024"}. */
    Value textAsNumber() {
        try {
            return node.isTextual()
                    ? with(DecimalNode.valueOf(
                            new BigDecimal(node.textValue().strip().replace("_", ""))))
                    : this;
        } catch (NumberFormatException e) {
            return this;
        }
    }

    /** A text that means true or false, as in YAML 1.1, as that. */
    Value textAsTruth() {
        return switch (node.isTextual() ? node.textValue().toLowerCase(Locale.ROOT) : "") {
            case "true", "yes", "on" -> with(BooleanNode.TRUE);
            case "false", "no", "off" -> with(BooleanNode.FALSE);
            default -> this;
        };
    }

    Value with(JsonNode other) {
        return new Value(file, key, other);
    }

    /** Where it is. */
    public String where() {
        return file.isEmpty() ? key : key.isEmpty() ? file : file + ": " + key;
    }

    /** The error that something else was expected here. */
    public InvalidInputException wrong(String expected) {
        return new InvalidInputException(where() + ": found " + found() + ", expected " + expected);
    }

    /** The value, in the words of who writes such files. */
    String found() {
        return switch (node.getNodeType()) {
            case MISSING -> "nothing";
            case NULL -> "empty";
            case ARRAY -> node.isEmpty() ? "an empty list" : "a list";
            case OBJECT -> "keys and values";
            case STRING, NUMBER, BOOLEAN, BINARY, POJO -> node.toString();
        };
    }
}
