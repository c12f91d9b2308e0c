package dev.skald.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The values that a function, filter or test was called with.
 *
 * @param places in order
 * @param names by name
 */
record Arguments(List<Object> places, Map<String, Object> names) {

    static final Arguments NONE = new Arguments(List.of(), Map.of());

    int size() {
        return places.size() + names.size();
    }

    boolean has(int place, String name) {
        return place < places.size() || names.containsKey(name);
    }

    Object get(int place, String name, Object absent) {
        return place < places.size() ? places.get(place) : names.getOrDefault(name, absent);
    }

    Object get(int place, String name) {
        if (!has(place, name)) {
            throw new EvaluationError("the argument '" + name + "' is missing");
        }
        return get(place, name, Python.NONE);
    }

    Text text(int place, String name) {
        return Python.text(get(place, name));
    }

    /** A string; null where there is none, or None. */
    String stringOrNull(int place, String name) {
        Object value = get(place, name, Python.NONE);
        return value == Python.NONE ? null : Python.string(value);
    }

    long integer(int place, String name, long absent) {
        return Python.integer(get(place, name, absent));
    }

    boolean flag(int place, String name, boolean absent) {
        return Python.isTrue(get(place, name, absent));
    }

    /** Those after the first {@code count} places. */
    Arguments from(int count) {
        return new Arguments(places.subList(Math.min(count, places.size()), places.size()), names);
    }

    /**
     * The values of a macro's parameters, defaults where none is given.
     *
     * @throws EvaluationError when there are more arguments than parameters, or one with another name
     */
    Map<String, Object> bind(String macro, List<String> parameters, Map<String, Object> defaults) {
        if (places.size() > parameters.size()) {
            throw new EvaluationError(macro + " takes " + parameters.size() + " arguments, found " + places.size());
        }
        Map<String, Object> bound = new LinkedHashMap<>();
        List<String> left = new ArrayList<>(names.keySet());
        for (int i = 0; i < parameters.size(); i++) {
            String name = parameters.get(i);
            left.remove(name);
            Object absent = defaults.getOrDefault(name, new Python.Undefined(name));
            bound.put(name, get(i, name, absent));
        }
        left.remove("caller");
        if (!left.isEmpty()) {
            throw new EvaluationError(macro + " has no parameter '" + left.getFirst() + "'");
        }
        return bound;
    }
}
