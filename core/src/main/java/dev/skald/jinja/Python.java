package dev.skald.jinja;

import java.math.BigDecimal;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Python's rules for values: what is true, equal, smaller, and how it is spelled. A value is {@link #NONE}, an {@link Undefined}, a Boolean, Long,
 * Double, {@link Text}, {@link List}, {@link Map}, {@link Namespace}, {@link Function} or {@link Loop}.
 */
final class Python {

    static final None NONE = None.NONE;

    private Python() {}

    /** Python's None. */
    enum None {
        NONE;

        @Override
        public String toString() {
            return "None";
        }
    }

    /** What a name stands for that nobody has given a value. */
    record Undefined(String name) {
        EvaluationError error() {
            return new EvaluationError(name + " is undefined");
        }
    }

    /** A list that is spelled as a tuple and does not change. */
    static final class Tuple extends AbstractList<Object> {
        private final List<Object> items;

        Tuple(Object... items) {
            this(List.of(items));
        }

        Tuple(List<Object> items) {
            this.items = List.copyOf(items);
        }

        @Override
        public Object get(int index) {
            return items.get(index);
        }

        @Override
        public int size() {
            return items.size();
        }
    }

    /** What {@code namespace()} makes: its attributes can be set. */
    record Namespace(Map<Text, Object> attributes) {}

    /** Something that can be called. */
    @FunctionalInterface
    interface Function {
        Object call(Arguments arguments);
    }

    /** A caller's value: strings are the caller's own words, unlike those of the template. */
    static Object ofCaller(Object value) {
        return switch (value) {
            case null -> NONE;
            case String string -> Text.ofCaller(string);
            case Numbered numbered -> Text.ofCaller(numbered);
            case Boolean flag -> flag;
            case Byte _, Short _, Integer _, Long _ -> ((Number) value).longValue();
            case Number number -> number.doubleValue();
            case Map<?, ?> map -> {
                Map<Object, Object> copy = new LinkedHashMap<>();
                map.forEach((key, each) -> copy.put(ofCaller(key), ofCaller(each)));
                yield copy;
            }
            case Collection<?> items -> {
                List<Object> copy = new ArrayList<>();
                items.forEach(each -> copy.add(ofCaller(each)));
                yield copy;
            }
            default -> throw new IllegalArgumentException("no value of a template: " + value.getClass());
        };
    }

    static boolean isTrue(Object value) {
        return switch (value) {
            case Boolean flag -> flag;
            case Long number -> number != 0;
            case Double number -> number != 0;
            case Text text -> !text.isEmpty();
            case Collection<?> items -> !items.isEmpty();
            case Map<?, ?> map -> !map.isEmpty();
            case Undefined _ -> false;
            default -> value != NONE;
        };
    }

    static boolean equal(Object left, Object right) {
        if (isNumber(left) && isNumber(right)) {
            boolean real = left instanceof Double || right instanceof Double;
            return real ? number(left) == number(right) : integer(left) == integer(right);
        }
        return switch (left) {
            case List<?> items -> right instanceof List<?> others && equalItems(items, others);
            case Map<?, ?> map ->
                right instanceof Map<?, ?> other
                        && map.size() == other.size()
                        && map.entrySet().stream()
                                .allMatch(entry -> other.containsKey(entry.getKey())
                                        && equal(entry.getValue(), other.get(entry.getKey())));
            case Undefined _ -> right instanceof Undefined;
            default -> Objects.equals(left, right);
        };
    }

    private static boolean equalItems(List<?> items, List<?> others) {
        if (items.size() != others.size() || (items instanceof Tuple) != (others instanceof Tuple)) {
            return false;
        }
        for (int i = 0; i < items.size(); i++) {
            if (!equal(items.get(i), others.get(i))) {
                return false;
            }
        }
        return true;
    }

    static int compare(Object left, Object right) {
        if (isNumber(left) && isNumber(right)) {
            boolean real = left instanceof Double || right instanceof Double;
            return real ? Double.compare(number(left), number(right)) : Long.compare(integer(left), integer(right));
        }
        if (left instanceof Text text && right instanceof Text other) {
            return compareCodePoints(text.string(), other.string());
        }
        if (left instanceof List<?> items && right instanceof List<?> others) {
            for (int i = 0; i < Math.min(items.size(), others.size()); i++) {
                if (!equal(items.get(i), others.get(i))) {
                    return compare(items.get(i), others.get(i));
                }
            }
            return Integer.compare(items.size(), others.size());
        }
        throw new EvaluationError("cannot order " + type(left) + " and " + type(right));
    }

