package dev.skald.corpus;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import dev.skald.InvalidInputException;
import dev.skald.base.NearestName;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Reads a {@link Recipe}: the defaults, over them the preset, over it the file, over it the overrides of the command line. */
public final class RecipeReader {

    /** The presets that there are. */
    public static final List<String> PRESETS = List.of("none", "nordic-pile", "gopher", "fineweb2");

    private static final Pattern DOT = Pattern.compile("\\.");

    private static final JsonMapper YAML = JsonMapper.builder(YAMLFactory.builder()
                    .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
                    .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
                    .disable(YAMLGenerator.Feature.SPLIT_LINES)
                    .build())
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .defaultPropertyInclusion(
                    JsonInclude.Value.construct(JsonInclude.Include.NON_NULL, JsonInclude.Include.NON_NULL))
            .build();

    private RecipeReader() {}

    /**
     * Reads and checks a recipe.
     *
     * @param file the recipe
     * @param overrides {@code key=value}, the key with dots: {@code fuzzy_dedup.threshold=0.7}; the value is YAML
     */
    public static Recipe read(Path file, List<String> overrides) throws IOException {
        JsonNode user;
        try {
            user = YAML.readTree(Files.readString(file));
        } catch (JacksonException e) {
            throw new InvalidInputException(
                    file + ": line " + e.getLocation().getLineNr() + ": not YAML: "
                            + e.getOriginalMessage().lines().findFirst().orElse(""),
                    e);
        }
        if (!(user instanceof ObjectNode object)) {
            throw new InvalidInputException(file + ": expected keys and values, as in 'sources: ...'");
        }
        for (String override : overrides) {
            apply(object, override);
        }
        checkLists(file.toString(), "", object);
        String preset =
                object.path("preset").isNull() ? "none" : object.path("preset").asText("none");
        if (!PRESETS.contains(preset)) {
            throw new InvalidInputException(
                    file + ": preset: no preset '" + preset + "'" + NearestName.suggestion(preset, PRESETS));
        }
        ObjectNode chosen = preset.equals("none") ? YAML.createObjectNode() : resource("preset." + preset);
        merge(chosen, object);
        ObjectNode merged = resource("defaults");
        merge(merged, chosen);
        completeSources(merged, resource("source"));
        completeBounds(merged);
        return bind(file.toString(), merged);
    }

    private static ObjectNode resource(String name) throws IOException {
        try (InputStream in = RecipeReader.class.getResourceAsStream(name + ".yaml")) {
            return (ObjectNode) YAML.readTree(in);
        }
    }

    private static void apply(ObjectNode recipe, String override) {
        int equals = override.indexOf('=');
        if (equals <= 0) {
            throw new InvalidInputException("'" + override + "': expected key=value, as in output=corpus");
        }
        List<String> keys = DOT.splitAsStream(override.substring(0, equals)).toList();
        JsonNode value;
        try {
            value = YAML.readTree(override.substring(equals + 1));
        } catch (JacksonException e) {
            throw new InvalidInputException("'" + override + "': the value is not YAML", e);
        }
        ObjectNode at = recipe;
        for (int i = 0; i < keys.size() - 1; i++) {
            at = at.get(keys.get(i)) instanceof ObjectNode inner ? inner : at.putObject(keys.get(i));
        }
        at.set(keys.getLast(), value.isMissingNode() ? YAML.getNodeFactory().textNode("") : value);
    }

    /** Lays {@code over} on {@code base}: objects key by key, null takes away what {@code base} has, anything else replaces it. */
    private static void merge(ObjectNode base, ObjectNode over) {
        over.properties().forEach(entry -> {
            JsonNode below = base.get(entry.getKey());
            if (entry.getValue().isNull()) {
                base.remove(entry.getKey());
            } else if (entry.getValue() instanceof ObjectNode outer) {
                merge(below instanceof ObjectNode inner ? inner : base.putObject(entry.getKey()), outer);
            } else {
                base.set(entry.getKey(), entry.getValue().deepCopy());
            }
        });
    }

    /** An element of a list cannot be null: there is nothing that it could be taken out of. */
    private static void checkLists(String file, String path, JsonNode node) {
        for (Map.Entry<String, JsonNode> field : node.properties()) {
            checkLists(file, path.isEmpty() ? field.getKey() : path + "." + field.getKey(), field.getValue());
        }
        if (node instanceof ArrayNode list) {
            for (int i = 0; i < list.size(); i++) {
                if (list.get(i).isNull()) {
                    throw new InvalidInputException(file + ": " + path + "[" + i + "]: found nothing");
                }
                checkLists(file, path + "[" + i + "]", list.get(i));
            }
        }
    }

