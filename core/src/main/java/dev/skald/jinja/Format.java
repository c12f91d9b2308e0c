package dev.skald.jinja;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Python's two ways of putting values into a string, without the rarer conversions. */
final class Format {

    private static final Pattern PERCENT = Pattern.compile("%(?<spec>[-0 +]*\\d*(?:\\.\\d+)?)(?<kind>[a-zA-Z%])");
    private static final Pattern BRACES = Pattern.compile("\\{\\{|\\}\\}|\\{(?<name>\\w*)\\}");

    private Format() {}

    /** {@code "%s: %d" % (a, b)}. */
    static Text percent(Text pattern, Arguments arguments) {
        Matcher matcher = PERCENT.matcher(pattern.string());
        Text.Builder out = new Text.Builder();
        int done = 0;
        int place = 0;
        while (matcher.find()) {
            out.add(pattern.substring(done, matcher.start()));
            done = matcher.end();
            char kind = matcher.group("kind").charAt(0);
            if (kind == '%') {
                out.add("%");
                continue;
            }
            if (place >= arguments.places().size()) {
                throw new EvaluationError("not enough arguments for the format string");
            }
            out.add(convert(matcher.group("spec"), kind, arguments.places().get(place++)));
        }
        return out.add(pattern.substring(done, pattern.length())).build();
    }

    private static Text convert(String spec, char kind, Object value) {
        return switch (kind) {
            case 's' -> {
                Text text = Python.text(value);
                yield spec.isEmpty() ? text : text.map(each -> String.format(Locale.ROOT, "%" + spec + "s", each));
            }
            case 'd', 'i' ->
                Text.of(String.format(
                        Locale.ROOT,
                        "%" + spec + "d",
                        value instanceof Double real ? real.longValue() : Python.integer(value)));
            case 'f', 'F' -> Text.of(String.format(Locale.ROOT, "%" + spec + "f", Python.number(value)));
            case 'x' -> Text.of(String.format(Locale.ROOT, "%" + spec + "x", Python.integer(value)));
            default -> throw new EvaluationError("the conversion %" + kind + " is not supported");
        };
    }

    /** {@code "{}: {name}".format(a, name=b)}. */
    static Text braces(Text pattern, Arguments arguments) {
        Matcher matcher = BRACES.matcher(pattern.string());
        Text.Builder out = new Text.Builder();
        int done = 0;
        int place = 0;
        while (matcher.find()) {
            out.add(pattern.substring(done, matcher.start()));
            done = matcher.end();
            String name = matcher.group("name");
            if (name == null) {
                out.add(matcher.group().substring(1));
            } else if (name.isEmpty() || Character.isDigit(name.charAt(0))) {
                int at = name.isEmpty() ? place++ : Integer.parseInt(name);
                out.add(Python.text(arguments.get(at, name)));
            } else {
                out.add(Python.text(arguments.get(Integer.MAX_VALUE, name)));
            }
        }
        return out.add(pattern.substring(done, pattern.length())).build();
    }
}
