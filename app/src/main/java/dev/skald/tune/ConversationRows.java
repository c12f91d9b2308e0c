package dev.skald.tune;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.InvalidInputException;
import dev.skald.base.StrictJson;
import dev.skald.chat.ChatTemplate;
import dev.skald.chat.Conversation;
import dev.skald.chat.Message;
import dev.skald.chat.PromptOptions;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Rows that are conversations, written by a chat template: {@code type: chat_template}. */
final class ConversationRows implements ExampleFormat {

    private static final ObjectMapper JSON = StrictJson.mapper();

    private static final List<List<String>> THINKING = List.of(
            List.of("<think>", "</think>"),
            List.of("<reasoning>", "</reasoning>"),
            List.of("<|begin_of_thought|>", "<|end_of_thought|>"));

    private final ConversationKeys keys;
    private final TuningConfig tuning;
    private final ChatTemplate template;
    private final LabelRule labels;

    ConversationRows(ConversationKeys keys, TuningConfig tuning, ChatTemplate template, LabelRule labels) {
        this.keys = keys;
        this.tuning = tuning;
        this.template = template;
        this.labels = labels;
    }

    @Override
    public List<Example> examples(ObjectNode row) {
        List<Turn> turns = turns(row);
        PromptOptions options = options(row);
        List<Message> messages = turns.stream().map(Turn::message).toList();
        Conversation conversation = template.conversation(messages, options);
        int[] starts = new int[turns.size()];
        for (int i = 0; i < starts.length; i++) {
            starts[i] = turns.get(i).learned() ? start(messages, i, conversation, options) : -1;
        }
        return List.of(new Example(conversation.ids(), labels.of(conversation, turns, starts)));
    }

    /** Where a message with calls or reasoning begins to be other than one that only has its content; -1 for one that only has that. */
    private int start(List<Message> messages, int number, Conversation conversation, PromptOptions options) {
        Message message = messages.get(number);
        Object calls = message.fields().get("tool_calls");
        Object reasoning = message.fields().get(keys.fieldThinking());
        if (!(calls instanceof List<?> list && !list.isEmpty())
                && !(reasoning instanceof String text && !text.isEmpty())) {
            return -1;
        }
        List<Message> plain = new ArrayList<>(messages.subList(0, number));
        plain.add(Message.of(message.role(), message.content()));
        int difference = Arrays.mismatch(template.conversation(plain, options).ids(), conversation.ids());
        return difference == conversation.ids().length ? -1 : difference;
    }

    PromptOptions options(ObjectNode row) {
        List<Object> tools = new ArrayList<>();
        parsed(row.path(keys.fieldTools()))
                .forEach(tool -> tools.add(JSON.convertValue(withoutNulls(tool), Object.class)));
        return new PromptOptions(false, false, tools, new HashMap<>(tuning.chatTemplateKwargs()));
    }

    /** The messages of a row, as the template is to see them. */
    List<Turn> turns(ObjectNode row) {
        JsonNode messages = parsed(ExampleFormat.field(row, keys.fieldMessages()));
        List<Turn> turns = turns(keys.fieldMessages(), messages);
        if (turns.isEmpty()) {
            throw new InvalidInputException(keys.fieldMessages() + " is empty, expected at least one message");
        }
        boolean systemFirst = turns.getFirst().message().role().equals("system");
        Optional<String> system = Optional.ofNullable(row.path("system").textValue())
                .filter(text -> !text.isBlank())
                .or(() -> Optional.ofNullable(tuning.defaultSystemMessage()));
        List<Turn> all = new ArrayList<>(turns);
        if (systemFirst && keys.dropSystemMessage()) {
            all.removeFirst();
        } else if (!systemFirst && !keys.dropSystemMessage()) {
            system.ifPresent(text -> all.addFirst(Turn.of(Message.system(text), learns("system"))));
        }
        return all;
    }

    List<Turn> turns(String field, JsonNode messages) {
        if (!messages.isArray()) {
            throw new InvalidInputException(field + " is no list of messages");
        }
        List<Turn> turns = new ArrayList<>();
        for (JsonNode message : messages) {
            turns.add(turn(field + "[" + turns.size() + "]", withoutNulls(message)));
        }
        return turns;
    }

    private boolean learns(String role) {
        return tuning.trainOnInputs() || keys.rolesToTrain().contains(role);
    }

