package dev.skald.train;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.skald.InvalidInputException;
import dev.skald.base.NearestName;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A YAML or JSON file on its way into a record: every component of the record has a {@link Key}; a key of the file that no component has is
 * refused with the nearest name, unless it is listed as one that has no effect here. Numbers may be written as strings ({@code "2e-5"}, which
 * YAML takes {@code 2e-5} for anyway).
 *
 * @param name of the file, for messages
 * @param root its content
 * @param warnings grows by one line for each key that has no effect
 */
record ConfigFile(String name, ObjectNode root, List<String> warnings) {

    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(SerializationFeature.INDENT_OUTPUT)
            .build();

    private static final ObjectMapper YAML = new YAMLMapper(YAMLFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
            .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
            .build());

    static ConfigFile readYaml(Path file) throws IOException {
        return parse(file.getFileName().toString(), Files.readString(file), YAML);
    }

    static ConfigFile readJson(Path file) throws IOException {
        return parse(file.getFileName().toString(), Files.readString(file), JSON);
    }

    static ConfigFile parseYaml(String name, String text) {
        return parse(name, text, YAML);
    }

    static ConfigFile parseJson(String name, String text) {
        return parse(name, text, JSON);
    }

    private static ConfigFile parse(String name, String text, ObjectMapper mapper) {
        JsonNode node;
        try {
            node = mapper.readTree(text);
        } catch (JacksonException e) {
            String reason = e.getOriginalMessage().lines().findFirst().orElse("");
            String line = e.getLocation() == null ? "" : ":" + e.getLocation().getLineNr();
            throw new InvalidInputException(name + line + ": " + reason, e);
        }
        return new ConfigFile(
                name,
                object(name, node.isMissingNode() || node.isNull() ? YAML.createObjectNode() : node),
                new ArrayList<>());
    }

    /** Sets keys from the command line, each {@code key=value} with the value as YAML writes it. */
    void override(List<String> settings) {
        for (String setting : settings) {
            int equals = setting.indexOf('=');
            if (equals < 1) {
                throw new InvalidInputException("'" + setting + "': expected key=value, as in learning_rate=1e-4");
            }
            try {
                root.set(
                        setting.substring(0, equals),
                        YAML.readTree("v: " + setting.substring(equals + 1)).get("v"));
            } catch (JacksonException e) {
                throw new InvalidInputException(
                        "'" + setting + "': the value is not YAML: " + firstLine(e.getOriginalMessage()), e);
            }
        }
    }

    /**
     * The record that the file states.
     *
     * @param without keys that are known but have no effect, and why
     */
    <T extends Record> T bind(Class<T> type, Map<String, String> without) {
        return bind(type, root, "", without);
    }

    private <T extends Record> T bind(Class<T> type, ObjectNode node, String where, Map<String, String> without) {
        RecordComponent[] components = type.getRecordComponents();
        List<String> names = Arrays.stream(components).map(ConfigFile::key).toList();
        node.fieldNames().forEachRemaining(key -> {
            if (without.containsKey(where + key)) {
                warnings.add(name + ": " + where + key + " has no effect: " + without.get(where + key));
            } else if (!names.contains(key)) {
                throw new InvalidInputException(name + ": unknown key '" + where + key + "'; did you mean '" + where
                        + NearestName.of(key, names) + "'?");
            }
        });
        Object[] values = new Object[components.length];
        Class<?>[] types = new Class<?>[components.length];
        for (int i = 0; i < components.length; i++) {
            RecordComponent component = components[i];
            String key = names.get(i);
            types[i] = component.getType();
            JsonNode value = node.get(key);
            if (value == null || value.isNull()) {
                value = defaultValue(component);
            }
            if (value == null && component.getType().isPrimitive()) {
                throw new InvalidInputException(name + ": " + where + key + " is missing");
            }
            values[i] = value == null
                    ? (component.getType() == List.class ? List.of() : null)
                    : value(where + key, component.getGenericType(), value, without);
        }
        return construct(type, types, values);
    }

    private static JsonNode defaultValue(RecordComponent component) {
        String text = component.getAnnotation(Key.class).defaultValue();
        try {
            return text.isEmpty() ? null : YAML.readTree("v: " + text).get("v");
        } catch (JacksonException e) {
            throw new IllegalStateException(component + ": default is not YAML", e);
        }
    }

