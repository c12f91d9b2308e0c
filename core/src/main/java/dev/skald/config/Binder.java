package dev.skald.config;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.skald.InvalidInputException;
import dev.skald.base.NearestName;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Makes a record of a {@link ConfigFile}: its components, each with a {@link Key}, are the file's keys. A component may be a number, a truth
 * value, a text, a constant of an enum, another such record, a list or a map of texts to any of these, or a type that is a single value and
 * was named with {@link #reading}. A key that is not given or empty has the default of its {@code Key}; without one, a list or map is empty,
 * anything else null, and a number or truth value that cannot be null is an error. Numbers and truth values may be written as texts.
 *
 * <p>Keys that no component has are refused, all of them at once, each with the nearest name; but those that are known to have no effect are
 * left out with a warning.
 */
public final class Binder {

    private final ConfigFile file;
    private final Map<String, String> withoutEffect;
    private final Map<Class<?>, Function<Value, ?>> readings = new HashMap<>();
    private final List<String> warnings = new ArrayList<>();

    /** All keys of the file have to be known. */
    public Binder(ConfigFile file) {
        this(file, Map.of());
    }

    /**
     * @param withoutEffect keys (with dots) that may be there but have no effect, and why
     */
    public Binder(ConfigFile file, Map<String, String> withoutEffect) {
        this.file = file;
        this.withoutEffect = Map.copyOf(withoutEffect);
    }

    /** How a type is read that is a single value in a file. */
    public <T> Binder reading(Class<T> type, Function<Value, T> reading) {
        readings.put(type, reading);
        return this;
    }

    /** One line for each key of the file that has no effect. */
    public List<String> warnings() {
        return List.copyOf(warnings);
    }

    /**
     * The record that the file states.
     *
     * @throws InvalidInputException if there is a key or value that it cannot have, naming file and key
     */
    public <T extends Record> T bind(Class<T> type) {
        Map<String, String> unknown = new LinkedHashMap<>();
        check(type, file.value(), unknown);
        if (!unknown.isEmpty()) {
            throw unknown(unknown);
        }
        return record(type, file.value());
    }

    private InvalidInputException unknown(Map<String, String> keys) {
        if (keys.size() == 1) {
            Map.Entry<String, String> only = keys.entrySet().iterator().next();
            return new InvalidInputException(file.name() + ": unknown key '" + only.getKey() + "'"
                    + (only.getValue().isEmpty() ? "" : "; " + only.getValue()));
        }
        return new InvalidInputException(file.name() + ": unknown keys "
                + keys.entrySet().stream()
                        .map(each -> "'" + each.getKey() + "'"
                                + (each.getValue().isEmpty() ? "" : " (" + each.getValue() + ")"))
                        .collect(Collectors.joining(", ")));
    }

    /** {@code sequenceLen} as {@code sequence_len}, {@code adamBeta1} as {@code adam_beta1}. */
    public static String key(RecordComponent component) {
        return component.getName().replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
    }

    /** Looks for keys that nothing has, in all depths. */
    private void check(Type type, Value value, Map<String, String> unknown) {
        if (type instanceof ParameterizedType many) {
            Type element = many.getActualTypeArguments()[many.getActualTypeArguments().length - 1];
            if (many.getRawType() == Map.class) {
                value.node().fieldNames().forEachRemaining(key -> check(element, value.at(key), unknown));
            } else {
                value.oneOrMore().forEach(each -> check(element, each, unknown));
            }
        } else if (((Class<?>) type).isRecord()
                && !readings.containsKey(type)
                && value.node().isObject()) {
            Map<String, RecordComponent> components = new LinkedHashMap<>();
            for (RecordComponent component : ((Class<?>) type).getRecordComponents()) {
                components.put(key(component), component);
            }
            value.node().fieldNames().forEachRemaining(key -> {
                RecordComponent component = components.get(key);
                Value inner = value.at(key);
                if (component != null) {
                    check(component.getGenericType(), inner, unknown);
                } else if (withoutEffect.containsKey(inner.key())) {
                    warnings.add(inner.where() + " has no effect: " + withoutEffect.get(inner.key()));
                } else {
                    unknown.put(inner.key(), NearestName.suggestion(value.at("").key(), key, components.keySet()));
                }
            });
        }
    }

    private <T extends Record> T record(Class<T> type, Value value) {
        RecordComponent[] components = type.getRecordComponents();
        Class<?>[] types = new Class<?>[components.length];
        Object[] values = new Object[components.length];
        for (int i = 0; i < components.length; i++) {
            types[i] = components[i].getType();
            values[i] = component(components[i], value.at(key(components[i])));
        }
        try {
            Constructor<T> constructor = type.getDeclaredConstructor(types);
            constructor.setAccessible(true);
            return constructor.newInstance(values);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof InvalidInputException invalid) {
                throw new InvalidInputException(file.name() + ": " + invalid.getMessage(), invalid);
            }
            throw new IllegalStateException(type + " could not be made", e);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(type + " could not be made", e);
        }
    }

    private Object component(RecordComponent component, Value given) {
        Value value = given.isAbsent() ? given.with(defaultValue(component)) : given;
        Class<?> type = component.getType();
        if (!value.isAbsent()) {
            return read(component.getGenericType(), value);
        }
        if (type.isPrimitive()) {
            throw new InvalidInputException(given.where() + " is missing");
        }
        return type == List.class ? List.of() : type == Map.class ? Map.of() : null;
    }

    private static JsonNode defaultValue(RecordComponent component) {
        String text = component.getAnnotation(Key.class).defaultValue();
        try {
            return text.isEmpty() ? MissingNode.getInstance() : ConfigFile.JSON.readTree(text);
        } catch (JacksonException e) {
            return TextNode.valueOf(text);
        }
    }

    private Object read(Type type, Value value) {
        if (type instanceof ParameterizedType many) {
            Type element = many.getActualTypeArguments()[many.getActualTypeArguments().length - 1];
            return many.getRawType() == Map.class ? map(element, value) : list(element, value);
        }
        Class<?> plain = (Class<?>) type;
        if (readings.containsKey(plain)) {
            return readings.get(plain).apply(value.textAsNumber());
        }
        if (plain.isRecord()) {
            Class<? extends Record> record = plain.asSubclass(Record.class);
            Optional<String> alone = value.node().isTextual() ? alone(record) : Optional.empty();
            return record(
                    record,
                    alone.isPresent()
                            ? value.with(JsonNodeFactory.instance.objectNode().set(alone.get(), value.node()))
                            : value.object());
        }
        if (plain.isEnum()) {
            return constant(plain, value);
        }
        return switch (plain.getSimpleName()) {
            case "int", "Integer" -> value.textAsNumber().integer();
            case "long", "Long" -> value.textAsNumber().integer64();
            case "double", "Double" -> value.textAsNumber().number();
            case "boolean", "Boolean" -> value.textAsTruth().truth();
            case "String" -> {
                if (!value.node().isValueNode() || value.isAbsent()) {
                    throw value.wrong("a text");
                }
                yield value.node().asText(); // a name may look like a number
            }
            default -> throw new IllegalStateException(plain + " is no value of a configuration file");
        };
    }

    private List<Object> list(Type element, Value value) {
        boolean alone = !value.node().isArray()
                && element instanceof Class<?> plain
                && (plain == String.class
                        || readings.containsKey(plain)
                        || (value.node().isTextual() && alone(plain).isPresent()));
        List<Object> values = new ArrayList<>();
        for (Value each : alone ? value.oneOrMore() : value.list()) {
            values.add(read(element, each));
        }
        return List.copyOf(values);
    }

    private Map<String, Object> map(Type element, Value value) {
        Map<String, Object> values = new LinkedHashMap<>();
        value.object().node().fieldNames().forEachRemaining(key -> {
            if (!value.at(key).isAbsent()) {
                values.put(key, read(element, value.at(key)));
            }
        });
        return Collections.unmodifiableMap(values);
    }

    /** The key that alone makes a record. */
    private static Optional<String> alone(Class<?> type) {
        return type.isRecord()
                ? Arrays.stream(type.getRecordComponents())
                        .filter(component -> component.getAnnotation(Key.class).alone())
                        .map(Binder::key)
                        .findFirst()
                : Optional.empty();
    }

    private static Object constant(Class<?> type, Value value) {
        String name = value.node().asText().toUpperCase(Locale.ROOT);
        List<String> known = new ArrayList<>();
        for (Object constant : type.getEnumConstants()) {
            if (((Enum<?>) constant).name().equals(name)) {
                return constant;
            }
            known.add(((Enum<?>) constant).name().toLowerCase(Locale.ROOT));
        }
        throw value.wrong("one of " + String.join(", ", known));
    }
}
