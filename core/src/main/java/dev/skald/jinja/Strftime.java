package dev.skald.jinja;

import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;

/** Python's {@code strftime} in the C locale. */
final class Strftime {

    private static final Map<Character, String> PATTERNS = Map.ofEntries(
            Map.entry('a', "EEE"),
            Map.entry('A', "EEEE"),
            Map.entry('b', "MMM"),
            Map.entry('B', "MMMM"),
            Map.entry('d', "dd"),
            Map.entry('e', "ppd"),
            Map.entry('f', "SSSSSS"),
            Map.entry('F', "uuuu-MM-dd"),
            Map.entry('H', "HH"),
            Map.entry('I', "hh"),
            Map.entry('j', "DDD"),
            Map.entry('m', "MM"),
            Map.entry('M', "mm"),
            Map.entry('p', "a"),
            Map.entry('S', "ss"),
            Map.entry('T', "HH:mm:ss"),
            Map.entry('y', "uu"),
            Map.entry('Y', "uuuu"),
            Map.entry('z', "xx"),
            Map.entry('Z', "zzz"));

    private Strftime() {}

    static String format(ZonedDateTime time, String format) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            if (c != '%' || i + 1 == format.length()) {
                text.append(c);
                continue;
            }
            char kind = format.charAt(++i);
            boolean bare = kind == '-' && i + 1 < format.length();
            kind = bare ? format.charAt(++i) : kind;
            if (kind == '%') {
                text.append('%');
                continue;
            }
            String pattern = PATTERNS.get(kind);
            if (pattern == null) {
                throw new EvaluationError("strftime_now: %" + kind + " is not supported");
            }
            String value = DateTimeFormatter.ofPattern(pattern, Locale.US).format(time);
            text.append(bare ? value.replaceFirst("^0+(?=.)", "") : value);
        }
        return text.toString();
    }
}
