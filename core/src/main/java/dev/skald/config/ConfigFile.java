package dev.skald.config;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.InvalidInputException;
import dev.skald.base.StrictJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What a configuration file says: keys and values, as YAML or JSON. A key that is there twice is an error, and so is anything after the end.
 *
 * @param name of the file, for messages
 * @param root its content
 * @param holders keys at its top that hold what aliases elsewhere in it stand for, and may therefore be unknown
 */
public record ConfigFile(String name, ObjectNode root, Set<String> holders) {

    static final ObjectMapper JSON = StrictJson.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private static final Pattern DOT = Pattern.compile("\\.");

    /** Reads YAML. */
    public static ConfigFile readYaml(Path file) throws IOException {
        return parseYaml(file.toString(), Files.readString(file));
    }

    /** Reads JSON. */
    public static ConfigFile readJson(Path file) throws IOException {
        return parseJson(file.toString(), Files.readString(file));
    }

    /** Reads YAML from a text. */
    public static ConfigFile parseYaml(String name, String text) {
        Yaml.Document document = Yaml.parse(name, text);
        return of(name, document.root(), document.holders());
    }

    /** Reads JSON from a text. */
    public static ConfigFile parseJson(String name, String text) {
        try {
            return of(name, JSON.readTree(text), Set.of());
        } catch (JacksonException e) {
            String line = e.getLocation() == null ? "" : ":" + e.getLocation().getLineNr();
            String problem = e.getOriginalMessage().lines().findFirst().orElse("");
            throw new InvalidInputException(name + line + ": not JSON: " + problem, e);
        }
    }

    private static ConfigFile of(String name, JsonNode node, Set<String> holders) {
        Value value = new Value(name, "", node);
        return new ConfigFile(
                name,
                value.isAbsent()
                        ? JsonNodeFactory.instance.objectNode()
                        : (ObjectNode) value.object().node(),
                holders);
    }

    /** Sets keys from the command line, each {@code key=value}: the key with dots ({@code pack.shards}), the value as YAML writes it. */
    public void override(List<String> settings) {
        for (String setting : settings) {
            int equals = setting.indexOf('=');
            if (equals < 1) {
                throw new InvalidInputException("'" + setting + "': expected key=value, as in learning_rate=1e-4");
            }
            JsonNode value = Yaml.parse("'" + setting + "'", "v: " + setting.substring(equals + 1))
                    .root()
                    .path("v");
            List<String> keys = DOT.splitAsStream(setting.substring(0, equals)).toList();
            ObjectNode at = root;
            for (String key : keys.subList(0, keys.size() - 1)) {
                at = at.get(key) instanceof ObjectNode inner ? inner : at.putObject(key);
            }
            at.set(keys.getLast(), value);
        }
    }

    /** The whole as one value. */
    public Value value() {
        return new Value(name, "", root);
    }
}
