package dev.skald.serve;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.InvalidInputException;
import dev.skald.chat.Chat;
import dev.skald.chat.ChatPrompt;
import dev.skald.chat.Message;
import dev.skald.chat.PromptOptions;
import dev.skald.chat.ToolCall;
import dev.skald.generate.Generation;
import dev.skald.generate.GenerationOptions;
import dev.skald.generate.ScoredToken;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;

/** {@code /v1/chat/completions}: answers messages. */
final class Chats {

    private static final int MOST_MESSAGES = 10_000;
    private static final int MOST_TOOLS = 128;

    private final ServedModel model;
    private final Metrics metrics;
    private final Function<RuntimeException, ApiException> refusal;

    Chats(ServedModel model, Metrics metrics, Function<RuntimeException, ApiException> refusal) {
        this.model = model;
        this.metrics = metrics;
        this.refusal = refusal;
    }

    void answer(Exchange exchange, Parameters body) {
        Chat chat = chat();
        Sampling sampling = Sampling.of(body, Sampling.topOfChat(body), model);
        List<Object> tools = tools(body, chat);
        ChatPrompt prompt = prompt(body, chat, tools);
        int room = model.context() - prompt.ids().length;
        if (room < 1) {
            throw ApiException.tooLong("the messages have " + prompt.ids().length + " tokens, and there is room for "
                    + model.context() + " of messages and answer together");
        }
        OptionalInt most = body.integer("max_completion_tokens", 1, Integer.MAX_VALUE);
        if (most.isEmpty()) {
            most = body.integer("max_tokens", 1, Integer.MAX_VALUE);
        }
        GenerationOptions options = chat.forReplies(
                called(sampling.options(), body, chat).maxNewTokens(Math.min(room, most.orElse(room))),
                prompt.ids().length);
        boolean stream = body.flag("stream", false);
        boolean usage = Completions.streamUsage(body, stream);
        new Choices(exchange, model, metrics, refusal, new ChatForm(model, sampling, !tools.isEmpty()), "chatcmpl-")
                .answer(new Choices.Order(
                        List.of(prompt.ids()),
                        options,
                        sampling.count(),
                        sampling.generated(),
                        body.ids("stop_token_ids"),
                        stream,
                        usage));
    }

    Chat chat() {
        return model.chat()
                .orElseThrow(() -> ApiException.invalid(
                        null,
                        "the model " + model.name() + " has no chat template: it continues texts, at /v1/completions"));
    }

    /** The tools that the template is told of. */
    private static List<Object> tools(Parameters body, Chat chat) {
        JsonNode node = body.node("tools");
        JsonNode choice = body.node("tool_choice");
        if (node.isMissingNode() || node.isNull() || node.isEmpty()) {
            return List.of();
        }
        if (!node.isArray() || node.size() > MOST_TOOLS) {
            throw body.wrong("tools", "a list of at most " + MOST_TOOLS + " tools");
        }
        for (JsonNode tool : node) {
            if (!tool.path("type").asText().equals("function")
                    || !tool.path("function").path("name").isTextual()) {
                throw ApiException.invalid(
                        "tools",
                        "a tool is no function with a name, expected {\"type\": \"function\","
                                + " \"function\": {\"name\": ...}}");
            }
        }
        if (choice.isTextual() && choice.asText().equals("none")) {
            return List.of();
        }
        if (!chat.template().knowsTools()) {
            throw ApiException.invalid("tools", "the chat template of this model knows no tools");
        }
        List<Object> tools = new ArrayList<>();
        node.forEach(tool -> tools.add(Exchange.JSON.convertValue(tool, Object.class)));
        return tools;
    }

    /** A call that is required, of any tool or of one, is all that the answer can be. */
    private static GenerationOptions called(GenerationOptions options, Parameters body, Chat chat) {
        JsonNode choice = body.node("tool_choice");
        boolean any = choice.asText().equals("required");
        String name = choice.path("function").path("name").asText("");
        if (choice.isMissingNode() || choice.isNull() || Set.of("auto", "none").contains(choice.asText())) {
            return options;
        }
        if (!any && name.isEmpty()) {
            throw body.wrong(
                    "tool_choice", "none, auto, required or {\"type\": \"function\", \"function\": {\"name\": ...}}");
        }
        List<JsonNode> tools = new ArrayList<>();
        for (JsonNode tool : body.node("tools")) {
            if (any || tool.path("function").path("name").asText().equals(name)) {
                tools.add(tool.get("function"));
            }
        }
        if (tools.isEmpty()) {
            throw body.wrong("tool_choice", "one of the tools");
        }
        return ToolCall.required(options, tools, chat.template());
    }

