package dev.skald.jinja;

/**
 * A caller's text whose chars can be found again in what the template writes ({@link Rendered#number}).
 *
 * @param first the number of its first char, 0 or more
 * @param step 1: each char has the number after the one before it; 0: all have the same
 */
public record Numbered(String text, int first, int step) {

    /** @throws IllegalArgumentException when there are no such numbers */
    public Numbered {
        if (first < 0 || step < 0 || step > 1 || first > Integer.MAX_VALUE - 2 - text.length()) {
            throw new IllegalArgumentException("number " + first + ", step " + step);
        }
    }
}
