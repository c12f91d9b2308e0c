package dev.skald.tune;

import com.fasterxml.jackson.databind.JsonNode;
import dev.skald.InvalidInputException;
import dev.skald.config.OneValue;
import dev.skald.config.Value;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How a row becomes a text: {@code type} of a data set.
 *
 * @param name of Axolotl: {@code chat_template}, {@code alpaca}, ... ; {@link #USER_DEFINED} when {@code type} is an object
 * @param keys of that object
 */
public record DatasetType(String name, Map<String, String> keys) implements OneValue {

    static final String USER_DEFINED = "user_defined";

    private static final List<String> NAMES =
            List.of("completion", "replay", "chat_template", "alpaca", "input_output", "tokenized");

    /** The text of a field as it is, all of it learned. */
    public static final DatasetType COMPLETION = new DatasetType("completion", Map.of());

    /**
     * {@code pretrain} is {@code completion}; keeps a copy of the keys.
     *
     * @throws InvalidInputException when there is no such type
     */
    public DatasetType {
        name = name.equals("pretrain") ? "completion" : name;
        if (name.startsWith("sharegpt")) {
            throw new InvalidInputException("found '" + name
                    + "', which is no more; expected type: chat_template with field_messages: conversations and"
                    + " message_property_mappings: {role: from, content: value}");
        }
        if (!NAMES.contains(name)
                && !name.equals(USER_DEFINED)
                && !name.matches("alpaca:(instruct|chat|chatml)|(chat_template|chatml|llama3)\\.\\w+")) {
            throw new InvalidInputException("found '" + name + "', expected one of " + String.join(", ", NAMES));
        }
        keys = Collections.unmodifiableMap(new TreeMap<>(keys));
    }

    /** Of a configuration file. */
    public static DatasetType read(Value value) {
        if (value.node().isObject()) {
            Map<String, String> keys = new LinkedHashMap<>();
            value.node().fieldNames().forEachRemaining(key -> {
                JsonNode node = value.node().get(key);
                if (node.isValueNode() && !node.isNull()) {
                    keys.put(key, node.asText());
                }
            });
            return new DatasetType(USER_DEFINED, keys);
        }
        try {
            return new DatasetType(value.text(), Map.of());
        } catch (InvalidInputException e) {
            throw new InvalidInputException(value.where() + ": " + e.getMessage(), e);
        }
    }

    /** Whether rows are plain texts, as continued pretraining has them. */
    public boolean isText() {
        return name.equals("completion") || isReplay();
    }

    /** Whether they are texts that must not be forgotten, seen beside the others. */
    public boolean isReplay() {
        return name.equals("replay");
    }

    @Override
    public Object written() {
        return name.equals(USER_DEFINED) ? new LinkedHashMap<String, Object>(keys) : name;
    }
}