    /** The messages as a prompt, for an answer or for {@code /tokenize}. */
    ChatPrompt prompt(Parameters body, Chat chat, List<Object> tools) {
        JsonNode node = body.node("messages");
        if (!node.isArray() || node.isEmpty() || node.size() > MOST_MESSAGES) {
            throw body.wrong("messages", "a list of at least one message");
        }
        List<Message> messages = new ArrayList<>();
        try {
            for (JsonNode each : node) {
                messages.add(Message.fromJson("messages[" + messages.size() + "]", each));
            }
            boolean continueFinal = body.flag("continue_final_message", false);
            Map<String, Object> variables = Exchange.JSON.convertValue(
                    body.has("chat_template_kwargs")
                            ? body.node("chat_template_kwargs")
                            : Exchange.JSON.createObjectNode(),
                    new TypeReference<>() {});
            boolean open = body.flag("add_generation_prompt", !continueFinal);
            return chat.template().prompt(messages, new PromptOptions(open, continueFinal, tools, variables));
        } catch (InvalidInputException e) {
            throw ApiException.invalid("messages", e.getMessage());
        } catch (IllegalArgumentException e) {
            throw body.wrong("chat_template_kwargs", "an object");
        }
    }

    /** The choices of a chat. */
    private static final class ChatForm implements Choices.Form {
        private final ServedModel model;
        private final Sampling sampling;
        private final boolean tools;
        private final Map<Integer, Held> held = new HashMap<>();

        /** The beginning of a choice that may turn out to be calls of tools, until it cannot. */
        private static final class Held {
            private final StringBuilder text = new StringBuilder();
            private final List<ScoredToken> scores = new ArrayList<>();
            private boolean released;
        }

        ChatForm(ServedModel model, Sampling sampling, boolean tools) {
            this.model = model;
            this.sampling = sampling;
            this.tools = tools;
        }

        @Override
        public String object(boolean chunk) {
            return chunk ? "chat.completion.chunk" : "chat.completion";
        }

        private Optional<List<ToolCall>> calls(Generation text) {
            return tools ? ToolCall.parse(text.generatedText()) : Optional.empty();
        }

        @Override
        public ObjectNode whole(int prompt, Generation text) {
            ObjectNode choice = Exchange.JSON.createObjectNode();
            ObjectNode message = choice.putObject("message").put("role", "assistant");
            Optional<List<ToolCall>> calls = calls(text);
            if (calls.isPresent()) {
                message.putNull("content").putNull("refusal");
                calls.get()
                        .forEach(call ->
                                describe(call, message.withArray("tool_calls").addObject()));
            } else {
                message.put("content", text.generatedText()).putNull("refusal");
            }
            if (sampling.top().isPresent()) {
                choice.set("logprobs", LogProbabilities.content(model, text.scores()));
            } else {
                choice.putNull("logprobs");
            }
            return choice;
        }

        private static void describe(ToolCall call, ObjectNode node) {
            node.put("id", call.id());
            node.put("type", "function");
            node.putObject("function").put("name", call.name()).put("arguments", call.arguments());
        }

        private static ObjectNode delta() {
            ObjectNode choice = Exchange.JSON.createObjectNode();
            choice.putObject("delta");
            return choice.putNull("logprobs");
        }

        @Override
        public ObjectNode opening(int prompt) {
            ObjectNode choice = delta();
            ((ObjectNode) choice.get("delta")).put("role", "assistant").put("content", "");
            return choice;
        }

        @Override
        public ObjectNode piece(int index, int prompt, String text, List<ScoredToken> scores) {
            String released = text;
            List<ScoredToken> tokens = scores;
            if (tools) {
                Held own = held.computeIfAbsent(index, _ -> new Held());
                own.text.append(text);
                own.scores.addAll(scores);
                own.released |= !ToolCall.mayBegin(own.text.toString());
                if (!own.released) {
                    return null;
                }
                released = own.text.toString();
                tokens = List.copyOf(own.scores);
                own.text.setLength(0);
                own.scores.clear();
            }
            ObjectNode choice = delta();
            ((ObjectNode) choice.get("delta")).put("content", released);
            if (sampling.top().isPresent()) {
                choice.set("logprobs", LogProbabilities.content(model, tokens));
            }
            return choice;
        }

        @Override
        public ObjectNode held(int index, int prompt, Generation text) {
            Held own = held.get(index);
            if (own == null || own.released) {
                return null;
            }
            ObjectNode choice = delta();
            ObjectNode delta = (ObjectNode) choice.get("delta");
            Optional<List<ToolCall>> calls = calls(text);
            if (calls.isPresent()) {
                for (int i = 0; i < calls.get().size(); i++) {
                    ObjectNode call = delta.withArray("tool_calls").addObject().put("index", i);
                    describe(calls.get().get(i), call);
                }
            } else {
                delta.put("content", own.text.toString());
            }
            if (sampling.top().isPresent()) {
                choice.set("logprobs", LogProbabilities.content(model, own.scores));
            }
            return choice;
        }

        @Override
        public ObjectNode closing() {
            return delta();
        }

        @Override
        public String reason(Generation text) {
            String reason = Choices.reason(text.finishReason());
            return reason.equals("stop") && calls(text).isPresent() ? "tool_calls" : reason;
        }
    }
}
