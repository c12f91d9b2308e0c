package dev.skald.chat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.base.StrictJson;
import dev.skald.generate.GenerationOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A function that a model wants to be called.
 *
 * @param id by which the answer to it names it
 * @param arguments JSON
 */
public record ToolCall(String id, String name, String arguments) {

    private static final ObjectMapper JSON = StrictJson.mapper();

    /** Qwen's and Hermes' form. */
    private static final Pattern TAGGED =
            Pattern.compile("\\s*<tool_call>\\s*(\\{.*?\\})\\s*</tool_call>", Pattern.DOTALL);

    private static final List<String> BEGINNINGS = List.of("<tool_call>", "[TOOL_CALLS]", "<|python_tag|>");

    /**
     * The calls that an answer consists of, in the forms that models are taught: {@code {"name": ..., "parameters": ...}} (Llama 3), {@code
     * <tool_call>{...}</tool_call>} (Qwen, Hermes), {@code [TOOL_CALLS] [...]} (Mistral).
     *
     * @return empty if the answer is anything else
     */
    public static Optional<List<ToolCall>> parse(String answer) {
        String text = answer.strip();
        for (String beginning : List.of("[TOOL_CALLS]", "<|python_tag|>")) {
            text = text.startsWith(beginning)
                    ? text.substring(beginning.length()).strip()
                    : text;
        }
        List<ToolCall> calls = new ArrayList<>();
        Matcher tagged = TAGGED.matcher(text);
        int end = 0;
        while (tagged.find() && tagged.start() == end) {
            end = tagged.end();
            if (!add(tagged.group(1), calls)) {
                return Optional.empty();
            }
        }
        boolean whole =
                end > 0 ? end == text.length() : (text.startsWith("{") || text.startsWith("[")) && add(text, calls);
        return whole && !calls.isEmpty() ? Optional.of(List.copyOf(calls)) : Optional.empty();
    }

    private static String newId() {
        return "call_" + UUID.randomUUID().toString().replace("-", "").substring(0, 24);
    }

    private static boolean add(String json, List<ToolCall> calls) {
        try {
            JsonNode node = JSON.readTree(json);
            for (JsonNode call : node.isArray() ? node : List.of(node)) {
                JsonNode arguments = call.has("parameters") ? call.get("parameters") : call.path("arguments");
                if (!call.path("name").isTextual() || !(arguments.isObject() || arguments.isTextual())) {
                    return false;
                }
                calls.add(new ToolCall(
                        newId(),
                        call.get("name").asText(),
                        arguments.isTextual() ? arguments.asText() : JSON.writeValueAsString(arguments)));
            }
            return true;
        } catch (JsonProcessingException e) {
            return false;
        }
    }

    /**
     * Options under which an answer is a call of one of some functions, in the form that the template is for.
     *
     * @param functions as OpenAI's API has them: name, and the schema of the parameters
     */
    public static GenerationOptions required(
            GenerationOptions options, List<JsonNode> functions, ChatTemplate template) {
        boolean tagged = template.source().contains("<tool_call>");
        boolean listed = template.source().contains("[TOOL_CALLS]");
        String arguments = tagged || listed ? "arguments" : "parameters";
        ObjectNode schema = JSON.createObjectNode();
        ArrayNode choices = schema.putArray("anyOf");
        ObjectNode definitions = schema.putObject("$defs");
        for (JsonNode function : functions) {
            ObjectNode call = choices.addObject().put("type", "object").put("additionalProperties", false);
            ObjectNode properties = call.putObject("properties");
            properties.putObject("name").set("const", function.get("name"));
            JsonNode parameters = function.path("parameters");
            properties.set(
                    arguments,
                    parameters.isObject() ? parameters : JSON.createObjectNode().put("type", "object"));
            call.putArray("required").add("name").add(arguments);
            // References in the parameters begin at the root of the whole.
            parameters.path("$defs").properties().forEach(each -> definitions.set(each.getKey(), each.getValue()));
        }
        if (tagged) {
            return options.jsonSchema("<tool_call>\n", schema.toString(), "\n</tool_call>");
        }
        return listed ? options.jsonSchema("[", schema.toString(), "]") : options.jsonSchema(schema.toString());
    }

    /** Whether an answer that begins like this may turn out to be calls. */
    public static boolean mayBegin(String text) {
        String begun = text.stripLeading();
        return begun.isEmpty()
                || begun.startsWith("{")
                || begun.startsWith("[{")
                || begun.equals("[")
                || BEGINNINGS.stream().anyMatch(each -> each.startsWith(begun) || begun.startsWith(each));
    }
}
