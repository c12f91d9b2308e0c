package dev.skald.jinja;

import java.util.BitSet;
import java.util.List;

/** What a template wrote. */
public final class Rendered {

    private final String text;
    private final int[] origins;
    private final List<Part> generations;

    Rendered(String text, int[] origins, List<Part> generations) {
        this.text = text;
        this.origins = origins;
        this.generations = List.copyOf(generations);
    }

    /** Chars {@code from <= i < to} of the text. */
    public record Part(int from, int to) {}

    /** The text. */
    public String text() {
        return text;
    }

    /** The chars of the text that came from the caller's values; the others are the template's own. */
    public BitSet callers() {
        BitSet callers = new BitSet(text.length());
        for (int i = 0; i < text.length(); i++) {
            callers.set(i, origins[i] != Text.OWN);
        }
        return callers;
    }

    /** The number of a char of the text that came from a {@link Numbered} value; -1 for any other. */
    public int number(int index) {
        return origins[index] < Text.FIRST ? -1 : origins[index] - Text.FIRST;
    }

    /** The parts inside of {@code {% generation %}}, in order. */
    public List<Part> generations() {
        return generations;
    }

    /** The beginning of it. */
    public Rendered upTo(int end) {
        return new Rendered(text.substring(0, end), origins, generations);
    }
}