    private static int compareCodePoints(String left, String right) {
        return Arrays.compare(left.codePoints().toArray(), right.codePoints().toArray());
    }

    static boolean contains(Object items, Object item) {
        return switch (items) {
            case Text text when item instanceof Text part -> text.string().contains(part.string());
            case Text _ -> throw new EvaluationError("'in' a string needs a string, not " + type(item));
            case Map<?, ?> map -> map.containsKey(item);
            case Undefined _ -> false;
            default -> iterate(items).stream().anyMatch(each -> equal(each, item));
        };
    }

    /** The items of what can be looped over. */
    static List<Object> iterate(Object value) {
        return switch (value) {
            case List<?> items -> new ArrayList<>(items);
            case Map<?, ?> map -> new ArrayList<>(map.keySet());
            case Text text -> characters(text);
            case Undefined _ -> List.of();
            default -> throw new EvaluationError(type(value) + " is not iterable");
        };
    }

    private static List<Object> characters(Text text) {
        List<Object> characters = new ArrayList<>();
        for (int i = 0; i < text.length(); ) {
            int next = i + Character.charCount(text.string().codePointAt(i));
            characters.add(text.substring(i, next));
            i = next;
        }
        return characters;
    }

    static long length(Object value) {
        return switch (value) {
            case Text text -> text.codePoints();
            case Collection<?> items -> items.size();
            case Map<?, ?> map -> map.size();
            case Undefined _ -> 0;
            default -> throw new EvaluationError(type(value) + " has no length");
        };
    }

    /** What {@code value[index]} is; undefined where there is nothing. */
    static Object item(Object value, Object index) {
        return switch (value) {
            case Map<?, ?> map when map.containsKey(index) -> map.get(index);
            case List<?> items
            when isInteger(index) -> {
                long at = integer(index) < 0 ? integer(index) + items.size() : integer(index);
                yield at >= 0 && at < items.size() ? items.get((int) at) : new Undefined("item " + integer(index));
            }
            case Text text
            when isInteger(index) -> {
                long size = text.codePoints();
                long at = integer(index) < 0 ? integer(index) + size : integer(index);
                yield at >= 0 && at < size
                        ? text.codePoints((int) at, (int) at + 1)
                        : new Undefined("character " + integer(index));
            }
            case Undefined undefined -> throw undefined.error();
            default ->
                index instanceof Text name ? attribute(value, name.string()) : new Undefined("item " + string(index));
        };
    }

    /** What {@code value.name} is; a method comes before a key of the same name. */
    static Object attribute(Object value, String name) {
        Function method = Methods.find(value, name);
        if (method != null) {
            return method;
        }
        return switch (value) {
            case Map<?, ?> map -> orUndefined(map.get(Text.of(name)), name);
            case Namespace namespace -> orUndefined(namespace.attributes().get(Text.of(name)), name);
            case Loop loop -> loop.attribute(name);
            case Undefined undefined -> throw undefined.error();
            default -> new Undefined(name);
        };
    }

    private static Object orUndefined(Object value, String name) {
        return value == null ? new Undefined("'" + name + "'") : value;
    }

    static Object slice(Object value, Object from, Object to, Object step) {
        long by = step == NONE ? 1 : integer(step);
        if (by == 0) {
            throw new EvaluationError("the step of a slice is 0");
        }
        List<Object> items = iterate(value);
        int size = items.size();
        long start = bound(from, by > 0 ? 0 : size - 1, size, by);
        long end = bound(to, by > 0 ? size : -1, size, by);
        List<Object> found = new ArrayList<>();
        for (long i = start; by > 0 ? i < end : i > end; i += by) {
            found.add(items.get((int) i));
        }
        return switch (value) {
            case Text _ -> Text.join(found.stream().map(Text.class::cast).toList(), Text.EMPTY);
            case Tuple _ -> new Tuple(found);
            case List<?> _ -> found;
            default -> throw new EvaluationError(type(value) + " cannot be sliced");
        };
    }

    private static long bound(Object bound, int absent, int size, long step) {
        if (bound == NONE) {
            return absent;
        }
        long at = integer(bound);
        at = at < 0 ? at + size : at;
        return step > 0 ? Math.clamp(at, 0, size) : Math.clamp(at, -1, size - 1);
    }

