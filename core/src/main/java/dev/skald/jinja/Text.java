package dev.skald.jinja;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * A string that knows which of its characters the template's caller gave, and which the template wrote. Immutable; equal to another with the same
 * characters.
 *
 * <p>Positions are those of Java's chars; {@link Python} counts code points where a template sees a position.
 */
final class Text {

    /** The origin of the template's own chars; and of the caller's that have no number, of those that have one, and so on. */
    static final int OWN = 0;

    private static final int CALLERS = 1;
    static final int FIRST = 2;

    private static final int[] ALL_OWN = {};

    static final Text EMPTY = Text.of("");

    private final String string;
    /** Where each char came from; {@link #ALL_OWN}: none from the caller. */
    private final int[] origins;

    private Text(String string, int[] origins) {
        this.string = string;
        this.origins = origins;
    }

    /** The template's own words. */
    static Text of(String string) {
        return new Text(string, ALL_OWN);
    }

    static Text ofCaller(String string) {
        return ofCaller(string, CALLERS, 0);
    }

    static Text ofCaller(Numbered numbered) {
        return ofCaller(numbered.text(), FIRST + numbered.first(), numbered.step());
    }

    private static Text ofCaller(String string, int first, int step) {
        int[] origins = new int[string.length()];
        for (int i = 0; i < origins.length; i++) {
            origins[i] = first + i * step;
        }
        return new Text(string, origins);
    }

    String string() {
        return string;
    }

    int length() {
        return string.length();
    }

    boolean isEmpty() {
        return string.isEmpty();
    }

    boolean hasCallers() {
        return Arrays.stream(origins).anyMatch(origin -> origin != OWN);
    }

    Text plus(Text other) {
        return new Builder().add(this).add(other).build();
    }

    Text substring(int from, int to) {
        if (from == 0 && to == length()) {
            return this;
        }
        return new Text(
                string.substring(from, to), origins.length == 0 ? ALL_OWN : Arrays.copyOfRange(origins, from, to));
    }

    /** Another spelling; where it has another length, and any char was the caller's, all of it is. */
    Text map(UnaryOperator<String> spelling) {
        String mapped = spelling.apply(string);
        if (mapped.length() == string.length()) {
            return new Text(mapped, origins);
        }
        return Arrays.stream(origins)
                .filter(origin -> origin != OWN)
                .mapToObj(first -> ofCaller(mapped, first, 0))
                .findFirst()
                .orElse(of(mapped));
    }

    /** Python's strip.
     *
     * @param chars what is taken off; null: white space
     */
    Text strip(String chars, boolean left, boolean right) {
        int from = 0;
        int to = length();
        while (left && from < to && isIn(string.codePointAt(from), chars)) {
            from += Character.charCount(string.codePointAt(from));
        }
        while (right && from < to && isIn(string.codePointBefore(to), chars)) {
            to -= Character.charCount(string.codePointBefore(to));
        }
        return substring(from, to);
    }

    private static boolean isIn(int codePoint, String chars) {
        return chars == null ? isSpace(codePoint) : chars.indexOf(codePoint) >= 0;
    }

    /** Python's {@code str.isspace}. */
    static boolean isSpace(int codePoint) {
        return Character.isWhitespace(codePoint) || Character.isSpaceChar(codePoint) || codePoint == 0x85;
    }

    /**
     * Python's split at a separator.
     *
     * @param most cuts at most; negative: all
     */
    List<Text> split(String separator, int most) {
        if (separator.isEmpty()) {
            throw new EvaluationError("split: empty separator");
        }
        List<Text> parts = new ArrayList<>();
        int from = 0;
        for (int at = string.indexOf(separator);
                at >= 0 && (most < 0 || parts.size() < most);
                at = string.indexOf(separator, from)) {
            parts.add(substring(from, at));
            from = at + separator.length();
        }
        parts.add(substring(from, length()));
        return parts;
    }

