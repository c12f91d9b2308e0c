package dev.skald.jinja;

import java.util.List;
import java.util.Map;
import java.util.function.BiPredicate;

/** Jinja's tests: what may follow {@code is}. */
final class Tests {

    private static final Map<String, BiPredicate<Object, Arguments>> ALL = Map.ofEntries(
            Map.entry("defined", (value, _) -> !(value instanceof Python.Undefined)),
            Map.entry("undefined", (value, _) -> value instanceof Python.Undefined),
            Map.entry("none", (value, _) -> value == Python.NONE),
            Map.entry("boolean", (value, _) -> value instanceof Boolean),
            Map.entry("true", (value, _) -> Boolean.TRUE.equals(value)),
            Map.entry("false", (value, _) -> Boolean.FALSE.equals(value)),
            Map.entry("integer", (value, _) -> value instanceof Long),
            Map.entry("float", (value, _) -> value instanceof Double),
            Map.entry("number", (value, _) -> Python.isNumber(value)),
            Map.entry("string", (value, _) -> value instanceof Text),
            Map.entry("mapping", (value, _) -> value instanceof Map<?, ?>),
            Map.entry("iterable", (value, _) -> hasItems(value) || value instanceof Python.Undefined),
            Map.entry("sequence", (value, _) -> hasItems(value) || value instanceof Python.Undefined),
            Map.entry("callable", (value, _) -> value instanceof Python.Function),
            Map.entry("sameas", (value, arguments) -> value.equals(arguments.get(0, "other"))),
            Map.entry("escaped", (_, _) -> false),
            Map.entry("odd", (value, _) -> Math.floorMod(Python.integer(value), 2) == 1),
            Map.entry("even", (value, _) -> Math.floorMod(Python.integer(value), 2) == 0),
            Map.entry(
                    "divisibleby",
                    (value, arguments) ->
                            Math.floorMod(Python.integer(value), Python.integer(arguments.get(0, "num"))) == 0),
            Map.entry("lower", (value, _) -> Methods.isCased(Python.string(value), false)),
            Map.entry("upper", (value, _) -> Methods.isCased(Python.string(value), true)),
            Map.entry("in", (value, arguments) -> Python.contains(arguments.get(0, "seq"), value)),
            Map.entry("equalto", (value, arguments) -> Python.equal(value, arguments.get(0, "other"))),
            Map.entry("ne", (value, arguments) -> !Python.equal(value, arguments.get(0, "other"))),
            Map.entry("lt", (value, arguments) -> Python.compare(value, arguments.get(0, "other")) < 0),
            Map.entry("le", (value, arguments) -> Python.compare(value, arguments.get(0, "other")) <= 0),
            Map.entry("gt", (value, arguments) -> Python.compare(value, arguments.get(0, "other")) > 0),
            Map.entry("ge", (value, arguments) -> Python.compare(value, arguments.get(0, "other")) >= 0));

    private static final Map<String, String> SYNONYMS = Map.of("eq", "equalto", "lessthan", "lt", "greaterthan", "gt");

    private Tests() {}

    static boolean exists(String name) {
        return ALL.containsKey(SYNONYMS.getOrDefault(name, name));
    }

    static boolean holds(String name, Object value, Arguments arguments) {
        return ALL.get(SYNONYMS.getOrDefault(name, name)).test(value, arguments);
    }

    private static boolean hasItems(Object value) {
        return value instanceof Text || value instanceof List<?> || value instanceof Map<?, ?>;
    }
}
