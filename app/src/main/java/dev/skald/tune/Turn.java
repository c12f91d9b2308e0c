package dev.skald.tune;

import dev.skald.chat.Message;
import java.util.List;

/**
 * A message, and whether it is learned.
 *
 * @param learned whether any of it is
 * @param segments the chars of its content that are; empty: all
 */
record Turn(Message message, boolean learned, List<Segment> segments) {

    /** Chars {@code from <= i < to} of a content. */
    record Segment(int from, int to) {

        /** Holds no char. */
        static final Segment NONE = new Segment(-1, -1);
    }

    static Turn of(Message message, boolean learned) {
        return new Turn(message, learned, List.of());
    }

    /** Whether it calls tools. */
    boolean calls() {
        return message.fields().get("tool_calls") instanceof List<?> list && !list.isEmpty();
    }

    /** Whether the chars {@code from <= i < to} of the content are all learned. */
    boolean learns(int from, int to) {
        return segments.isEmpty() || segments.stream().anyMatch(each -> each.from <= from && to <= each.to);
    }
}
