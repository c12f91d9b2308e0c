package dev.skald.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DecimalNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.skald.InvalidInputException;
import java.io.StringReader;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.events.AliasEvent;
import org.yaml.snakeyaml.events.Event;
import org.yaml.snakeyaml.events.MappingStartEvent;
import org.yaml.snakeyaml.events.NodeEvent;
import org.yaml.snakeyaml.events.ScalarEvent;
import org.yaml.snakeyaml.events.SequenceStartEvent;

/**
 * YAML as trees, from the events of Jackson's YAML parser, SnakeYAML. Jackson's own tree would have an empty value as a text, an alias as the
 * text of its name, the text {@code no} as false, {@code 1.10} as 1.1, and would take nothing after the first document.
 *
 * <p>Here an empty value is null, only true and false are truth values, and what is no plain number stays the text that it is; a
 * {@link Binder} reads it as what it needs. An alias ({@code *a}) stands for what has its anchor ({@code &a}), and the keys of a merged mapping
 * ({@code <<: *a}) stand behind those that are written out, as in YAML 1.1.
 *
 * <p>Apart from {@link ConfigFile}, so that who reads no YAML needs no library for it.
 */
final class Yaml {

    static final ObjectMapper MAPPER = new YAMLMapper(YAMLFactory.builder()
            .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
            .disable(YAMLGenerator.Feature.SPLIT_LINES)
            .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
            .build());

    /** Aliases of aliases of ... can make a file of a few lines larger than any memory. */
    private static final int MOST_NODES = 1_000_000;

    private static final int MOST_DEPTH = 100;
    private static final String MERGE = "<<";
    private static final Pattern WHOLE = Pattern.compile("-?(0|[1-9][0-9]*)");
    private static final Pattern FRACTION = Pattern.compile("-?(0|[1-9][0-9]*)\\.([0-9]*[1-9]|0)");

    private final String name;
    private final Iterator<Event> events;
    private final Map<String, JsonNode> anchors = new HashMap<>();
    /** Anchors that an alias has stood for. */
    private final Set<String> used = new HashSet<>();
    /** Keys of the document itself whose values have anchors, by anchor. */
    private final Map<String, String> anchored = new HashMap<>();

    private int nodes;
    private int depth;

    private Yaml(String name, String text) {
        this.name = name;
        this.events =
                new org.yaml.snakeyaml.Yaml().parse(new StringReader(text)).iterator();
    }

    /**
     * The one document.
     *
     * @param root a missing node if there is none
     * @param holders keys of the document whose values stand elsewhere, by aliases
     */
    record Document(JsonNode root, Set<String> holders) {}

    /**
     * Reads the one document.
     *
     * @throws InvalidInputException naming the line, if it is not YAML
     */
    static Document parse(String name, String text) {
        try {
            Yaml yaml = new Yaml(name, text);
            yaml.events.next();
            if (yaml.events.next().is(Event.ID.StreamEnd)) {
                return new Document(MissingNode.getInstance(), Set.of());
            }
            JsonNode root = yaml.node(yaml.events.next());
            yaml.events.next();
            Event end = yaml.events.next();
            if (!end.is(Event.ID.StreamEnd)) {
                throw yaml.error(end, "found a second document, expected one");
            }
            yaml.anchored.keySet().retainAll(yaml.used);
            return new Document(root, Set.copyOf(yaml.anchored.values()));
        } catch (MarkedYAMLException e) {
            String line =
                    e.getProblemMark() == null ? "" : ":" + (e.getProblemMark().getLine() + 1);
            throw new InvalidInputException(name + line + ": not YAML: " + e.getProblem(), e);
        } catch (YAMLException e) {
            throw new InvalidInputException(
                    name + ": not YAML: " + e.getMessage().lines().findFirst().orElse(""), e);
        }
    }