    private static void completeSources(ObjectNode recipe, ObjectNode defaults) {
        if (!(recipe.get("sources") instanceof ArrayNode sources)) {
            return;
        }
        for (int i = 0; i < sources.size(); i++) {
            if (sources.get(i) instanceof ObjectNode source) {
                ObjectNode given = YAML.createObjectNode();
                merge(given, source);
                ObjectNode complete = defaults.deepCopy();
                merge(complete, given);
                if (!complete.has("name") && complete.has("path")) {
                    complete.set("name", complete.get("path"));
                }
                sources.set(i, complete);
            }
        }
    }

    /** Bounds have few keys, most of them left out. */
    private static void completeBounds(ObjectNode recipe) {
        complete(recipe.get("filters"));
        if (recipe.get("language_filters") instanceof ObjectNode languages) {
            languages.forEach(RecipeReader::complete);
        }
    }

    private static void complete(JsonNode rules) {
        if (rules instanceof ObjectNode object) {
            for (JsonNode rule : object) {
                if (rule instanceof ObjectNode bound) {
                    Map.of("from", 0, "distinct", 0).forEach((key, value) -> {
                        if (!bound.has(key)) {
                            bound.put(key, value);
                        }
                    });
                }
            }
        }
    }

    private static Recipe bind(String file, ObjectNode merged) {
        try {
            return YAML.treeToValue(merged, Recipe.class);
        } catch (UnrecognizedPropertyException e) {
            List<String> known = e.getKnownPropertyIds().stream()
                    .map(Object::toString)
                    .sorted()
                    .toList();
            throw new InvalidInputException(
                    file + ": unknown key '" + path(e) + "'" + NearestName.suggestion(e.getPropertyName(), known), e);
        } catch (MismatchedInputException e) {
            throw new InvalidInputException(
                    file + ": " + path(e) + ": expected " + expected(e.getTargetType()) + found(merged, e), e);
        } catch (JsonMappingException e) {
            if (e.getCause() instanceof InvalidInputException mistake) {
                throw new InvalidInputException(file + ": " + mistake.getMessage(), mistake);
            }
            throw new InvalidInputException(file + ": " + path(e) + ": " + e.getOriginalMessage(), e);
        } catch (JacksonException e) {
            throw new InvalidInputException(file + ": " + e.getOriginalMessage(), e);
        }
    }

    private static String path(JsonMappingException e) {
        return e.getPath().stream()
                .map(step -> step.getFieldName() == null ? "[" + step.getIndex() + "]" : step.getFieldName())
                .collect(Collectors.joining("."))
                .replace(".[", "[");
    }

    private static String expected(Class<?> type) {
        if (type == null) {
            return "something else";
        }
        return type == String.class
                ? "a text"
                : type == boolean.class
                        ? "true or false"
                        : type == int.class || type == long.class
                                ? "a whole number"
                                : type == double.class || type == Double.class
                                        ? "a number"
                                        : List.class.isAssignableFrom(type) ? "a list" : "keys and values";
    }

    private static String found(ObjectNode merged, JsonMappingException e) {
        JsonNode at = merged;
        for (JsonMappingException.Reference step : e.getPath()) {
            at = step.getFieldName() == null ? at.path(step.getIndex()) : at.path(step.getFieldName());
        }
        return at.isMissingNode() ? ", found nothing" : ", found " + at;
    }

    /** The recipe as YAML, every key written out. */
    public static String write(Recipe recipe) {
        try {
            return YAML.writeValueAsString(recipe);
        } catch (JacksonException e) {
            throw new IllegalStateException(e); // records of plain values can be written
        }
    }

    /** As {@link #write}, without where things lie. */
    static String writeAnywhere(Recipe recipe) {
        try {
            ObjectNode anywhere = YAML.valueToTree(recipe);
            anywhere.put("data", "").put("output", "anywhere").put("tokenizer", "");
            return YAML.writeValueAsString(anywhere);
        } catch (JacksonException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The keys in which two recipes differ, with dots. */
    static List<String> differences(String before, String now) throws IOException {
        List<String> found = new java.util.ArrayList<>();
        compare("", YAML.readTree(before), YAML.readTree(now), found);
        return found;
    }

    private static void compare(String path, JsonNode before, JsonNode now, List<String> found) {
        if (before instanceof ObjectNode && now instanceof ObjectNode) {
            java.util.Set<String> names = new java.util.TreeSet<>();
            for (JsonNode side : List.of(before, now)) {
                for (Iterator<String> i = side.fieldNames(); i.hasNext(); ) {
                    names.add(i.next());
                }
            }
            for (String name : names) {
                compare(path.isEmpty() ? name : path + "." + name, before.path(name), now.path(name), found);
            }
        } else if (!before.equals(now)) {
            found.add(path);
        }
    }
}
