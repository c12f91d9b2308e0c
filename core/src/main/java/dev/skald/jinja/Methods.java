package dev.skald.jinja;

import dev.skald.jinja.Python.Function;
import dev.skald.jinja.Python.Tuple;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.IntPredicate;

/** The methods of Python's strings, lists and dicts that do not change them. */
final class Methods {

    private static final Map<String, BiFunction<Text, Arguments, Object>> STRING = Map.ofEntries(
            Map.entry("strip", (text, arguments) -> text.strip(arguments.stringOrNull(0, "chars"), true, true)),
            Map.entry("lstrip", (text, arguments) -> text.strip(arguments.stringOrNull(0, "chars"), true, false)),
            Map.entry("rstrip", (text, arguments) -> text.strip(arguments.stringOrNull(0, "chars"), false, true)),
            Map.entry("split", (text, arguments) -> split(text, arguments, false)),
            Map.entry("rsplit", (text, arguments) -> split(text, arguments, true)),
            Map.entry("splitlines", (text, arguments) -> list(text.lines(arguments.flag(0, "keepends", false)))),
            Map.entry("partition", (text, arguments) -> partition(text, arguments.text(0, "sep"), false)),
            Map.entry("rpartition", (text, arguments) -> partition(text, arguments.text(0, "sep"), true)),
            Map.entry("startswith", (text, arguments) -> affix(text, arguments.get(0, "prefix"), true)),
            Map.entry("endswith", (text, arguments) -> affix(text, arguments.get(0, "suffix"), false)),
            Map.entry("removeprefix", (text, arguments) -> without(text, arguments.text(0, "prefix"), true)),
            Map.entry("removesuffix", (text, arguments) -> without(text, arguments.text(0, "suffix"), false)),
            Map.entry("upper", (text, _) -> text.map(each -> each.toUpperCase(Locale.ROOT))),
            Map.entry("lower", (text, _) -> text.map(each -> each.toLowerCase(Locale.ROOT))),
            Map.entry("title", (text, _) -> text.map(Methods::title)),
            Map.entry("capitalize", (text, _) -> text.map(Methods::capitalize)),
            Map.entry("replace", (text, arguments) -> replace(text, arguments)),
            Map.entry("find", (text, arguments) -> (long) text.find(Python.string(arguments.get(0, "sub")), false)),
            Map.entry("rfind", (text, arguments) -> (long) text.find(Python.string(arguments.get(0, "sub")), true)),
            Map.entry("index", (text, arguments) -> index(text, Python.string(arguments.get(0, "sub")))),
            Map.entry("count", (text, arguments) -> count(text, Python.string(arguments.get(0, "sub")))),
            Map.entry("join", (text, arguments) -> join(text, arguments.get(0, "iterable"))),
            Map.entry("format", (text, arguments) -> Format.braces(text, arguments)),
            Map.entry("zfill", (text, arguments) -> pad(text, arguments.integer(0, "width", 0), "0", true)),
            Map.entry("ljust", (text, arguments) -> pad(text, arguments.integer(0, "width", 0), " ", false)),
            Map.entry("rjust", (text, arguments) -> pad(text, arguments.integer(0, "width", 0), " ", true)),
            Map.entry("isdigit", (text, _) -> all(text, Character::isDigit)),
            Map.entry("isalpha", (text, _) -> all(text, Character::isLetter)),
            Map.entry("isalnum", (text, _) -> all(text, Character::isLetterOrDigit)),
            Map.entry("isspace", (text, _) -> all(text, Text::isSpace)),
            Map.entry("isupper", (text, _) -> isCased(text.string(), true)),
            Map.entry("islower", (text, _) -> isCased(text.string(), false)));

    private static final Map<String, BiFunction<Map<?, ?>, Arguments, Object>> DICT = Map.of(
            "items", (map, _) -> items(map),
            "keys", (map, _) -> new ArrayList<Object>(map.keySet()),
            "values", (map, _) -> new ArrayList<Object>(map.values()),
            "copy", (map, _) -> new LinkedHashMap<Object, Object>(map),
            "get",
                    (map, arguments) -> map.containsKey(arguments.get(0, "key"))
                            ? map.get(arguments.get(0, "key"))
                            : arguments.get(1, "default", Python.NONE));

    private static final Map<String, BiFunction<List<?>, Arguments, Object>> LIST = Map.of(
            "index", (items, arguments) -> indexOf(items, arguments.get(0, "value")),
            "count",
                    (items, arguments) -> items.stream()
                            .filter(each -> Python.equal(each, arguments.get(0, "value")))
                            .count());

    private Methods() {}

    /** The method of a value; null if it has none of that name. */
    static Function find(Object value, String name) {
        return switch (value) {
            case Text text -> bound(STRING.get(name), text);
            case Map<?, ?> map -> bound(DICT.get(name), map);
            case List<?> items -> bound(LIST.get(name), items);
            default -> null;
        };
    }