    private <T extends Record> T construct(Class<T> type, Class<?>[] types, Object[] values) {
        try {
            return type.getDeclaredConstructor(types).newInstance(values);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof InvalidInputException invalid) {
                throw new InvalidInputException(name + ": " + invalid.getMessage(), invalid);
            }
            throw new IllegalStateException(type + " could not be made", e);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(type + " could not be made", e);
        }
    }

    private Object value(String key, Type type, JsonNode node, Map<String, String> without) {
        if (type instanceof ParameterizedType list) {
            Type element = list.getActualTypeArguments()[0];
            List<Object> values = new ArrayList<>();
            if (!node.isArray() && (element == String.class || element == Auto.class)) {
                values.add(value(key, element, node, without));
                return values;
            }
            if (node.isTextual() && ((Class<?>) element).isRecord()) {
                // datasets=DIRECTORY on the command line: one entry, of which only the first key is given
                String first = key(((Class<?>) element).getRecordComponents()[0]);
                values.add(value(key, element, YAML.createObjectNode().set(first, node), without));
                return values;
            }
            if (!node.isArray()) {
                throw wrong(key, node, "a list");
            }
            for (int i = 0; i < node.size(); i++) {
                values.add(value(key + "[" + i + "]", element, node.get(i), without));
            }
            return values;
        }
        Class<?> plain = (Class<?>) type;
        if (plain.isRecord() && node.isObject()) {
            return bind(plain.asSubclass(Record.class), object(name + ": " + key, node), key + ".", without);
        }
        if (plain == int.class || plain == Integer.class) {
            return (int) whole(key, node, Integer.MAX_VALUE);
        }
        if (plain == long.class || plain == Long.class) {
            return whole(key, node, 1L << 53);
        }
        if (plain == double.class || plain == Double.class) {
            return number(key, node).doubleValue();
        }
        if (plain == boolean.class || plain == Boolean.class) {
            return truth(key, node);
        }
        if (plain == String.class && node.isValueNode()) {
            return node.asText();
        }
        if (plain.isEnum()) {
            return constant(key, plain, node);
        }
        if (plain == StepInterval.class) {
            double number = number(key, node).doubleValue();
            if (!StepInterval.isOne(number)) {
                throw wrong(key, node, "a whole number of steps, or a fraction of the run below 1");
            }
            return new StepInterval(number);
        }
        if (plain == Auto.class) {
            return node.asText().equals("auto")
                    ? Auto.UNSET
                    : new Auto(number(key, node).doubleValue());
        }
        throw wrong(key, node, plain.isRecord() ? "keys and values" : "text");
    }

    private Object constant(String key, Class<?> type, JsonNode node) {
        String text = node.asText().toUpperCase(Locale.ROOT);
        for (Object constant : type.getEnumConstants()) {
            if (((Enum<?>) constant).name().equals(text)) {
                return constant;
            }
        }
        List<String> known = Arrays.stream(type.getEnumConstants())
                .map(constant -> constant.toString().toLowerCase(Locale.ROOT))
                .toList();
        throw wrong(key, node, "one of " + String.join(", ", known));
    }

    private BigDecimal number(String key, JsonNode node) {
        try {
            if (node.isNumber() || node.isTextual()) {
                return new BigDecimal(node.asText().strip().replace("_", ""));
            }
        } catch (NumberFormatException e) {
            throw wrong(key, node, "a number");
        }
        throw wrong(key, node, "a number");
    }

    private long whole(String key, JsonNode node, long most) {
        BigDecimal number = number(key, node);
        if (number.stripTrailingZeros().scale() > 0 || number.abs().compareTo(BigDecimal.valueOf(most)) > 0) {
            throw wrong(key, node, "a whole number up to " + most);
        }
        return number.longValue();
    }

    private boolean truth(String key, JsonNode node) {
        return switch (node.asText().toLowerCase(Locale.ROOT)) {
            case "true", "yes", "on" -> true;
            case "false", "no", "off" -> false;
            default -> throw wrong(key, node, "true or false");
        };
    }

    private InvalidInputException wrong(String key, JsonNode found, String expected) {
        return new InvalidInputException(name + ": " + key + ": found " + found + ", expected " + expected);
    }

    private static ObjectNode object(String where, JsonNode node) {
        if (node instanceof ObjectNode object) {
            return object;
        }
        throw new InvalidInputException(where + ": found " + node + ", expected keys and values");
    }

    private static String firstLine(String text) {
        return text.lines().findFirst().orElse("");
    }

    /** {@code sequenceLen} as {@code sequence_len}, {@code adamBeta1} as {@code adam_beta1}. */
    static String key(RecordComponent component) {
        return component.getName().replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
    }

    /** The record as YAML, every key with its value. */
    static String toYaml(Record config) {
        return write(config, YAML);
    }

    /** The record as JSON, every key with its value. */
    static String toJson(Record config) {
        return write(config, JSON) + "\n";
    }

    private static String write(Record config, ObjectMapper mapper) {
        try {
            return mapper.writeValueAsString(tree(config));
        } catch (JacksonException e) {
            throw new IllegalStateException(e);
        }
    }

    private static ObjectNode tree(Record config) {
        ObjectNode node = JSON.createObjectNode();
        for (RecordComponent component : config.getClass().getRecordComponents()) {
            Object value;
            try {
                value = component.getAccessor().invoke(config);
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(e);
            }
            if (value != null && !(value instanceof List<?> list && list.isEmpty())) {
                node.set(key(component), leaf(value));
            }
        }
        return node;
    }

    private static JsonNode leaf(Object value) {
        return switch (value) {
            case Auto auto -> auto.isSet() ? JSON.valueToTree(auto.value()) : JSON.valueToTree("auto");
            case StepInterval interval -> JSON.valueToTree(interval.number());
            case Record nested -> tree(nested);
            case List<?> list ->
                JSON.createArrayNode()
                        .addAll(list.stream().map(ConfigFile::leaf).toList());
            case Enum<?> constant ->
                constant == Switch.TRUE || constant == Switch.FALSE
                        ? JSON.valueToTree(constant == Switch.TRUE)
                        : JSON.valueToTree(constant.name().toLowerCase(Locale.ROOT));
            default -> JSON.valueToTree(value);
        };
    }
}
