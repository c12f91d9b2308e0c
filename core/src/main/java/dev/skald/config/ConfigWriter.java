package dev.skald.config;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.reflect.RecordComponent;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Writes a record as the file that a {@link Binder} reads as the same record: every key with its value, those without one left out. */
public final class ConfigWriter {

    private ConfigWriter() {}

    /** As YAML. */
    public static String toYaml(Record config) {
        return toYaml(tree(config));
    }

    /** A tree as YAML. */
    public static String toYaml(JsonNode tree) {
        try {
            return Yaml.MAPPER.writeValueAsString(tree);
        } catch (JacksonException e) {
            throw new IllegalStateException(e); // a tree can be written
        }
    }

    /** As JSON. */
    public static String toJson(Record config) {
        return tree(config).toPrettyString() + "\n";
    }

    /** As a tree. */
    public static ObjectNode tree(Record config) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        for (RecordComponent component : config.getClass().getRecordComponents()) {
            Object value;
            try {
                component.getAccessor().setAccessible(true);
                value = component.getAccessor().invoke(config);
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(e);
            }
            if (component.isAnnotationPresent(Beside.class)) {
                node.setAll(tree((Record) value));
            } else if (value != null) {
                node.set(Binder.key(component), node(value));
            }
        }
        return node;
    }

    private static JsonNode node(Object value) {
        JsonNodeFactory make = JsonNodeFactory.instance;
        return switch (value) {
            case OneValue one -> node(one.written());
            case Record nested -> tree(nested);
            case List<?> list -> {
                ArrayNode array = make.arrayNode();
                list.forEach(element -> array.add(node(element)));
                yield array;
            }
            case Map<?, ?> map -> {
                ObjectNode object = make.objectNode();
                map.forEach((key, element) -> object.set((String) key, node(element)));
                yield object;
            }
            case Enum<?> constant -> make.textNode(constant.name().toLowerCase(Locale.ROOT));
            case String text -> make.textNode(text);
            case Boolean truth -> make.booleanNode(truth);
            case Integer number -> make.numberNode(number);
            case Long number -> make.numberNode(number);
            case Double number -> make.numberNode(number);
            default -> throw new IllegalStateException(value.getClass() + " is no value of a configuration file");
        };
    }
}
