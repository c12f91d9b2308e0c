package dev.skald.chat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skald.InvalidInputException;
import dev.skald.base.StrictJson;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One message of a conversation, with the fields that a chat template sees: {@code role}, {@code content}, and whatever else it knows, such as
 * {@code tool_calls}.
 *
 * @param fields values as in JSON: null, Boolean, Number, String, List, Map; unmodifiable
 */
public record Message(Map<String, Object> fields) {

    private static final ObjectMapper JSON = StrictJson.mapper();

    /** Keeps its own copy of the map. */
    public Message {
        fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
    }

    /** A message of some role. */
    public static Message of(String role, String content) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("role", role);
        fields.put("content", content);
        return new Message(fields);
    }

    /** Instructions to the model. */
    public static Message system(String content) {
        return of("system", content);
    }

    /** What the user says. */
    public static Message user(String content) {
        return of("user", content);
    }

    /** What the model says. */
    public static Message assistant(String content) {
        return of("assistant", content);
    }

    /** What the model wants to be called. */
    public static Message assistant(List<ToolCall> calls) {
        Map<String, Object> fields = new LinkedHashMap<>(assistant("").fields);
        List<Object> all = new ArrayList<>();
        for (ToolCall call : calls) {
            Object arguments;
            try {
                arguments = JSON.readValue(call.arguments(), Object.class);
            } catch (JsonProcessingException e) {
                throw new InvalidInputException("the arguments of " + call.name() + " are not JSON", e);
            }
            all.add(Map.of(
                    "id", call.id(),
                    "type", "function",
                    "function", Map.of("name", call.name(), "arguments", arguments)));
        }
        fields.put("tool_calls", all);
        return new Message(fields);
    }

    /**
     * What a tool returned.
     *
     * @param id of the call
     */
    public static Message tool(String id, String name, String content) {
        Map<String, Object> fields = new LinkedHashMap<>(of("tool", content).fields);
        fields.put("tool_call_id", id);
        fields.put("name", name);
        return new Message(fields);
    }

    /**
     * A message as OpenAI's API has it. Content in parts becomes one text, none beside tool calls an empty one; the arguments of tool calls, which are JSON in a string there, become values, as
     * templates expect them.
     *
     * @param at where it is, for errors: {@code messages[0]}
     * @throws InvalidInputException when it has no role, or content that is not text
     */
    public static Message fromJson(String at, JsonNode node) {
        if (!node.isObject()) {
            throw new InvalidInputException(at + " is " + found(node) + ", expected an object with role and content");
        }
        if (!node.path("role").isTextual() || node.path("role").asText().isEmpty()) {
            throw new InvalidInputException(at + ".role is " + found(node.path("role")) + ", expected a text");
        }
        Map<String, Object> fields = JSON.convertValue(node, new TypeReference<LinkedHashMap<String, Object>>() {});
        boolean calls =
                node.path("tool_calls").isArray() && !node.path("tool_calls").isEmpty();
        JsonNode content = node.path("content");
        if (calls && (content.isNull() || content.isMissingNode())) {
            fields.put("content", "");
        } else if (!content.isTextual()) {
            fields.put("content", text(at + ".content", content));
        }
        if (calls) {
            List<Object> parsed = new ArrayList<>();
            for (JsonNode call : node.path("tool_calls")) {
                parsed.add(toolCall(at + ".tool_calls[" + parsed.size() + "]", call));
            }
            fields.put("tool_calls", parsed);
        }
        return new Message(fields);
    }

    private static String text(String at, JsonNode content) {
        if (!content.isArray()) {
            throw new InvalidInputException(at + " is " + found(content) + ", expected a text, or a list of parts");
        }
        List<String> texts = new ArrayList<>();
        for (JsonNode part : content) {
            String where = at + "[" + texts.size() + "]";
            if (!part.path("type").asText("").equals("text")
                    || !part.path("text").isTextual()) {
                throw new InvalidInputException(where + " has the type " + found(part.path("type"))
                        + ", expected text: the model reads text only");
            }
            texts.add(part.path("text").asText());
        }
        return String.join("\n", texts);
    }

    private static Map<String, Object> toolCall(String at, JsonNode call) {
        if (!call.path("function").path("name").isTextual()) {
            throw new InvalidInputException(at + ".function.name is missing");
        }
        Map<String, Object> fields = JSON.convertValue(call, new TypeReference<LinkedHashMap<String, Object>>() {});
        JsonNode arguments = call.path("function").path("arguments");
        if (arguments.isTextual() && !arguments.asText().isBlank()) {
            Map<String, Object> function =
                    JSON.convertValue(call.path("function"), new TypeReference<LinkedHashMap<String, Object>>() {});
            try {
                function.put("arguments", JSON.readValue(arguments.asText(), Object.class));
            } catch (JsonProcessingException e) {
                throw new InvalidInputException(at + ".function.arguments is not JSON: " + e.getOriginalMessage(), e);
            }
            fields.put("function", function);
        }
        return fields;
    }

    private static String found(JsonNode node) {
        if (node.isMissingNode()) {
            return "missing";
        }
        return node.isObject() ? "an object" : node.isArray() ? "a list" : node.toString();
    }

    /** Who speaks. */
    public String role() {
        return String.valueOf(fields.get("role"));
    }

    /** What is said; empty where a message has calls of tools instead. */
    public String content() {
        return fields.get("content") instanceof String text ? text : "";
    }
}