    static boolean isNumber(Object value) {
        return value instanceof Long || value instanceof Double || value instanceof Boolean;
    }

    static boolean isInteger(Object value) {
        return value instanceof Long || value instanceof Boolean;
    }

    static long integer(Object value) {
        return switch (value) {
            case Long number -> number;
            case Boolean flag -> flag ? 1 : 0;
            case Undefined undefined -> throw undefined.error();
            default -> throw new EvaluationError("expected an integer, found " + type(value));
        };
    }

    static double number(Object value) {
        return value instanceof Double number ? number : integer(value);
    }

    /** A value's type as Python names it. */
    static String type(Object value) {
        return switch (value) {
            case Boolean _ -> "bool";
            case Long _ -> "int";
            case Double _ -> "float";
            case Text _ -> "str";
            case Tuple _ -> "tuple";
            case List<?> _ -> "list";
            case Map<?, ?> _ -> "dict";
            case Undefined undefined -> "the undefined " + undefined.name();
            default -> value == NONE ? "None" : "an object";
        };
    }

    /** Python's {@code str}. */
    static Text text(Object value) {
        return switch (value) {
            case Text text -> text;
            case Undefined _ -> Text.EMPTY;
            default -> {
                Text.Builder builder = new Text.Builder();
                represent(value, builder);
                yield builder.build();
            }
        };
    }

    static String string(Object value) {
        return text(value).string();
    }

    private static void represent(Object value, Text.Builder out) {
        switch (value) {
            case Text text -> quote(text, out);
            case Boolean flag -> out.add(flag ? "True" : "False");
            case Double number -> out.add(spell(number));
            case Tuple tuple -> {
                represent(tuple, "(", tuple.size() == 1 ? ",)" : ")", out);
            }
            case List<?> items -> represent(items, "[", "]", out);
            case Map<?, ?> map -> {
                out.add("{");
                boolean first = true;
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    out.add(first ? "" : ", ");
                    represent(entry.getKey(), out);
                    out.add(": ");
                    represent(entry.getValue(), out);
                    first = false;
                }
                out.add("}");
            }
            case Undefined _ -> out.add("Undefined");
            case Namespace _ -> out.add("<Namespace>");
            case Function _ -> out.add("<function>");
            default -> out.add(value.toString());
        }
    }

    private static void represent(List<?> items, String open, String close, Text.Builder out) {
        out.add(open);
        for (int i = 0; i < items.size(); i++) {
            out.add(i == 0 ? "" : ", ");
            represent(items.get(i), out);
        }
        out.add(close);
    }

    private static void quote(Text text, Text.Builder out) {
        boolean doubled = text.string().contains("'") && !text.string().contains("\"");
        String quote = doubled ? "\"" : "'";
        out.add(quote);
        String string = text.string();
        for (int i = 0; i < string.length(); i++) {
            char c = string.charAt(i);
            switch (c) {
                case '\n' -> out.add("\\n");
                case '\r' -> out.add("\\r");
                case '\t' -> out.add("\\t");
                case '\\' -> out.add("\\\\");
                case '\'' -> out.add(doubled ? "'" : "\\'");
                default -> {
                    if (c < ' ' || c == 0x7F || (c >= 0x80 && c < 0xA1) || c == 0xAD) {
                        out.add(String.format("\\x%02x", (int) c));
                    } else {
                        out.add(text.substring(i, i + 1));
                    }
                }
            }
        }
        out.add(quote);
    }

    /** Python's repr of a float: the shortest digits, an exponent below 1e-4 and from 1e16 on. */
    static String spell(double number) {
        if (Double.isNaN(number)) {
            return "nan";
        }
        if (Double.isInfinite(number)) {
            return number > 0 ? "inf" : "-inf";
        }
        if (number == 0) {
            return Double.toString(number);
        }
        BigDecimal exact = new BigDecimal(Double.toString(number)).stripTrailingZeros();
        int exponent = exact.precision() - exact.scale() - 1;
        if (exponent >= -4 && exponent < 16) {
            String plain = exact.toPlainString();
            return plain.contains(".") ? plain : plain + ".0";
        }
        String digits = exact.unscaledValue().abs().toString();
        return (number < 0 ? "-" : "")
                + digits.charAt(0)
                + (digits.length() > 1 ? "." + digits.substring(1) : "")
                + "e"
                + (exponent < 0 ? "-" : "+")
                + (Math.abs(exponent) < 10 ? "0" : "")
                + Math.abs(exponent);
    }
}
