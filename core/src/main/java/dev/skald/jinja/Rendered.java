package dev.skald.jinja;

import java.util.BitSet;
import java.util.List;

/**
 * What a template wrote.
 *
 * @param callers the chars of the text that came from the caller's values; the others are the template's own
 * @param generations the parts inside of {@code {% generation %}}, in order
 */
public record Rendered(String text, BitSet callers, List<Part> generations) {

    /** Keeps its own copies. */
    public Rendered {
        callers = (BitSet) callers.clone();
        generations = List.copyOf(generations);
    }

    /** A copy. */
    @Override
    public BitSet callers() {
        return (BitSet) callers.clone();
    }

    /** Chars {@code from <= i < to} of the text. */
    public record Part(int from, int to) {}
}
