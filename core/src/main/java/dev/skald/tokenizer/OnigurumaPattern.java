package dev.skald.tokenizer;

import dev.skald.InvalidInputException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Makes a Java pattern of a regular expression of tokenizer.json, which is in Oniguruma's Ruby syntax over UTF-8. The two differ in little, which is rewritten here:
 * {@code ^} and {@code $} are those of lines, {@code (?m)} is Java's {@code (?s)}, {@code \h} is a hexadecimal digit, {@code \v} a vertical tab, {@code x{2,3}+} is
 * {@code (?:x{2,3})+}, scripts go by their bare names. What has no counterpart is refused.
 *
 * <p>Source: Oniguruma's doc/RE.
 */
final class OnigurumaPattern {

    private static final int FLAGS =
            Pattern.UNICODE_CHARACTER_CLASS | Pattern.UNICODE_CASE | Pattern.MULTILINE | Pattern.UNIX_LINES;

    private static final String WORD = "\\p{IsAlphabetic}\\p{M}\\p{Nd}\\p{Pc}";
    private static final Pattern INTERVAL = Pattern.compile("\\{(\\d*)(,?)(\\d*)\\}([+?]?)");
    private static final Pattern GROUP =
            Pattern.compile("\\(\\?(?:[:=!>]|<[=!]|<[A-Za-z]\\w*>|[imx]*(?:-[imx]+)?[:)])");
    private static final Pattern PROPERTY = Pattern.compile("\\\\([pP])\\{(\\^?)([^}]*)\\}");
    private static final Pattern CODE_POINT = Pattern.compile("\\\\x(?:\\{[0-9a-fA-F]+\\}|[0-7][0-9a-fA-F])");
    private static final Pattern POSIX = Pattern.compile("\\[:(\\^?)([a-zA-Z]+):\\]");

    /** Long names of general categories, without case, blanks, underscores and hyphens. */
    private static final Map<String, String> CATEGORIES = Map.ofEntries(
            Map.entry("letter", "L"),
            Map.entry("uppercaseletter", "Lu"),
            Map.entry("lowercaseletter", "Ll"),
            Map.entry("titlecaseletter", "Lt"),
            Map.entry("modifierletter", "Lm"),
            Map.entry("otherletter", "Lo"),
            Map.entry("mark", "M"),
            Map.entry("nonspacingmark", "Mn"),
            Map.entry("spacingmark", "Mc"),
            Map.entry("enclosingmark", "Me"),
            Map.entry("number", "N"),
            Map.entry("decimalnumber", "Nd"),
            Map.entry("letternumber", "Nl"),
            Map.entry("othernumber", "No"),
            Map.entry("punctuation", "P"),
            Map.entry("connectorpunctuation", "Pc"),
            Map.entry("dashpunctuation", "Pd"),
            Map.entry("openpunctuation", "Ps"),
            Map.entry("closepunctuation", "Pe"),
            Map.entry("initialpunctuation", "Pi"),
            Map.entry("finalpunctuation", "Pf"),
            Map.entry("otherpunctuation", "Po"),
            Map.entry("symbol", "S"),
            Map.entry("mathsymbol", "Sm"),
            Map.entry("currencysymbol", "Sc"),
            Map.entry("modifiersymbol", "Sk"),
            Map.entry("othersymbol", "So"),
            Map.entry("separator", "Z"),
            Map.entry("spaceseparator", "Zs"),
            Map.entry("lineseparator", "Zl"),
            Map.entry("paragraphseparator", "Zp"),
            Map.entry("other", "C"),
            Map.entry("control", "Cc"),
            Map.entry("format", "Cf"));

    private final String source;
    private final StringBuilder out = new StringBuilder();
    private final Deque<Integer> groups = new ArrayDeque<>();
    private int at;
    private int classDepth;
    /** Where in the output the last thing that can be repeated begins. */
    private int atom;

    private OnigurumaPattern(String source) {
        this.source = source;
    }

    /**
     * @throws InvalidInputException if the expression is wrong, or has something that Java's have not
     */
    static Pattern compile(String source) {
        String translated = new OnigurumaPattern(source).translate();
        try {
            return Pattern.compile(translated, FLAGS);
        } catch (PatternSyntaxException e) {
            throw new InvalidInputException("regular expression " + Quoted.of(source) + ": " + e.getDescription(), e);
        }
    }

    private String translate() {
        while (at < source.length()) {
            char c = source.charAt(at);
            if (c == '\\') {
                escape();
            } else if (classDepth > 0) {
                inClass(c);
            } else {
                outside(c);
            }
        }
        return out.toString();
    }

    private void emit(String text, int taken) {
        if (classDepth == 0) {
            atom = out.length();
        }
        out.append(text);
        at += taken;
    }

    private void inClass(char c) {
        if (c == '[') {
            Matcher posix = POSIX.matcher(source).region(at, source.length());
            if (posix.lookingAt()) {
                emit(property(posix.group(1).isEmpty() ? "p" : "P", posix.group(2)), posix.end() - at);
                return;
            }
            openClass();
            return;
        }
        if (c == ']') {
            classDepth--;
        }
        out.append(c);
        at++;
    }

