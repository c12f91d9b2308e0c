package dev.skald.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skald.InvalidInputException;
import dev.skald.base.LfsPointer;
import dev.skald.base.StrictJson;
import dev.skald.config.Value;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads a JSON object of a model directory key by key; every error names file, key, what was found and what was expected. A key that is
 * {@code null} counts as absent, as transformers has it. These files are not bound to a record by a {@link dev.skald.config.Binder}: they are
 * Hugging Face's, many more keys may be there, and one that is not understood is carried over and not refused. The values are read by the
 * same {@link Value}.
 */
public final class ConfigReader {

    static final ObjectMapper JSON = StrictJson.mapper();

    private final Path file;
    private final String path;
    private final JsonNode node;

    private ConfigReader(Path file, String path, JsonNode node) {
        this.file = file;
        this.path = path;
        this.node = node;
    }

    /** @throws InvalidInputException when the file is missing, cannot be read, or is no JSON object */
    public static ConfigReader open(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new InvalidInputException(file + ": no such file");
        }
        try {
            LfsPointer.refuse(file);
            JsonNode node = JSON.readTree(Files.readAllBytes(file));
            if (node == null || !node.isObject()) {
                throw new InvalidInputException(file + ": not a JSON object");
            }
            return new ConfigReader(file, "", node);
        } catch (JsonProcessingException e) {
            throw new InvalidInputException(
                    file + ": not JSON (line "
                            + (e.getLocation() == null ? "?" : e.getLocation().getLineNr()) + ": "
                            + e.getOriginalMessage() + ")",
                    e);
        } catch (IOException e) {
            throw new InvalidInputException(file + ": cannot be read: " + e.getMessage(), e);
        }
    }

    /** The raw node of a key; a missing node when absent. */
    public JsonNode node(String key) {
        JsonNode value = node.path(key);
        return value.isNull() ? node.path("") : value;
    }

    /** The names of all keys that are there and not null. */
    public List<String> keys() {
        List<String> keys = new ArrayList<>();
        node.properties().forEach(entry -> {
            if (!entry.getValue().isNull()) {
                keys.add(entry.getKey());
            }
        });
        return keys;
    }

    /** The object at a key. */
    public Optional<ConfigReader> child(String key) {
        JsonNode value = node(key);
        if (value.isMissingNode()) {
            return Optional.empty();
        }
        if (!value.isObject()) {
            throw error(key, value + ", expected an object");
        }
        return Optional.of(new ConfigReader(file, path + key + ".", value));
    }

    /** A whole number that has to be there. */
    public int integer(String key) {
        return optionalInteger(key).orElseThrow(() -> error(key, "missing, expected a whole number"));
    }

    /** A number that has to be there. */
    public double number(String key) {
        return optionalNumber(key).orElseThrow(() -> error(key, "missing, expected a number"));
    }

    /** A whole number. */
    public Optional<Integer> optionalInteger(String key) {
        return value(key).map(Value::integer);
    }

    /** A number. */
    public Optional<Double> optionalNumber(String key) {
        return value(key).map(Value::number);
    }

    /** True or false. */
    public Optional<Boolean> optionalBoolean(String key) {
        return value(key).map(Value::truth);
    }

    /** A string. */
    public Optional<String> text(String key) {
        return value(key).map(Value::text);
    }

    /** One whole number or a list of them; empty when the key is absent. */
    public List<Integer> integers(String key) {
        return value(key).stream()
                .flatMap(value -> value.oneOrMore().stream())
                .map(Value::integer)
                .toList();
    }

    private Optional<Value> value(String key) {
        return Optional.of(new Value(file.toString(), path + key, node(key))).filter(value -> !value.isAbsent());
    }

    /** Where a key is, for a message. */
    public String where(String key) {
        return file + ": " + path + key;
    }

    /** An error about a key. */
    public InvalidInputException error(String key, String problem) {
        return new InvalidInputException(where(key) + " is " + problem);
    }

    void require(String key, String expected) {
        Optional<String> found = text(key);
        if (found.isPresent() && !found.get().equals(expected)) {
            throw error(key, "'" + found.get() + "', expected '" + expected + "'");
        }
    }

    void require(String key, boolean expected) {
        Optional<Boolean> found = optionalBoolean(key);
        if (found.isPresent() && found.get() != expected) {
            throw error(key, found.get() + ", expected " + expected + " (no Llama-3 has it)");
        }
    }

    void refuse(String key, String reason) {
        if (!node(key).isMissingNode()) {
            throw error(key, "there: " + reason);
        }
    }
}
