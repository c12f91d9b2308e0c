package dev.skald.jinja;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Python's {@code json.dumps(value, ensure_ascii=False, ...)}, which is transformers' {@code tojson}. */
final class Json {

    private final Text.Builder out = new Text.Builder();
    private final String indent;
    private final String itemSeparator;
    private final String keySeparator;
    private final boolean ascii;
    private final boolean sorted;

    private Json(Arguments arguments) {
        Object width = arguments.get(1, "indent", Python.NONE);
        indent = switch (width) {
            case Text text -> text.string();
            case Long blanks -> " ".repeat(Math.clamp(blanks, 0, 64));
            default -> null;
        };
        ascii = arguments.flag(0, "ensure_ascii", false);
        sorted = arguments.flag(3, "sort_keys", false);
        Object separators = arguments.get(2, "separators", Python.NONE);
        if (separators instanceof List<?> both && both.size() == 2) {
            itemSeparator = Python.string(both.get(0));
            keySeparator = Python.string(both.get(1));
        } else {
            itemSeparator = indent == null ? ", " : ",";
            keySeparator = ": ";
        }
    }

    /** @param arguments {@code ensure_ascii}, {@code indent}, {@code separators}, {@code sort_keys} */
    static Text of(Object value, Arguments arguments) {
        Json json = new Json(arguments);
        json.write(value, 0);
        return json.out.build();
    }

    private void write(Object value, int depth) {
        switch (value) {
            case Text text -> quote(text);
            case Boolean flag -> out.add(flag ? "true" : "false");
            case Long number -> out.add(number.toString());
            case Double number -> out.add(spell(number));
            case List<?> items -> {
                out.add("[");
                for (int i = 0; i < items.size(); i++) {
                    separate(i, depth);
                    write(items.get(i), depth + 1);
                }
                close(items.isEmpty(), depth);
                out.add("]");
            }
            case Map<?, ?> map -> object(map, depth);
            case Object other when other == Python.NONE -> out.add("null");
            default -> throw new EvaluationError("tojson: " + Python.type(value) + " is not JSON");
        }
    }

    private void object(Map<?, ?> map, int depth) {
        out.add("{");
        Stream<? extends Map.Entry<?, ?>> entries = map.entrySet().stream();
        if (sorted) {
            entries = entries.sorted(Comparator.comparing(entry -> Python.string(entry.getKey())));
        }
        int index = 0;
        for (Map.Entry<?, ?> entry : entries.toList()) {
            separate(index++, depth);
            switch (entry.getKey()) {
                case Text key -> quote(key);
                case Object key when key == Python.NONE -> out.add("\"null\"");
                case Boolean key -> out.add(key ? "\"true\"" : "\"false\"");
                default -> out.add("\"" + Python.string(entry.getKey()) + "\"");
            }
            out.add(keySeparator);
            write(entry.getValue(), depth + 1);
        }
        close(map.isEmpty(), depth);
        out.add("}");
    }

    private void separate(int index, int depth) {
        if (index > 0) {
            out.add(itemSeparator);
        }
        if (indent != null) {
            out.add("\n" + indent.repeat(depth + 1));
        }
    }

    private void close(boolean empty, int depth) {
        if (indent != null && !empty) {
            out.add("\n" + indent.repeat(depth));
        }
    }

    private static String spell(double number) {
        if (Double.isNaN(number)) {
            return "NaN";
        }
        return Double.isInfinite(number) ? (number > 0 ? "Infinity" : "-Infinity") : Python.spell(number);
    }

    private void quote(Text text) {
        out.add("\"");
        String string = text.string();
        int done = 0;
        for (int i = 0; i < string.length(); i++) {
            String escape = escape(string.charAt(i));
            if (escape != null) {
                out.add(text.substring(done, i)).add(escape);
                done = i + 1;
            }
        }
        out.add(text.substring(done, text.length())).add("\"");
    }

    private String escape(char c) {
        return switch (c) {
            case '"' -> "\\\"";
            case '\\' -> "\\\\";
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            case '\b' -> "\\b";
            case '\f' -> "\\f";
            default -> c < ' ' || (ascii && c > 0x7E) ? String.format("\\u%04x", (int) c) : null;
        };
    }
}