    private void openClass() {
        if (classDepth == 0) {
            atom = out.length();
        }
        classDepth++;
        out.append('[');
        at++;
        if (source.startsWith("^", at)) {
            out.append('^');
            at++;
        }
        if (source.startsWith("]", at)) {
            out.append("\\]");
            at++;
        }
    }

    private void outside(char c) {
        switch (c) {
            case '[' -> openClass();
            case '(' -> openGroup();
            case ')' -> {
                atom = groups.isEmpty() ? out.length() : groups.pop();
                out.append(c);
                at++;
            }
            case '{' -> interval();
            case '}', ']' -> emit("\\" + c, 1);
            case '*', '+', '?', '|' -> {
                out.append(c);
                at++;
            }
            default -> {
                String character = Character.toString(source.codePointAt(at));
                emit(character, character.length());
            }
        }
    }

    private void openGroup() {
        if (source.startsWith("(?#", at)) {
            int end = source.indexOf(')', at);
            at = end < 0 ? source.length() : end + 1;
            return;
        }
        Matcher group = GROUP.matcher(source).region(at, source.length());
        if (source.startsWith("(?", at) && !group.lookingAt()) {
            throw unsupported(source.substring(at, Math.min(source.length(), at + 4)));
        }
        String opening = source.startsWith("(?", at) ? group.group() : "(";
        if (!opening.endsWith(")")) {
            groups.push(out.length());
        }
        boolean flags = opening.length() > 2 && opening.charAt(2) != '<';
        out.append(flags ? opening.replace('m', 's') : opening);
        at += opening.length();
    }

    private void interval() {
        Matcher interval = INTERVAL.matcher(source).region(at, source.length());
        if (!interval.lookingAt()
                || (interval.group(1).isEmpty() && interval.group(3).isEmpty())
                || (interval.group(2).isEmpty() && !interval.group(3).isEmpty())) {
            emit("\\{", 1);
            return;
        }
        String least = interval.group(1).isEmpty() ? "0" : interval.group(1);
        String after = interval.group(4);
        out.append('{')
                .append(least)
                .append(interval.group(2))
                .append(interval.group(3))
                .append('}');
        if (after.equals("+") || (after.equals("?") && interval.group(2).isEmpty())) {
            out.insert(atom, "(?:").append(')');
        }
        out.append(after);
        at = interval.end();
    }

    private void escape() {
        if (at + 1 == source.length()) {
            throw unsupported("\\ at the end");
        }
        char c = source.charAt(at + 1);
        switch (c) {
            case 'p', 'P' -> {
                Matcher property = PROPERTY.matcher(source).region(at, source.length());
                if (!property.lookingAt()) {
                    throw unsupported("\\" + c + " without {name}");
                }
                boolean not = c == 'P' ^ !property.group(2).isEmpty();
                emit(property(not ? "P" : "p", property.group(3)), property.end() - at);
            }
            case 'h' -> emit("[0-9a-fA-F]", 2);
            case 'H' -> emit("[^0-9a-fA-F]", 2);
            case 'w' -> emit("[" + WORD + "]", 2);
            case 'W' -> emit("[^" + WORD + "]", 2);
            case 'v' -> emit("\\x0B", 2);
            case 's', 'S', 'd', 'D', 'b', 'B', 'A', 'z', 'Z', 'n', 'r', 't', 'f', 'a', 'e', 'u' -> emit("\\" + c, 2);
            case 'x' -> {
                Matcher code = CODE_POINT.matcher(source).region(at, source.length());
                if (!code.lookingAt()) {
                    throw unsupported("\\x without {code point} above 7F");
                }
                emit(code.group(), code.end() - at);
            }
            default -> {
                boolean reference = classDepth == 0 && c >= '1' && c <= '9';
                if (!reference && (c == '_' || Character.isLetterOrDigit(c)) && c < 0x80) {
                    throw unsupported("\\" + c);
                }
                emit(reference || c < 0x80 ? "\\" + c : String.valueOf(c), 2);
            }
        }
    }

    /** Java's spelling of a property: a category, a POSIX class, a script or a binary property. */
    private String property(String kind, String name) {
        String plain = name.replaceAll("[ _-]", "").toLowerCase(Locale.ROOT);
        String category = CATEGORIES.getOrDefault(plain, plain.length() <= 2 ? capital(plain) : "");
        if (!category.isEmpty()) {
            return "\\" + kind + "{" + category + "}";
        }
        return switch (plain) {
            case "word" -> (kind.equals("p") ? "[" : "[^") + WORD + "]";
            case "any" -> kind.equals("p") ? "[\\x{0}-\\x{10FFFF}]" : "[^\\x{0}-\\x{10FFFF}]";
            case "ascii" -> "\\" + kind + "{ASCII}";
            case "alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper" ->
                "\\" + kind + "{" + capital(plain) + "}";
            case "xdigit" -> kind.equals("p") ? "[0-9a-fA-F]" : "[^0-9a-fA-F]";
            default -> "\\" + kind + "{Is" + name.replaceAll("[ -]", "_") + "}";
        };
    }

    private static String capital(String name) {
        return name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1);
    }

    private InvalidInputException unsupported(String what) {
        return new InvalidInputException("regular expression " + Quoted.of(source) + ": " + what + " is not supported");
    }
}