    private Turn turn(String at, JsonNode node) {
        if (!(node instanceof ObjectNode given)) {
            throw new InvalidInputException(at + " is " + node + ", expected an object");
        }
        ObjectNode fields = given.deepCopy();
        JsonNode roleField = fields.path(keys.field("role"));
        if (!roleField.isTextual()) {
            throw new InvalidInputException(at + " has no " + keys.field("role") + "; it has "
                    + String.join(", ", ExampleFormat.names(given)) + ": see message_property_mappings");
        }
        String role = keys.role(roleField.textValue());
        JsonNode content = fields.path(keys.field("content"));
        boolean calls = fields.path("tool_calls").isArray();
        if (content.isMissingNode() && !calls) {
            throw new InvalidInputException(at + " has no " + keys.field("content") + "; it has "
                    + String.join(", ", ExampleFormat.names(given)) + ": see message_property_mappings");
        }
        keys.messagePropertyMappings().values().forEach(fields::remove);
        keys.messagePropertyMappings().forEach((property, field) -> {
            if (given.has(field)) {
                fields.set(property, given.get(field));
            }
        });
        fields.put("role", role);
        Content words = Content.of(at, content);
        fields.put("content", words.text());
        Optional<Boolean> flag = flag(given, keys.messageFieldTraining());
        List<Turn.Segment> detail = detail(at, given, words);
        if (keys.messageFieldTraining() != null) {
            fields.remove(keys.messageFieldTraining());
        }
        if (keys.messageFieldTrainingDetail() != null) {
            fields.remove(keys.messageFieldTrainingDetail());
        }
        if (keys.splitThinking() && role.equals("assistant")) {
            splitThinking(fields);
        }
        boolean learned = flag.orElseGet(() -> !detail.isEmpty() || learns(role));
        return new Turn(Message.fromJson(at, fields), learned, detail);
    }

    /** What is inside of the first pair of marks becomes the reasoning, if the template writes that. */
    private void splitThinking(ObjectNode fields) {
        String field = keys.fieldThinking();
        String text = fields.get("content").textValue();
        if (fields.has(field) || !template.source().contains(field)) {
            return;
        }
        for (List<String> marks : THINKING) {
            int from = text.indexOf(marks.getFirst());
            int to = from < 0 ? -1 : text.indexOf(marks.getLast(), from);
            if (to >= 0) {
                fields.put(
                        field,
                        text.substring(from + marks.getFirst().length(), to).strip());
                fields.put(
                        "content", text.substring(to + marks.getLast().length()).stripLeading());
                return;
            }
        }
    }

    private static Optional<Boolean> flag(ObjectNode message, String field) {
        return field == null || !message.has(field) ? Optional.empty() : Optional.of(truth(message.get(field)));
    }

    /** Python's truth. */
    private static boolean truth(JsonNode node) {
        return switch (node.getNodeType()) {
            case BOOLEAN -> node.booleanValue();
            case NUMBER -> node.doubleValue() != 0;
            case STRING -> !node.textValue().isEmpty();
            case ARRAY, OBJECT -> !node.isEmpty();
            case NULL, MISSING, BINARY, POJO -> false;
        };
    }

    /** The parts of a message of which it is said whether they are learned; offsets are of chars of the content before the template, the end included. */
    private List<Turn.Segment> detail(String at, ObjectNode message, Content words) {
        String field = keys.messageFieldTrainingDetail();
        if (field == null || !message.has(field)) {
            return words.segments();
        }
        List<Turn.Segment> segments = new ArrayList<>();
        JsonNode list = parsed(message.get(field));
        for (JsonNode each : list) {
            JsonNode begin = each.path("begin_offset");
            JsonNode end = each.path("end_offset");
            if (!begin.isIntegralNumber() || !end.isIntegralNumber() || begin.intValue() > end.intValue() + 1) {
                throw new InvalidInputException(at + "." + field + ": found " + each
                        + ", expected begin_offset and end_offset, whole numbers in order");
            }
            if (each.path("train").asBoolean()) {
                int from = words.text().offsetByCodePoints(0, words.clip(begin.intValue()));
                int to = words.text().offsetByCodePoints(0, words.clip(end.intValue() + 1));
                segments.add(new Turn.Segment(from, to));
            }
        }
        return segments.isEmpty() ? List.of(Turn.Segment.NONE) : segments;
    }

    /** Lists and objects that a column of texts holds as JSON. */
    static JsonNode parsed(JsonNode node) {
        if (!node.isTextual() || !node.textValue().strip().matches("(?s)[\\[{].*")) {
            return node;
        }
        try {
            return JSON.readTree(node.textValue());
        } catch (IOException e) {
            return node;
        }
    }

    private static JsonNode withoutNulls(JsonNode node) {
        if (node instanceof ObjectNode object) {
            ObjectNode copy = JSON.createObjectNode();
            for (Map.Entry<String, JsonNode> each : object.properties()) {
                if (!each.getValue().isNull()) {
                    copy.set(each.getKey(), withoutNulls(each.getValue()));
                }
            }
            return copy;
        }
        if (node instanceof ArrayNode array) {
            ArrayNode copy = JSON.createArrayNode();
            array.forEach(each -> copy.add(withoutNulls(each)));
            return copy;
        }
        return node;
    }
}
