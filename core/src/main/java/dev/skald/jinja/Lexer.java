package dev.skald.jinja;

import dev.skald.jinja.Token.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts a template into tokens, with {@code trim_blocks} and {@code lstrip_blocks} on and the last line end dropped, as transformers sets Jinja up.
 * The rules are those of jinja2's lexer.py.
 */
final class Lexer {

    private static final Pattern TOKEN = Pattern.compile(
            "(?<float>\\d[\\d_]*\\.\\d[\\d_]*(?:[eE][+-]?\\d+)?|\\d[\\d_]*[eE][+-]?\\d+)"
                    + "|(?<integer>\\d[\\d_]*)"
                    + "|(?<name>[\\p{L}_][\\p{L}\\p{N}_]*)"
                    + "|(?<string>'(?:[^'\\\\]|\\\\.)*+'|\"(?:[^\"\\\\]|\\\\.)*+\")"
                    + "|(?<operator>//|\\*\\*|==|!=|<=|>=|[-+/*%~\\[\\](){}<>=.:|,])",
            Pattern.DOTALL);

    private static final Pattern RAW = Pattern.compile("-?\\s*raw\\s*(?<trim>-?)%\\}");
    private static final Pattern END_RAW =
            Pattern.compile("\\{%(?<before>[-+]?)\\s*endraw\\s*(?<after>[-+]?)%\\}", Pattern.DOTALL);

    private final String name;
    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private int at;
    /** Whether what is before {@link #at} ends a line, or nothing is. */
    private boolean lineStart = true;

    private int counted;
    private int line = 1;

    /** Whether white space around tags stays, and the last line end: Jinja's own way. */
    private final boolean keepsSpace;

    private Lexer(String name, String source, boolean keepsSpace) {
        this.name = name;
        this.source = source;
        this.keepsSpace = keepsSpace;
    }

    static List<Token> tokens(String name, String source, boolean keepsSpace) {
        String lines = source.replace("\r\n", "\n").replace('\r', '\n');
        boolean drop = !keepsSpace && lines.endsWith("\n");
        Lexer lexer = new Lexer(name, drop ? lines.substring(0, lines.length() - 1) : lines, keepsSpace);
        lexer.run();
        return lexer.tokens;
    }

    private void run() {
        while (at < source.length()) {
            int tag = nextTag();
            if (tag == source.length()) {
                text(at, tag);
                break;
            }
            char kind = source.charAt(tag + 1);
            char sign = tag + 2 < source.length() ? source.charAt(tag + 2) : ' ';
            text(at, textEnd(tag, kind == '{', sign));
            at = sign == '-' || (sign == '+' && kind != '{') ? tag + 3 : tag + 2;
            switch (kind) {
                case '#' -> comment(tag);
                case '%' -> block(tag);
                default -> inside(tag, Kind.PRINT_BEGIN, Kind.PRINT_END, "}}");
            }
        }
        add(Kind.END, "", source.length());
    }

    private int nextTag() {
        for (int i = at; i + 1 < source.length(); i++) {
            if (source.charAt(i) == '{' && "{%#".indexOf(source.charAt(i + 1)) >= 0) {
                return i;
            }
        }
        return source.length();
    }

    /** Where the text before a tag ends. */
    private int textEnd(int tag, boolean print, char sign) {
        int end = tag;
        if (sign == '-') {
            while (end > at && Text.isSpace(source.charAt(end - 1))) {
                end--;
            }
        } else if (!print && sign != '+' && !keepsSpace) {
            int indent = tag;
            while (indent > at && source.charAt(indent - 1) != '\n' && Text.isSpace(source.charAt(indent - 1))) {
                indent--;
            }
            boolean wholeLine = indent > at ? source.charAt(indent - 1) == '\n' : lineStart;
            end = wholeLine ? indent : tag;
        }
        return end;
    }

    private void text(int from, int to) {
        if (from < to) {
            add(Kind.TEXT, source.substring(from, to), from);
        }
    }

    private void comment(int tag) {
        int end = source.indexOf("#}", at);
        if (end < 0) {
            throw error(tag, "a comment is not closed, expected '#}'");
        }
        char sign = end > at ? source.charAt(end - 1) : ' ';
        at = end + 2;
        afterTag(sign, true);
    }

