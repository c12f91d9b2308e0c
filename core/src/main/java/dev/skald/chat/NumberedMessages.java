package dev.skald.chat;

import dev.skald.jinja.Numbered;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The fields of messages, their texts numbered: those of a message's content char by char, and one number more for what its other fields say (but
 * for its role).
 *
 * @param fields of each message
 * @param first the number of the first char of each message's content
 */
@SuppressWarnings("ArrayRecordComponent") // made and read here
record NumberedMessages(List<Map<String, Object>> fields, int[] first) {

    static NumberedMessages of(List<Message> messages) {
        List<Map<String, Object>> all = new ArrayList<>();
        int[] first = new int[messages.size() + 1];
        for (int i = 0; i < messages.size(); i++) {
            Message message = messages.get(i);
            int number = first[i];
            int other = number + message.content().length();
            first[i + 1] = other + 1;
            Map<String, Object> fields = new LinkedHashMap<>();
            message.fields().forEach((name, value) -> {
                if (name.equals("content") && value instanceof String text) {
                    fields.put(name, new Numbered(text, number, 1));
                } else {
                    fields.put(name, name.equals("role") ? value : numbered(value, other));
                }
            });
            all.add(fields);
        }
        return new NumberedMessages(all, first);
    }

    private static Object numbered(Object value, int number) {
        return switch (value) {
            case String text -> new Numbered(text, number, 0);
            case Map<?, ?> map -> {
                Map<Object, Object> copy = new LinkedHashMap<>();
                map.forEach((key, each) -> copy.put(key, numbered(each, number)));
                yield copy;
            }
            case Collection<?> items -> {
                List<Object> copy = new ArrayList<>();
                items.forEach(each -> copy.add(numbered(each, number)));
                yield copy;
            }
            case null, default -> value;
        };
    }
}