    /** Python's rsplit at a separator: the cuts are counted from the end. */
    List<Text> splitFromEnd(String separator, int most) {
        List<Text> parts = new ArrayList<>();
        int to = length();
        for (int at = string.lastIndexOf(separator);
                at >= 0 && (most < 0 || parts.size() < most);
                at = string.lastIndexOf(separator, to - separator.length())) {
            parts.addFirst(substring(at + separator.length(), to));
            to = at;
            if (to < separator.length()) {
                break;
            }
        }
        parts.addFirst(substring(0, to));
        return parts;
    }

    /** Python's split at white space. */
    List<Text> words(int most) {
        List<Text> parts = new ArrayList<>();
        Text rest = strip(null, true, false);
        while (!rest.isEmpty()) {
            int end = 0;
            while (end < rest.length() && !isSpace(rest.string.codePointAt(end))) {
                end += Character.charCount(rest.string.codePointAt(end));
            }
            if (most >= 0 && parts.size() == most) {
                end = rest.length();
            }
            parts.add(rest.substring(0, end));
            rest = rest.substring(end, rest.length()).strip(null, true, false);
        }
        return parts;
    }

    /** Python's splitlines, for the line ends that Python knows. */
    List<Text> lines(boolean keepEnds) {
        List<Text> lines = new ArrayList<>();
        int from = 0;
        for (int i = 0; i < length(); i++) {
            if ("\n\r\u000B\f\u001C\u001D\u001E\u0085\u2028\u2029".indexOf(string.charAt(i)) >= 0) {
                int end = i;
                if (string.charAt(i) == '\r' && i + 1 < length() && string.charAt(i + 1) == '\n') {
                    i++;
                }
                lines.add(substring(from, keepEnds ? i + 1 : end));
                from = i + 1;
            }
        }
        if (from < length()) {
            lines.add(substring(from, length()));
        }
        return lines;
    }

    /**
     * Python's replace.
     *
     * @param most replacements at most; negative: all
     */
    Text replace(String old, Text with, int most) {
        if (old.isEmpty()) {
            Builder builder = new Builder();
            int done = 0;
            for (int at = 0; at < length() && (most < 0 || done < most); done++) {
                int next = at + Character.charCount(string.codePointAt(at));
                builder.add(with).add(substring(at, next));
                at = next;
            }
            return builder.add(most < 0 || done < most ? with : EMPTY).build();
        }
        return join(split(old, most), with);
    }

    static Text join(List<Text> parts, Text between) {
        Builder builder = new Builder();
        for (int i = 0; i < parts.size(); i++) {
            if (i > 0) {
                builder.add(between);
            }
            builder.add(parts.get(i));
        }
        return builder.build();
    }

    /** Where a character stands, counted in code points; -1 if it is not there. */
    int find(String part, boolean last) {
        int at = last ? string.lastIndexOf(part) : string.indexOf(part);
        return at < 0 ? -1 : string.codePointCount(0, at);
    }

    int codePoints() {
        return string.codePointCount(0, length());
    }

    /** The characters that Python would call {@code from} to {@code to}. */
    Text codePoints(int from, int to) {
        int start = string.offsetByCodePoints(0, from);
        return substring(start, string.offsetByCodePoints(start, to - from));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Text text && text.string.equals(string);
    }

    @Override
    public int hashCode() {
        return string.hashCode();
    }

    @Override
    public String toString() {
        return string;
    }

    /** A text that grows. */
    static final class Builder {
        private final StringBuilder string = new StringBuilder();
        private int[] origins = new int[64];

        Builder add(Text text) {
            if (text.origins.length > 0) {
                reserve(text.length());
                System.arraycopy(text.origins, 0, origins, string.length(), text.length());
            }
            string.append(text.string);
            return this;
        }

        Builder add(String own) {
            string.append(own);
            return this;
        }

        private void reserve(int more) {
            if (string.length() + more > origins.length) {
                origins = Arrays.copyOf(origins, Math.max(2 * origins.length, string.length() + more));
            }
        }

        int length() {
            return string.length();
        }

        Text build() {
            return new Text(string.toString(), origins());
        }

        /** Where each char came from. */
        int[] origins() {
            return Arrays.copyOf(origins, string.length());
        }
    }
}