    private void block(int tag) {
        Matcher raw = RAW.matcher(source).region(at, source.length());
        if (!raw.lookingAt()) {
            inside(tag, Kind.BLOCK_BEGIN, Kind.BLOCK_END, "%}");
            return;
        }
        at = raw.end();
        afterTag(raw.group("trim").isEmpty() ? ' ' : '-', true);
        Matcher end = END_RAW.matcher(source);
        if (!end.find(at)) {
            throw error(tag, "raw is not closed, expected endraw");
        }
        String sign = end.group("before");
        text(at, textEnd(end.start(), false, sign.isEmpty() ? ' ' : sign.charAt(0)));
        at = end.end();
        afterTag(end.group("after").isEmpty() ? ' ' : end.group("after").charAt(0), true);
    }

    /** Drops what a tag's end takes with it: all white space for '-', else one line end after a block. */
    private void afterTag(char sign, boolean block) {
        int from = at;
        if (sign == '-') {
            while (at < source.length() && Text.isSpace(source.charAt(at))) {
                at++;
            }
        } else if (block && !keepsSpace && sign != '+' && at < source.length() && source.charAt(at) == '\n') {
            at++;
        }
        lineStart = at > from && source.charAt(at - 1) == '\n';
    }

    private void inside(int tag, Kind begin, Kind end, String closing) {
        add(begin, source.substring(tag, tag + 2), tag);
        Deque<Character> open = new ArrayDeque<>();
        Matcher matcher = TOKEN.matcher(source);
        while (true) {
            while (at < source.length() && Text.isSpace(source.charAt(at))) {
                at++;
            }
            if (at >= source.length()) {
                throw error(tag, "a tag is not closed, expected '" + closing + "'");
            }
            char sign = source.charAt(at);
            boolean signed =
                    (sign == '-' || (sign == '+' && end == Kind.BLOCK_END)) && source.startsWith(closing, at + 1);
            if (open.isEmpty() && (signed || source.startsWith(closing, at))) {
                add(end, closing, at);
                at += signed ? 3 : 2;
                afterTag(signed ? sign : ' ', end == Kind.BLOCK_END);
                return;
            }
            if (!matcher.region(at, source.length()).lookingAt()) {
                throw error(at, "unexpected '" + Character.toString(source.codePointAt(at)) + "'");
            }
            add(matcher, open);
            at = matcher.end();
        }
    }

    private void add(Matcher matcher, Deque<Character> open) {
        String value = matcher.group();
        if (matcher.group("float") != null) {
            add(Kind.FLOAT, value.replace("_", ""), at);
        } else if (matcher.group("integer") != null) {
            add(Kind.INTEGER, value.replace("_", ""), at);
        } else if (matcher.group("name") != null) {
            add(Kind.NAME, value, at);
        } else if (matcher.group("string") != null) {
            add(Kind.STRING, unescape(value.substring(1, value.length() - 1)), at);
        } else {
            char first = value.charAt(0);
            if ("([{".indexOf(first) >= 0) {
                open.push(first);
            } else if (")]}".indexOf(first) >= 0
                    && (open.isEmpty() || "([{".indexOf(open.pop()) != ")]}".indexOf(first))) {
                throw error(at, "unexpected '" + first + "'");
            }
            add(Kind.OPERATOR, value, at);
        }
    }

    /** Python's escapes; what is none stays as it is. */
    private String unescape(String quoted) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < quoted.length(); i++) {
            char c = quoted.charAt(i);
            if (c != '\\' || i + 1 == quoted.length()) {
                text.append(c);
                continue;
            }
            char escape = quoted.charAt(++i);
            int digits = "xuU".indexOf(escape) < 0 ? 0 : 2 << "xuU".indexOf(escape);
            int known = "nrtbfav0\\'\"".indexOf(escape);
            if (digits > 0 && i + digits < quoted.length()) {
                try {
                    text.appendCodePoint(Integer.parseInt(quoted.substring(i + 1, i + 1 + digits), 16));
                } catch (IllegalArgumentException e) {
                    throw error(
                            at, "\\" + escape + " is not followed by " + digits + " hexadecimal digits of a character");
                }
                i += digits;
            } else if (known >= 0) {
                text.append("\n\r\t\b\f\u0007\u000B\0\\'\"".charAt(known));
            } else if (escape != '\n') {
                text.append(c).append(escape);
            }
        }
        return text.toString();
    }

    private void add(Kind kind, String value, int position) {
        tokens.add(new Token(kind, value, lineOf(position)));
    }

    private int lineOf(int position) {
        for (; counted < position; counted++) {
            line += source.charAt(counted) == '\n' ? 1 : 0;
        }
        return line;
    }

    private TemplateException error(int position, String message) {
        long before =
                source.substring(0, position).chars().filter(c -> c == '\n').count();
        return TemplateException.at(name, (int) before + 1, message);
    }
}
