package dev.skald.tokenizer;

import dev.skald.InvalidInputException;
import java.util.Arrays;

/**
 * Walks over JSON in UTF-8 without building anything, for the two values of tokenizer.json that have hundreds of thousands of strings; the rest goes to
 * Jackson. Jackson's streaming parser would make a String of each.
 */
final class JsonScanner {

    private final String source;
    private final byte[] json;
    private int at;

    /** The string last read, unescaped, in UTF-8. */
    private byte[] string = new byte[256];

    private int length;

    /**
     * @param source names the file in errors
     */
    JsonScanner(String source, byte[] json, int at) {
        this.source = source;
        this.json = json;
        this.at = at;
    }

    int position() {
        return at;
    }

    byte[] string() {
        return string;
    }

    int length() {
        return length;
    }

    /** The next byte that is not white space, not taken; 0 at the end. */
    int peek() {
        while (at < json.length) {
            byte b = json[at];
            if (b != ' ' && b != '\n' && b != '\r' && b != '\t') {
                return b;
            }
            at++;
        }
        return 0;
    }

    void expect(char character) {
        if (peek() != character) {
            throw error("'" + character + "'");
        }
        at++;
    }

    /** Goes on to the next element of an object or array that ends with {@code close}; false at its end, which is taken. */
    boolean more(char close, boolean first) {
        int next = peek();
        if (next == close) {
            at++;
            return false;
        }
        if (!first) {
            expect(',');
        }
        return true;
    }

    /** Reads a string into {@link #string()} and {@link #length()}. */
    void readString() {
        expect('"');
        length = 0;
        while (true) {
            int start = at;
            while (at < json.length && json[at] != '"' && json[at] != '\\') {
                at++;
            }
            if (at == json.length) {
                throw error("the end of a string");
            }
            room(at - start + 4);
            System.arraycopy(json, start, string, length, at - start);
            length += at - start;
            if (json[at++] == '"') {
                return;
            }
            escape();
        }
    }

    private void room(int more) {
        if (length + more > string.length) {
            string = Arrays.copyOf(string, Math.max(length + more, string.length * 2));
        }
    }

    private void escape() {
        int b = at < json.length ? json[at++] : 0;
        switch (b) {
            case '"', '\\', '/' -> string[length++] = (byte) b;
            case 'b' -> string[length++] = '\b';
            case 'f' -> string[length++] = '\f';
            case 'n' -> string[length++] = '\n';
            case 'r' -> string[length++] = '\r';
            case 't' -> string[length++] = '\t';
            case 'u' -> append(codePoint());
            default -> throw error("an escape");
        }
    }

    private int codePoint() {
        int high = hex4();
        if (!Character.isSurrogate((char) high)) {
            return high;
        }
        if (Character.isHighSurrogate((char) high) && at + 1 < json.length && json[at] == '\\' && json[at + 1] == 'u') {
            at += 2;
            int low = hex4();
            if (Character.isLowSurrogate((char) low)) {
                return Character.toCodePoint((char) high, (char) low);
            }
        }
        throw error("a pair of surrogates");
    }

    private int hex4() {
        int value = 0;
        for (int i = 0; i < 4; i++) {
            int digit = at < json.length ? Character.digit((char) json[at], 16) : -1;
            if (digit < 0) {
                throw error("four hexadecimal digits");
            }
            value = value << 4 | digit;
            at++;
        }
        return value;
    }

    private void append(int codePoint) {
        if (codePoint < 0x80) {
            string[length++] = (byte) codePoint;
        } else if (codePoint < 0x800) {
            string[length++] = (byte) (0xC0 | codePoint >> 6);
            string[length++] = (byte) (0x80 | (codePoint & 0x3F));
        } else if (codePoint < 0x10000) {
            string[length++] = (byte) (0xE0 | codePoint >> 12);
            string[length++] = (byte) (0x80 | (codePoint >> 6 & 0x3F));
            string[length++] = (byte) (0x80 | (codePoint & 0x3F));
        } else {
            string[length++] = (byte) (0xF0 | codePoint >> 18);
            string[length++] = (byte) (0x80 | (codePoint >> 12 & 0x3F));
            string[length++] = (byte) (0x80 | (codePoint >> 6 & 0x3F));
            string[length++] = (byte) (0x80 | (codePoint & 0x3F));
        }
    }

    /** Reads a whole number from 0 to 2^31 - 1. */
    int readInt() {
        peek();
        int start = at;
        long value = 0;
        while (at < json.length && json[at] >= '0' && json[at] <= '9' && value <= Integer.MAX_VALUE) {
            value = value * 10 + json[at++] - '0';
        }
        if (at == start || value > Integer.MAX_VALUE) {
            at = start;
            throw error("a token id");
        }
        return (int) value;
    }

    /** Passes over a value without looking at what is in it. */
    void skip() {
        int depth = 0;
        do {
            int b = peek();
            switch (b) {
                case '{', '[' -> {
                    depth++;
                    at++;
                }
                case '}', ']' -> {
                    depth--;
                    at++;
                }
                case ',', ':' -> at++;
                case '"' -> skipString();
                case 0 -> throw error("a value");
                default -> skipWord();
            }
        } while (depth > 0);
    }

    private void skipString() {
        at++;
        while (at < json.length && json[at] != '"') {
            at += json[at] == '\\' ? 2 : 1;
        }
        if (at >= json.length) {
            at = json.length;
            throw error("the end of a string");
        }
        at++;
    }

    private void skipWord() {
        int start = at;
        while (at < json.length && (Character.isLetterOrDigit(json[at]) || "+-.".indexOf(json[at]) >= 0)) {
            at++;
        }
        if (at == start) {
            throw error("a value");
        }
    }

    InvalidInputException error(String expected) {
        String found = at < json.length ? "'" + (char) (json[at] & 0xFF) + "'" : "the end of the file";
        return new InvalidInputException(source + ": expected " + expected + " at byte " + at + ", found " + found);
    }
}
