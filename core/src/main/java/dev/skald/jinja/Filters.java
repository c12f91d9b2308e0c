package dev.skald.jinja;

import dev.skald.jinja.Python.Tuple;
import dev.skald.jinja.Python.Undefined;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Jinja's filters: what may follow {@code |}. Names, parameters and results are those of jinja2's filters.py, and transformers' {@code tojson}. */
final class Filters {

    private static final Map<String, BiFunction<Object, Arguments, Object>> ALL = Map.ofEntries(
            Map.entry(
                    "abs",
                    (value, _) ->
                            value instanceof Double real ? (Object) Math.abs(real) : Math.abs(Python.integer(value))),
            Map.entry("attr", (value, arguments) -> Python.attribute(value, Python.string(arguments.get(0, "name")))),
            Map.entry("batch", (value, arguments) -> batch(Python.iterate(value), arguments)),
            Map.entry("capitalize", (value, _) -> Python.text(value).map(Methods::capitalize)),
            Map.entry("default", (value, arguments) -> orDefault(value, arguments)),
            Map.entry("dictsort", (value, arguments) -> dictsort(value, arguments)),
            Map.entry("escape", (value, _) -> escape(Python.text(value))),
            Map.entry("first", (value, _) -> firstOf(Python.iterate(value))),
            Map.entry("float", (value, arguments) -> toFloat(value, arguments)),
            Map.entry("format", (value, arguments) -> Format.percent(Python.text(value), arguments)),
            Map.entry("groupby", (value, arguments) -> groupby(value, arguments)),
            Map.entry("indent", (value, arguments) -> indent(Python.text(value), arguments)),
            Map.entry("int", (value, arguments) -> toInt(value, arguments)),
            Map.entry("items", (value, _) -> items(value)),
            Map.entry("join", (value, arguments) -> join(value, arguments)),
            Map.entry("last", (value, _) -> firstOf(Python.iterate(value).reversed())),
            Map.entry("length", (value, _) -> Python.length(value)),
            Map.entry("list", (value, _) -> Python.iterate(value)),
            Map.entry("lower", (value, _) -> Python.text(value).map(text -> text.toLowerCase(Locale.ROOT))),
            Map.entry("map", (value, arguments) -> map(value, arguments)),
            Map.entry("max", (value, arguments) -> extreme(value, arguments, -1)),
            Map.entry("min", (value, arguments) -> extreme(value, arguments, 1)),
            Map.entry("reject", (value, arguments) -> select(value, arguments, false)),
            Map.entry("rejectattr", (value, arguments) -> selectByAttribute(value, arguments, false)),
            Map.entry("replace", (value, arguments) -> replace(value, arguments)),
            Map.entry("reverse", (value, _) -> reverse(value)),
            Map.entry("round", (value, arguments) -> round(value, arguments)),
            Map.entry("safe", (value, _) -> value),
            Map.entry("select", (value, arguments) -> select(value, arguments, true)),
            Map.entry("selectattr", (value, arguments) -> selectByAttribute(value, arguments, true)),
            Map.entry("sort", (value, arguments) -> sort(value, arguments)),
            Map.entry("string", (value, _) -> Python.text(value)),
            Map.entry("sum", (value, arguments) -> sum(value, arguments)),
            Map.entry("title", (value, _) -> Python.text(value).map(Filters::title)),
            Map.entry("tojson", Json::of),
            Map.entry(
                    "trim",
                    (value, arguments) -> Python.text(value).strip(arguments.stringOrNull(0, "chars"), true, true)),
            Map.entry("unique", (value, arguments) -> unique(value, arguments)),
            Map.entry("upper", (value, _) -> Python.text(value).map(text -> text.toUpperCase(Locale.ROOT))),
            Map.entry("wordcount", (value, _) ->
                    (long) Python.text(value).words(-1).size()));

    private static final Map<String, String> SYNONYMS =
            Map.of("count", "length", "d", "default", "e", "escape", "forceescape", "escape");

    private static final Pattern WORD = Pattern.compile("[^-\\s({\\[<]+");

    private Filters() {}

    static boolean exists(String name) {
        return ALL.containsKey(SYNONYMS.getOrDefault(name, name));
    }

    static Object apply(String name, Object value, Arguments arguments) {
        return ALL.get(SYNONYMS.getOrDefault(name, name)).apply(value, arguments);
    }

    private static Object orDefault(Object value, Arguments arguments) {
        boolean use = value instanceof Undefined || (arguments.flag(1, "boolean", false) && !Python.isTrue(value));
        return use ? arguments.get(0, "default_value", Text.EMPTY) : value;
    }

    private static Object firstOf(List<Object> items) {
        return items.isEmpty() ? new Undefined("the first item of nothing") : items.getFirst();
    }

    private static Object items(Object value) {
        return switch (value) {
            case Undefined _ -> List.of();
            case Map<?, ?> map -> Methods.items(map);
            default -> throw new EvaluationError("items: expected a dict, found " + Python.type(value));
        };
    }

