package dev.skald.jinja;

import java.util.List;

/** The variable {@code loop} of a for loop, as it is at one item. */
final class Loop {

    private final List<Object> items;
    private final int index;

    Loop(List<Object> items, int index) {
        this.items = items;
        this.index = index;
    }

    Object attribute(String name) {
        return switch (name) {
            case "index" -> index + 1L;
            case "index0" -> (long) index;
            case "revindex" -> (long) items.size() - index;
            case "revindex0" -> items.size() - index - 1L;
            case "first" -> index == 0;
            case "last" -> index == items.size() - 1;
            case "length" -> (long) items.size();
            case "depth" -> 1L;
            case "depth0" -> 0L;
            case "previtem" -> index > 0 ? items.get(index - 1) : new Python.Undefined("previtem");
            case "nextitem" -> index + 1 < items.size() ? items.get(index + 1) : new Python.Undefined("nextitem");
            case "cycle" ->
                (Python.Function) arguments ->
                        arguments.places().get(index % arguments.places().size());
            default -> new Python.Undefined("loop." + name);
        };
    }
}
