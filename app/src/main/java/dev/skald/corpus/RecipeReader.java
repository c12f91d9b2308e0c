package dev.skald.corpus;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.InvalidInputException;
import dev.skald.base.NearestName;
import dev.skald.config.Binder;
import dev.skald.config.ConfigFile;
import dev.skald.config.ConfigWriter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Reads a {@link Recipe}: the defaults, over them the preset, over it the file, over it the overrides of the command line. */
public final class RecipeReader {

    /** The presets that there are. */
    public static final List<String> PRESETS = List.of("none", "nordic-pile", "gopher", "fineweb2");

    private RecipeReader() {}

    /**
     * Reads and checks a recipe.
     *
     * @param file the recipe
     * @param overrides {@code key=value}, the key with dots: {@code fuzzy_dedup.threshold=0.7}; the value is YAML
     */
    public static Recipe read(Path file, List<String> overrides) throws IOException {
        ConfigFile recipe = ConfigFile.readYaml(file);
        recipe.override(overrides);
        ConfigFile merged = new ConfigFile(recipe.name(), preset(recipe), recipe.holders());
        merge(merged.root(), recipe.root());
        return new Binder(merged).bind(Recipe.class);
    }

    private static ObjectNode preset(ConfigFile recipe) throws IOException {
        String preset = recipe.value().at("preset").isAbsent()
                ? "none"
                : recipe.value().at("preset").text();
        if (!PRESETS.contains(preset)) {
            throw new InvalidInputException(
                    recipe.name() + ": preset: no preset '" + preset + "'; " + NearestName.suggestion(preset, PRESETS));
        }
        if (preset.equals("none")) {
            return ConfigFile.parseYaml(preset, "").root();
        }
        String name = "preset." + preset + ".yaml";
        try (InputStream in = RecipeReader.class.getResourceAsStream(name)) {
            return ConfigFile.parseYaml(name, new String(in.readAllBytes(), StandardCharsets.UTF_8))
                    .root();
        }
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

    /** The recipe as YAML, every key written out. */
    public static String write(Recipe recipe) {
        return ConfigWriter.toYaml(recipe);
    }

    /** As {@link #write}, without where things lie. */
    static String writeAnywhere(Recipe recipe) {
        ObjectNode anywhere = ConfigWriter.tree(recipe);
        anywhere.put("data", "").put("output", "anywhere").put("tokenizer", "");
        return ConfigWriter.toYaml(anywhere);
    }

    /** The keys in which two recipes differ, with dots. */
    static List<String> differences(String before, String now) {
        List<String> found = new ArrayList<>();
        compare(
                "",
                ConfigFile.parseYaml("recipe before", before).root(),
                ConfigFile.parseYaml("recipe", now).root(),
                found);
        return found;
    }

    private static void compare(String path, JsonNode before, JsonNode now, List<String> found) {
        if (before instanceof ObjectNode && now instanceof ObjectNode) {
            Set<String> names = new TreeSet<>();
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
