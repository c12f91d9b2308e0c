package dev.skald.evaluate;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads what Python writes of lists, tuples, dictionaries, strings, numbers, True, False and None; as {@code ast.literal_eval}. */
final class PythonLiteral {

    private final String source;
    private int at;

    private static final class NotALiteralException extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    private PythonLiteral(String source) {
        this.source = source;
    }

    /** The value; empty if the text is none. */
    static Optional<Object> parse(String source) {
        try {
            PythonLiteral literal = new PythonLiteral(source);
            Object value = literal.value();
            literal.space();
            return literal.at == source.length() ? Optional.ofNullable(value) : Optional.empty();
        } catch (NotALiteralException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    private void space() {
        while (at < source.length() && Character.isWhitespace(source.charAt(at))) {
            at++;
        }
    }

    private char peek() {
        space();
        if (at == source.length()) {
            throw new NotALiteralException();
        }
        return source.charAt(at);
    }

    private boolean take(char c) {
        if (peek() != c) {
            return false;
        }
        at++;
        return true;
    }

    private Object value() {
        char c = peek();
        if (c == '[') {
            at++;
            return items(']');
        }
        if (c == '(') {
            at++;
            return items(')');
        }
        if (c == '{') {
            at++;
            return map();
        }
        if (c == '\'' || c == '"') {
            StringBuilder text = new StringBuilder(string());
            while (at < source.length()) { // neighbours are one string
                int before = at;
                space();
                if (at == source.length() || (source.charAt(at) != '\'' && source.charAt(at) != '"')) {
                    at = before;
                    break;
                }
                text.append(string());
            }
            return text.toString();
        }
        return word();
    }

    private List<Object> items(char end) {
        List<Object> items = new ArrayList<>();
        while (!take(end)) {
            items.add(value());
            if (!take(',') && peek() != end) {
                throw new NotALiteralException();
            }
        }
        return items;
    }

    private Map<Object, Object> map() {
        Map<Object, Object> map = new LinkedHashMap<>();
        while (!take('}')) {
            Object key = value();
            if (!take(':')) {
                throw new NotALiteralException();
            }
            map.put(key, value());
            if (!take(',') && peek() != '}') {
                throw new NotALiteralException();
            }
        }
        return map;
    }

    private Object word() {
        int from = at;
        while (at < source.length()
                && (Character.isLetterOrDigit(source.charAt(at)) || "+-._".indexOf(source.charAt(at)) >= 0)) {
            at++;
        }
        String word = source.substring(from, at);
        return switch (word) {
            case "True" -> true;
            case "False" -> false;
            case "None" -> null;
            default -> {
                if (word.matches("[+-]?\\d[\\d_]*")) {
                    yield Long.parseLong(word.replace("_", ""));
                }
                if (!word.matches("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?")) {
                    throw new NotALiteralException();
                }
                yield Double.parseDouble(word);
            }
        };
    }

    private String string() {
        char quote = source.charAt(at++);
        StringBuilder text = new StringBuilder();
        while (true) {
            if (at == source.length()) {
                throw new NotALiteralException();
            }
            char c = source.charAt(at++);
            if (c == quote) {
                return text.toString();
            }
            if (c != '\\') {
                text.append(c);
                continue;
            }
            if (at == source.length()) {
                throw new NotALiteralException();
            }
            char escaped = source.charAt(at++);
            switch (escaped) {
                case 'n' -> text.append('\n');
                case 't' -> text.append('\t');
                case 'r' -> text.append('\r');
                case 'b' -> text.append('\b');
                case 'f' -> text.append('\f');
                case '\\', '\'', '"' -> text.append(escaped);
                case '\n' -> {}
                case 'x' -> text.appendCodePoint(hex(2));
                case 'u' -> text.appendCodePoint(hex(4));
                case 'U' -> text.appendCodePoint(hex(8));
                default -> text.append('\\').append(escaped);
            }
        }
    }

    private int hex(int digits) {
        if (at + digits > source.length()) {
            throw new NotALiteralException();
        }
        int value = Integer.parseInt(source.substring(at, at + digits), 16);
        at += digits;
        return value;
    }
}