    private static <T> Function bound(BiFunction<T, Arguments, Object> method, T target) {
        return method == null ? null : arguments -> method.apply(target, arguments);
    }

    static List<Object> items(Map<?, ?> map) {
        List<Object> items = new ArrayList<>();
        map.forEach((key, value) -> items.add(new Tuple(key, value)));
        return items;
    }

    private static List<Object> list(List<Text> texts) {
        return new ArrayList<>(texts);
    }

    private static Object split(Text text, Arguments arguments, boolean fromEnd) {
        String separator = arguments.stringOrNull(0, "sep");
        int most = (int) arguments.integer(1, "maxsplit", -1);
        if (separator == null) {
            return list(text.words(most));
        }
        return list(fromEnd && most >= 0 ? text.splitFromEnd(separator, most) : text.split(separator, most));
    }

    private static Object partition(Text text, Text separator, boolean last) {
        int at = last
                ? text.string().lastIndexOf(separator.string())
                : text.string().indexOf(separator.string());
        if (at < 0) {
            return last ? new Tuple(Text.EMPTY, Text.EMPTY, text) : new Tuple(text, Text.EMPTY, Text.EMPTY);
        }
        int end = at + separator.length();
        return new Tuple(text.substring(0, at), text.substring(at, end), text.substring(end, text.length()));
    }

    private static boolean affix(Text text, Object affix, boolean start) {
        if (affix instanceof Tuple several) {
            return several.stream().anyMatch(each -> affix(text, each, start));
        }
        String string = Python.string(affix);
        return start ? text.string().startsWith(string) : text.string().endsWith(string);
    }

    private static Text without(Text text, Text affix, boolean start) {
        if (!affix(text, affix, start)) {
            return text;
        }
        return start
                ? text.substring(affix.length(), text.length())
                : text.substring(0, text.length() - affix.length());
    }

    private static Text replace(Text text, Arguments arguments) {
        return text.replace(
                arguments.text(0, "old").string(), arguments.text(1, "new"), (int) arguments.integer(2, "count", -1));
    }

    private static long index(Text text, String part) {
        int at = text.find(part, false);
        if (at < 0) {
            throw new EvaluationError("substring not found");
        }
        return at;
    }

    private static long count(Text text, String part) {
        return part.isEmpty() ? text.codePoints() + 1L : text.split(part, -1).size() - 1L;
    }

    private static long indexOf(List<?> items, Object item) {
        for (int i = 0; i < items.size(); i++) {
            if (Python.equal(items.get(i), item)) {
                return i;
            }
        }
        throw new EvaluationError(Python.string(item) + " is not in the list");
    }

    private static Text join(Text between, Object items) {
        List<Text> parts = new ArrayList<>();
        for (Object item : Python.iterate(items)) {
            if (!(item instanceof Text part)) {
                throw new EvaluationError("join: expected strings, found " + Python.type(item));
            }
            parts.add(part);
        }
        return Text.join(parts, between);
    }

    private static Text pad(Text text, long width, String with, boolean left) {
        Text padding = Text.of(with.repeat(Math.clamp(width - text.codePoints(), 0, 10_000)));
        boolean signed = with.equals("0")
                && (text.string().startsWith("-") || text.string().startsWith("+"));
        if (signed) {
            return text.substring(0, 1).plus(padding).plus(text.substring(1, text.length()));
        }
        return left ? padding.plus(text) : text.plus(padding);
    }

    private static boolean all(Text text, IntPredicate test) {
        return !text.isEmpty() && text.string().codePoints().allMatch(test);
    }

    /** Python's isupper and islower: some letter has a case, and all that have one have this. */
    static boolean isCased(String text, boolean upper) {
        boolean some = false;
        for (int c : text.codePoints().toArray()) {
            boolean isUpper = Character.isUpperCase(c) || Character.isTitleCase(c);
            boolean isLower = Character.isLowerCase(c);
            if (upper ? isLower : isUpper) {
                return false;
            }
            some |= isUpper || isLower;
        }
        return some;
    }

    /** The first letter of each run of letters large, the others small. */
    private static String title(String text) {
        StringBuilder titled = new StringBuilder();
        boolean inside = false;
        for (int c : text.codePoints().toArray()) {
            titled.appendCodePoint(inside ? Character.toLowerCase(c) : Character.toTitleCase(c));
            inside = Character.isLetter(c);
        }
        return titled.toString();
    }

    static String capitalize(String text) {
        if (text.isEmpty()) {
            return text;
        }
        int first = text.codePointAt(0);
        return Character.toString(Character.toTitleCase(first))
                + text.substring(Character.charCount(first)).toLowerCase(Locale.ROOT);
    }
}
