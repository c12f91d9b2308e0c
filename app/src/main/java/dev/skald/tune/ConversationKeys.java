package dev.skald.tune;

import dev.skald.InvalidInputException;
import dev.skald.config.Key;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The keys of a data set that say how its rows are conversations, or preferences between answers. */
public record ConversationKeys(
        @Key(
                "The template: tokenizer_default, tokenizer_default_fallback_NAME, llama3, chatml, or jinja; that of the file when not given.")
        String chatTemplate,

        @Key("A template in Jinja, or the file that has it.")
        String chatTemplateJinja,

        @Key(value = "The field of the messages.", defaultValue = "messages")
        String fieldMessages,

        @Key(value = "The field of the tools.", defaultValue = "tools")
        String fieldTools,

        @Key(
                value = "The field of a message's reasoning.",
                defaultValue = "reasoning_content",
                alsoCalled = "template_thinking_key")
        String fieldThinking,

        @Key("The fields of a message, by what they are: {role: from, content: value}.")
        Map<String, String> messagePropertyMappings,

        @Key("The field of the role; the same as message_property_mappings has.")
        String messageFieldRole,

        @Key("The field of the content; the same as message_property_mappings has.")
        String messageFieldContent,

        @Key("The field that says whether a message is learned.")
        String messageFieldTraining,

        @Key(
                "The field that says which chars of a message are learned: a list of begin_offset, end_offset (included), train.")
        String messageFieldTrainingDetail,

        @Key("The roles, each with its names in the data: {user: [human], assistant: [gpt]}.")
        Map<String, List<String>> roles,

        @Key(value = "The roles whose messages are learned.", defaultValue = "[\"assistant\"]")
        List<String> rolesToTrain,

        @Key(
                value = "Which eos tokens are learned: all, turn (of messages that are), last, none.",
                defaultValue = "turn")
        String trainOnEos,

        @Key("Which eot_tokens are learned; as train_on_eos when not given.")
        String trainOnEot,

        @Key(value = "Leave a conversation's system message out.", defaultValue = "false")
        boolean dropSystemMessage,

        @Key(
                value = "Move what is inside of <think> to the reasoning, for templates that have it apart.",
                defaultValue = "false")
        boolean splitThinking,

        @Key("The field of the preferred answer.") String fieldChosen,

        @Key("The field of the other answer.") String fieldRejected) {

    private static final List<String> WHICH = List.of("all", "turn", "last", "none");

    /** What a data set without any of the keys has. */
    public static final ConversationKeys DEFAULTS = new ConversationKeys(
            null,
            null,
            "messages",
            "tools",
            "reasoning_content",
            Map.of(),
            null,
            null,
            null,
            null,
            Map.of(),
            List.of("assistant"),
            "turn",
            null,
            false,
            false,
            null,
            null);

    /** @throws InvalidInputException when keys contradict each other */
    public ConversationKeys {
        roles = roles.isEmpty()
                ? new TreeMap<>(Map.of("user", List.of("user", "human"), "assistant", List.of("assistant", "gpt")))
                : Collections.unmodifiableMap(new TreeMap<>(roles));
        Map<String, String> mappings = new LinkedHashMap<>(messagePropertyMappings);
        map(mappings, "role", messageFieldRole);
        map(mappings, "content", messageFieldContent);
        messagePropertyMappings = Collections.unmodifiableMap(new TreeMap<>(mappings));
        rolesToTrain = List.copyOf(rolesToTrain);
        which("train_on_eos", trainOnEos);
        trainOnEot = trainOnEot == null ? trainOnEos : trainOnEot;
        which("train_on_eot", trainOnEot);
    }

    private static void which(String key, String value) {
        if (!WHICH.contains(value)) {
            throw new InvalidInputException(
                    "datasets: " + key + ": found '" + value + "', expected one of " + String.join(", ", WHICH));
        }
    }

    private static void map(Map<String, String> mappings, String property, String field) {
        if (field != null) {
            String other = mappings.putIfAbsent(property, field);
            if (other != null && !other.equals(field)) {
                throw new InvalidInputException("datasets: message_field_" + property + " " + field
                        + " contradicts message_property_mappings." + property + " " + other);
            }
        }
    }

    /** The role that templates know, of a name in the data. */
    String role(String name) {
        return roles.entrySet().stream()
                .filter(each -> each.getValue().contains(name))
                .map(Map.Entry::getKey)
                .findFirst()
                .orElse(name);
    }

    /** The field of a message that has a property. */
    String field(String property) {
        return messagePropertyMappings.getOrDefault(property, property);
    }
}