    private static Object join(Object value, Arguments arguments) {
        List<Object> items = byAttribute(Python.iterate(value), arguments.get(1, "attribute", Python.NONE));
        return Text.join(items.stream().map(Python::text).toList(), Python.text(arguments.get(0, "d", Text.EMPTY)));
    }

    private static Object replace(Object value, Arguments arguments) {
        Object count = arguments.get(2, "count", Python.NONE);
        return Python.text(value)
                .replace(
                        arguments.text(0, "old").string(),
                        arguments.text(1, "new"),
                        count == Python.NONE ? -1 : (int) Python.integer(count));
    }

    private static Object reverse(Object value) {
        return value instanceof Text
                ? Python.slice(value, Python.NONE, Python.NONE, -1L)
                : new ArrayList<>(Python.iterate(value).reversed());
    }

    /** An attribute path: {@code a.b.0}. */
    private static Object attribute(Object item, Object path) {
        if (Python.isInteger(path)) {
            return Python.item(item, path);
        }
        Object value = item;
        for (String part : Python.string(path).split("\\.", -1)) {
            value = Python.item(value, part.matches("\\d+") ? (Object) Long.valueOf(part) : Text.of(part));
        }
        return value;
    }

    private static List<Object> byAttribute(List<Object> items, Object path) {
        return path == Python.NONE
                ? items
                : items.stream().map(item -> attribute(item, path)).toList();
    }

    private static Object map(Object value, Arguments arguments) {
        List<Object> mapped = new ArrayList<>();
        for (Object item : Python.iterate(value)) {
            if (arguments.names().containsKey("attribute")) {
                Object found = attribute(item, arguments.names().get("attribute"));
                boolean absent = found instanceof Undefined && arguments.names().containsKey("default");
                mapped.add(absent ? arguments.names().get("default") : found);
            } else {
                String name = Python.string(arguments.get(0, "filter"));
                if (!exists(name)) {
                    throw new EvaluationError("map: unknown filter '" + name + "'");
                }
                mapped.add(apply(name, item, arguments.from(1)));
            }
        }
        return mapped;
    }

    private static Object select(Object value, Arguments arguments, boolean keep) {
        Predicate<Object> test = test(arguments);
        return new ArrayList<>(Python.iterate(value).stream()
                .filter(item -> test.test(item) == keep)
                .toList());
    }

    private static Object selectByAttribute(Object value, Arguments arguments, boolean keep) {
        Object path = arguments.get(0, "attribute");
        Predicate<Object> test = test(arguments.from(1));
        return new ArrayList<>(Python.iterate(value).stream()
                .filter(item -> test.test(attribute(item, path)) == keep)
                .toList());
    }

    private static Predicate<Object> test(Arguments arguments) {
        if (arguments.places().isEmpty()) {
            return Python::isTrue;
        }
        String given = Python.string(arguments.places().getFirst());
        String name = Map.of("==", "equalto", "!=", "ne", "<", "lt", "<=", "le", ">", "gt", ">=", "ge")
                .getOrDefault(given, given);
        if (!Tests.exists(name)) {
            throw new EvaluationError("unknown test '" + given + "'");
        }
        return item -> Tests.holds(name, item, arguments.from(1));
    }

    /** Small letters for comparisons that do not tell the cases apart. */
    private static Object folded(Object value, boolean caseSensitive) {
        return value instanceof Text text && !caseSensitive ? text.map(each -> each.toLowerCase(Locale.ROOT)) : value;
    }

    private static Object sort(Object value, Arguments arguments) {
        boolean caseSensitive = arguments.flag(1, "case_sensitive", false);
        Object path = arguments.get(2, "attribute", Python.NONE);
        Comparator<Object> order = (left, right) -> Python.compare(
                folded(path == Python.NONE ? left : attribute(left, path), caseSensitive),
                folded(path == Python.NONE ? right : attribute(right, path), caseSensitive));
        List<Object> sorted = new ArrayList<>(Python.iterate(value));
        sorted.sort(arguments.flag(0, "reverse", false) ? order.reversed() : order);
        return sorted;
    }

    private static Object dictsort(Object value, Arguments arguments) {
        boolean caseSensitive = arguments.flag(0, "case_sensitive", false);
        long by = Python.string(arguments.get(1, "by", Text.of("key"))).equals("value") ? 1 : 0;
        Comparator<Object> order = (left, right) -> Python.compare(
                folded(Python.item(left, by), caseSensitive), folded(Python.item(right, by), caseSensitive));
        List<Object> sorted = new ArrayList<>(Python.iterate(items(value)));
        sorted.sort(arguments.flag(2, "reverse", false) ? order.reversed() : order);
        return sorted;
    }

    private static Object unique(Object value, Arguments arguments) {
        boolean caseSensitive = arguments.flag(0, "case_sensitive", false);
        Object path = arguments.get(1, "attribute", Python.NONE);
        Set<Object> seen = new LinkedHashSet<>();
        List<Object> items = new ArrayList<>();
        for (Object item : Python.iterate(value)) {
            if (seen.add(folded(path == Python.NONE ? item : attribute(item, path), caseSensitive))) {
                items.add(item);
            }
        }
        return items;
    }

