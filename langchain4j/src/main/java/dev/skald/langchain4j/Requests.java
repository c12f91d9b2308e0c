package dev.skald.langchain4j;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.internal.JsonSchemaElementUtils;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.TokenUsage;
import dev.skald.InvalidInputException;
import dev.skald.base.StrictJson;
import dev.skald.chat.Chat;
import dev.skald.chat.Message;
import dev.skald.chat.PromptOptions;
import dev.skald.chat.Reply;
import dev.skald.chat.ToolCall;
import dev.skald.generate.Generation;
import dev.skald.generate.GenerationOptions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** LangChain4j's requests as Skald's, and the answers back. */
final class Requests {

    private static final ObjectMapper JSON = StrictJson.mapper();

    private final Chat chat;

    Requests(Chat chat) {
        this.chat = chat;
    }

    ChatResponse answer(ChatRequest request, Consumer<String> listener) {
        List<Message> messages =
                request.messages().stream().map(Requests::message).toList();
        List<Object> tools = new ArrayList<>();
        for (ToolSpecification tool : request.toolSpecifications()) {
            tools.add(tool(tool));
        }
        PromptOptions prompt = new PromptOptions(true, false, tools, Map.of());
        Reply reply = chat.reply(messages, prompt, options(request, tools), listener);
        List<ToolExecutionRequest> calls = reply.toolCalls().stream()
                .map(call -> ToolExecutionRequest.builder()
                        .id(call.id())
                        .name(call.name())
                        .arguments(call.arguments())
                        .build())
                .toList();
        return ChatResponse.builder()
                .aiMessage(calls.isEmpty() ? AiMessage.from(reply.text()) : AiMessage.from(calls))
                .tokenUsage(usage(reply.generation()))
                .finishReason(calls.isEmpty() ? reason(reply.generation()) : FinishReason.TOOL_EXECUTION)
                .build();
    }

    private GenerationOptions options(ChatRequest request, List<Object> tools) {
        GenerationOptions options = GenerationOptions.modelDefaults();
        if (request.temperature() != null) {
            options = options.temperature(request.temperature()).sample(request.temperature() > 0);
        }
        options = request.topP() == null ? options : options.topP(request.topP());
        options = request.topK() == null ? options : options.topK(request.topK());
        options = request.frequencyPenalty() == null ? options : options.frequencyPenalty(request.frequencyPenalty());
        options = request.presencePenalty() == null ? options : options.presencePenalty(request.presencePenalty());
        options = request.maxOutputTokens() == null ? options : options.maxNewTokens(request.maxOutputTokens());
        if (!request.stopSequences().isEmpty()) {
            options = options.stopStrings(request.stopSequences());
        }
        if (request.toolChoice() == ToolChoice.REQUIRED && !tools.isEmpty()) {
            List<JsonNode> functions = new ArrayList<>();
            tools.forEach(tool -> functions.add(JSON.valueToTree(tool).get("function")));
            return ToolCall.required(options, functions, chat.template());
        }
        return formatted(options, request.responseFormat());
    }

    private static GenerationOptions formatted(GenerationOptions options, ResponseFormat format) {
        if (format == null || format.type() != ResponseFormatType.JSON) {
            return options;
        }
        if (format.jsonSchema() == null) {
            return options.jsonObject();
        }
        Map<String, Object> schema =
                JsonSchemaElementUtils.toMap(format.jsonSchema().rootElement());
        return options.jsonSchema(JSON.valueToTree(schema).toString());
    }

    private static Map<String, Object> tool(ToolSpecification tool) {
        Map<String, Object> function = new LinkedHashMap<>();
        function.put("name", tool.name());
        if (tool.description() != null) {
            function.put("description", tool.description());
        }
        if (tool.parameters() != null) {
            function.put("parameters", JsonSchemaElementUtils.toMap(tool.parameters()));
        }
        return Map.of("type", "function", "function", function);
    }

    /** @throws InvalidInputException when a message has what a model of text cannot read */
    static Message message(ChatMessage message) {
        return switch (message) {
            case SystemMessage system -> Message.system(system.text());
            case UserMessage user -> Message.user(text(user.contents()));
            case AiMessage answer
            when answer.hasToolExecutionRequests() ->
                Message.assistant(answer.toolExecutionRequests().stream()
                        .map(call -> new ToolCall(
                                call.id() == null ? "" : call.id(), call.name(), arguments(call.arguments())))
                        .toList());
            case AiMessage answer -> Message.assistant(answer.text() == null ? "" : answer.text());
            case ToolExecutionResultMessage result ->
                Message.tool(result.id() == null ? "" : result.id(), result.toolName(), result.text());
            default -> throw new InvalidInputException("a message of the type " + message.type() + " cannot be read");
        };
    }

    private static String arguments(String json) {
        try {
            JsonNode node = JSON.readTree(json == null || json.isBlank() ? "{}" : json);
            return node.toString();
        } catch (JsonProcessingException e) {
            throw new InvalidInputException("the arguments of a call are not JSON: " + json, e);
        }
    }

    private static String text(List<Content> contents) {
        List<String> texts = new ArrayList<>();
        for (Content content : contents) {
            if (!(content instanceof TextContent text)) {
                throw new InvalidInputException(
                        "a user's message has " + content.type() + ", and the model reads text only");
            }
            texts.add(text.text());
        }
        return String.join("\n", texts);
    }

    static TokenUsage usage(Generation text) {
        return new TokenUsage(text.promptIds().length, text.generatedIds().length);
    }

    static FinishReason reason(Generation text) {
        return switch (text.finishReason()) {
            case EOS, STOP -> FinishReason.STOP;
            case LENGTH, TIME -> FinishReason.LENGTH;
        };
    }
}
