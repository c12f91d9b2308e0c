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
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Makes a record of a {@link ConfigFile}: its components, each with a {@link Key}, are the file's keys. A component may be a number, a truth
 * value, a text, a constant of an enum, another such record, a list or a map of texts to any of these, or a type that is a single value and
 * was named with {@link #reading}; or, {@link Beside}, a record that has some of the keys. A key that is not given or empty has the default of its {@code Key}; without one, a list or map is empty,
 * anything else null, and a number or truth value that cannot be null is an error. Numbers and truth values may be written as texts.
 *
 * <p>Keys that no component has are refused, all of them at once, each with a name that is near; but an empty one states nothing, and those
 * that are known as another program's ({@link ForeignKeys}) may have no effect, which a warning says. So does a key that is false, if no name
 * here is near: what is not there is off.
 */
public final class Binder {

    private final ConfigFile file;
    private final ForeignKeys foreign;
    private final Map<Class<?>, Function<Value, ?>> readings = new HashMap<>();
    private final List<String> warnings = new ArrayList<>();
    private Optional<String> absent = Optional.empty();

    /** All keys of the file have to be known. */
    public Binder(ConfigFile file) {
        this(file, new ForeignKeys());
    }

    /**
     * @param foreign keys that may be there beside those of the record
     */
    public Binder(ConfigFile file, ForeignKeys foreign) {
        this.file = file;
        this.foreign = foreign;
    }

    /** Takes this text for no value where it can be none: {@code auto}, say, for a number. */
    public Binder absent(String text) {
        absent = Optional.of(text);
        return this;
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
        List<String> refused = new ArrayList<>();
        check(type, file.value(), unknown, refused);
        if (!unknown.isEmpty()) {
            refused.addFirst(describe(unknown));
        }
        if (!refused.isEmpty()) {
            throw new InvalidInputException(file.name() + ": " + String.join("; ", refused));
        }
        return record(type, file.value());
    }

    private static String describe(Map<String, String> unknown) {
        if (unknown.size() == 1) {
            Map.Entry<String, String> only = unknown.entrySet().iterator().next();
            return "unknown key '" + only.getKey() + "'" + (only.getValue().isEmpty() ? "" : "; " + only.getValue());
        }
        return "unknown keys "
                + unknown.entrySet().stream()
                        .map(each -> "'" + each.getKey() + "'"
                                + (each.getValue().isEmpty() ? "" : " (" + each.getValue() + ")"))
                        .collect(Collectors.joining(", "));
    }

    /** {@code sequenceLen} as {@code sequence_len}, {@code adamBeta1} as {@code adam_beta1}. */
    public static String key(RecordComponent component) {
        Key key = component.getAnnotation(Key.class);
        return key != null && !key.name().isEmpty()
                ? key.name()
                : component.getName().replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
    }

    /** Looks for keys that nothing has, in all depths. */
    private void check(Type type, Value value, Map<String, String> unknown, List<String> refused) {
        if (type instanceof ParameterizedType many) {
            Type element = many.getActualTypeArguments()[many.getActualTypeArguments().length - 1];
            if (many.getRawType() == Map.class) {
                value.node().fieldNames().forEachRemaining(key -> check(element, value.at(key), unknown, refused));
            } else {
                value.oneOrMore().forEach(each -> check(element, each, unknown, refused));
            }
        } else if (((Class<?>) type).isRecord()
                && !readings.containsKey(type)
                && value.node().isObject()) {
            Map<String, RecordComponent> components = new LinkedHashMap<>();
            for (RecordComponent component : components((Class<?>) type)) {
                names(component).forEach(name -> components.put(name, component));
            }
            value.node().fieldNames().forEachRemaining(key -> {
                RecordComponent component = components.get(key);
                Value inner = value.at(key);
                if (component != null) {
                    check(component.getGenericType(), inner, unknown, refused);
                } else if (!inner.isAbsent()) {
                    foreign(inner, value.at("").key(), key, components.keySet(), unknown, refused);
                }
            });
        }
    }

    /** A key that no component has. */
    private void foreign(
            Value value,
            String before,
            String name,
            Set<String> names,
            Map<String, String> unknown,
            List<String> refused) {
        boolean near = NearestName.isNear(name, names);
        Optional<ForeignKeys.Known> known =
                foreign.find(value.key()).or(() -> near ? Optional.empty() : foreign.findFamily(value.key()));
        if (known.isPresent()) {
            String reason = known.get().reason();
            if (known.get().asksForNothing(value.node())) {
                return;
            }
            if (known.get().refused()) {
                refused.add(value.key() + ": found " + value.found() + ", but " + reason);
            } else {
                warnings.add(value.where() + " has no effect: " + reason);
            }
            return;
        }
        if (value.node().isBoolean() && !value.node().booleanValue() && !near) {
            warnings.add(value.where() + " has no effect: nothing of that name is here, so that it is off");
            return;
        }
        if (before.isEmpty() && !near && file.holders().contains(name)) {
            return;
        }
        unknown.put(value.key(), NearestName.suggestion(before, name, names));
    }

    /** The components of a record that are keys, those of the records in it whose keys lie beside its own included. */
    public static List<RecordComponent> components(Class<?> type) {
        List<RecordComponent> components = new ArrayList<>();
        for (RecordComponent component : type.getRecordComponents()) {
            if (component.isAnnotationPresent(Beside.class)) {
                components.addAll(components(component.getType()));
            } else {
                components.add(component);
            }
        }
        return components;
    }

    /** All names of a component, its own first. */
    private static List<String> names(RecordComponent component) {
        List<String> names = new ArrayList<>(List.of(key(component)));
        names.addAll(List.of(component.getAnnotation(Key.class).alsoCalled()));
        return names;
    }

    /** What the file has for a component, under whichever of its names. */
    private static Value given(RecordComponent component, Value object) {
        List<Value> given = names(component).stream()
                .map(object::at)
                .filter(value -> !value.isAbsent())
                .toList();
        if (given.size() > 1) {
            throw new InvalidInputException(given.getFirst().where() + " is also given as "
                    + given.getLast().key() + ": give one of them");
        }
        return given.isEmpty() ? object.at(key(component)) : given.getFirst();
    }

    private <T extends Record> T record(Class<T> type, Value value) {
        RecordComponent[] components = type.getRecordComponents();
        Class<?>[] types = new Class<?>[components.length];
        Object[] values = new Object[components.length];
        for (int i = 0; i < components.length; i++) {
            types[i] = components[i].getType();
            values[i] = components[i].isAnnotationPresent(Beside.class)
                    ? record(types[i].asSubclass(Record.class), value)
                    : component(components[i], given(components[i], value));
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
        Class<?> type = component.getType();
        boolean none = given.isAbsent()
                || (isNumberOrTruth(type)
                        && absent.isPresent()
                        && absent.get().equals(given.node().textValue()));
        Value value = none ? given.with(defaultValue(component)) : given;
        if (!value.isAbsent()) {
            return read(component.getGenericType(), value);
        }
        if (type.isPrimitive()) {
            throw new InvalidInputException(given.where() + " is missing");
        }
        return type == List.class ? List.of() : type == Map.class ? Map.of() : null;
    }

    private static boolean isNumberOrTruth(Class<?> type) {
        return type.isPrimitive() || Number.class.isAssignableFrom(type) || type == Boolean.class;
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