    private static Object groupby(Object value, Arguments arguments) {
        Object path = arguments.get(0, "attribute");
        Map<Object, List<Object>> groups = new LinkedHashMap<>();
        for (Object item : Python.iterate(value)) {
            groups.computeIfAbsent(attribute(item, path), _ -> new ArrayList<>())
                    .add(item);
        }
        List<Object> sorted = new ArrayList<>();
        groups.keySet().stream().sorted(Python::compare).forEach(key -> sorted.add(new Tuple(key, groups.get(key))));
        return sorted;
    }

    private static Object batch(List<Object> items, Arguments arguments) {
        int size = (int) arguments.integer(0, "linecount", 1);
        List<Object> rows = new ArrayList<>();
        for (int i = 0; i < items.size(); i += Math.max(1, size)) {
            List<Object> row = new ArrayList<>(items.subList(i, Math.min(items.size(), i + Math.max(1, size))));
            if (arguments.has(1, "fill_with")) {
                row.addAll(Collections.nCopies(size - row.size(), arguments.get(1, "fill_with")));
            }
            rows.add(row);
        }
        return rows;
    }

    private static Object extreme(Object value, Arguments arguments, int sign) {
        Object path = arguments.get(1, "attribute", Python.NONE);
        return Python.iterate(value).stream()
                .min((left, right) -> sign
                        * Python.compare(
                                folded(path == Python.NONE ? left : attribute(left, path), false),
                                folded(path == Python.NONE ? right : attribute(right, path), false)))
                .orElse(new Undefined("the smallest of nothing"));
    }

    private static Object sum(Object value, Arguments arguments) {
        Object total = arguments.get(1, "start", 0L);
        for (Object item : byAttribute(Python.iterate(value), arguments.get(0, "attribute", Python.NONE))) {
            total = Arithmetic.of("+", total, item);
        }
        return total;
    }

    private static Object round(Object value, Arguments arguments) {
        if (Python.isInteger(value)) {
            return value;
        }
        int digits = (int) arguments.integer(0, "precision", 0);
        RoundingMode mode = switch (Python.string(arguments.get(1, "method", Text.of("common")))) {
            case "ceil" -> RoundingMode.CEILING;
            case "floor" -> RoundingMode.FLOOR;
            default -> RoundingMode.HALF_EVEN;
        };
        return new BigDecimal(Python.number(value)).setScale(digits, mode).doubleValue();
    }

    private static Object toInt(Object value, Arguments arguments) {
        Object absent = arguments.get(0, "default", 0L);
        try {
            return switch (value) {
                case Double number -> number.longValue();
                case Text text -> {
                    String trimmed = text.string().strip();
                    yield trimmed.matches("[+-]?\\d+") ? Long.parseLong(trimmed) : (long) Double.parseDouble(trimmed);
                }
                case Long number -> number;
                case Boolean flag -> flag ? 1L : 0L;
                default -> absent;
            };
        } catch (NumberFormatException e) {
            return absent;
        }
    }

    private static Object toFloat(Object value, Arguments arguments) {
        Object absent = arguments.get(0, "default", 0.0);
        try {
            return switch (value) {
                case Text text -> Double.parseDouble(text.string().strip());
                case Object number when Python.isNumber(number) -> Python.number(number);
                default -> absent;
            };
        } catch (NumberFormatException e) {
            return absent;
        }
    }

    /** Each line after the first moved to the right; the first one and blank ones if asked for. */
    private static Object indent(Text text, Arguments arguments) {
        Object width = arguments.get(0, "width", 4L);
        Text blanks = width instanceof Text own ? own : Text.of(" ".repeat(Math.clamp(Python.integer(width), 0, 1000)));
        boolean first = arguments.flag(1, "first", false);
        boolean blank = arguments.flag(2, "blank", false);
        List<Text> lines = text.plus(Text.of("\n")).lines(false);
        List<Text> moved = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            boolean move = i == 0 ? first : blank || !lines.get(i).isEmpty();
            moved.add(move ? blanks.plus(lines.get(i)) : lines.get(i));
        }
        return Text.join(moved, Text.of("\n"));
    }

    private static String title(String text) {
        Matcher words = WORD.matcher(text);
        return words.replaceAll(match -> Matcher.quoteReplacement(Methods.capitalize(match.group())));
    }

    private static Text escape(Text text) {
        Text escaped = text;
        for (List<String> pair : Arrays.asList(
                List.of("&", "&amp;"),
                List.of("<", "&lt;"),
                List.of(">", "&gt;"),
                List.of("\"", "&#34;"),
                List.of("'", "&#39;"))) {
            escaped = escaped.replace(pair.getFirst(), Text.of(pair.getLast()), -1);
        }
        return escaped;
    }
}