    /** The value that begins with an event. */
    private JsonNode node(Event event) {
        if (event instanceof AliasEvent alias) {
            return anchored(alias);
        }
        count(event, 1);
        JsonNode node = switch (event) {
            case MappingStartEvent mapping -> object(mapping);
            case SequenceStartEvent _ -> list();
            case ScalarEvent scalar -> scalar(scalar);
            default -> throw error(event, "expected a value");
        };
        String anchor = ((NodeEvent) event).getAnchor();
        if (anchor != null) {
            anchors.put(anchor, node); // only now: an alias inside its own anchor would have no end
        }
        return node;
    }

    private JsonNode anchored(AliasEvent alias) {
        String anchor = alias.getAnchor();
        JsonNode node = anchors.get(anchor);
        if (node == null) {
            throw error(
                    alias, "found the alias *" + anchor + ", expected one whose anchor &" + anchor + " ends before it");
        }
        used.add(anchor);
        count(alias, size(node));
        return node.deepCopy();
    }

    private void count(Event event, int more) {
        nodes += more;
        if (nodes > MOST_NODES || depth > MOST_DEPTH) {
            throw error(event, "found more than " + MOST_NODES + " values, or more than " + MOST_DEPTH + " in another");
        }
    }

    private static int size(JsonNode node) {
        int size = 1;
        for (JsonNode child : node) {
            size += size(child);
        }
        return size;
    }

    private ArrayNode list() {
        ArrayNode list = JsonNodeFactory.instance.arrayNode();
        depth++;
        for (Event event = events.next(); !event.is(Event.ID.SequenceEnd); event = events.next()) {
            list.add(node(event));
        }
        depth--;
        return list;
    }

    private ObjectNode object(MappingStartEvent start) {
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        List<JsonNode> merged = new ArrayList<>();
        depth++;
        for (Event event = events.next(); !event.is(Event.ID.MappingEnd); event = events.next()) {
            String key = key(event);
            Event begin = events.next();
            JsonNode value = node(begin);
            if (depth == 1 && !begin.is(Event.ID.Alias) && ((NodeEvent) begin).getAnchor() != null) {
                anchored.put(((NodeEvent) begin).getAnchor(), key);
            }
            if (key.equals(MERGE)) {
                (value.isArray() ? value : List.of(value)).forEach(merged::add);
            } else if (object.has(key)) {
                throw error(event, "duplicate key '" + key + "'");
            } else {
                object.set(key, value);
            }
        }
        depth--;
        for (JsonNode each : merged) {
            if (!each.isObject()) {
                throw error(
                        start,
                        "found something else after " + MERGE + ":, expected keys and values, or a list of such");
            }
            each.properties().forEach(entry -> {
                if (!object.has(entry.getKey())) {
                    object.set(entry.getKey(), entry.getValue());
                }
            });
        }
        return object;
    }

    private String key(Event event) {
        JsonNode key = node(event);
        if (event instanceof ScalarEvent scalar) {
            return scalar.getValue();
        }
        if (!key.isValueNode()) {
            throw error(
                    event, "found " + (key.isArray() ? "a list" : "keys and values") + " as a key, expected a text");
        }
        return key.asText();
    }

    private JsonNode scalar(ScalarEvent scalar) {
        String text = scalar.getValue();
        if ("!function".equals(scalar.getTag())) {
            throw error(scalar, "!function " + text + " is Python code, which is not run here");
        }
        if (!scalar.isPlain() || scalar.getTag() != null) {
            return TextNode.valueOf(text);
        }
        if (WHOLE.matcher(text).matches()) {
            BigInteger number = new BigInteger(text);
            return number.bitLength() < Long.SIZE
                    ? JsonNodeFactory.instance.numberNode(number.longValue())
                    : JsonNodeFactory.instance.numberNode(number);
        }
        if (FRACTION.matcher(text).matches()) {
            return DecimalNode.valueOf(new BigDecimal(text));
        }
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "", "~", "null" -> NullNode.getInstance();
            case "true" -> BooleanNode.TRUE;
            case "false" -> BooleanNode.FALSE;
            default -> TextNode.valueOf(text);
        };
    }

    private InvalidInputException error(Event event, String problem) {
        return new InvalidInputException(name + ":" + (event.getStartMark().getLine() + 1) + ": " + problem);
    }
}
