package dev.skald.springai;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skald.InvalidInputException;
import dev.skald.base.StrictJson;
import dev.skald.chat.Chat;
import dev.skald.chat.Message;
import dev.skald.chat.PromptOptions;
import dev.skald.chat.Reply;
import dev.skald.chat.ToolCall;
import dev.skald.generate.FinishReason;
import dev.skald.generate.GenerationOptions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.model.tool.ToolCallingChatOptions;
import org.springframework.ai.tool.definition.ToolDefinition;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;

/**
 * Answers prompts with a model in this JVM. Tools that the options name are told to the model, and its calls are in the answer, for Spring AI to run. Thread-safe; calls of many
 * threads are one batch.
 *
 * <p>Errors are Skald's own: {@link InvalidInputException} for what the template or the model's context does not allow.
 */
public final class SkaldChatModel implements ChatModel {

    private static final ObjectMapper JSON = StrictJson.mapper();

    private final Chat chat;
    private final ChatOptions defaults;

    /**
     * Answers with defaults of one's own, over those of the model.
     *
     * @param chat its model stays the caller's to close
     */
    public SkaldChatModel(Chat chat, ChatOptions defaults) {
        this.chat = chat;
        this.defaults = defaults;
    }

    @Override
    public ChatOptions getOptions() {
        return defaults;
    }

    @Override
    public ChatResponse call(Prompt prompt) {
        return response(reply(prompt, piece -> {}));
    }

    @Override
    public Flux<ChatResponse> stream(Prompt prompt) {
        return Flux.<ChatResponse>create(sink -> {
                    Reply reply = reply(prompt, piece -> sink.next(part(piece)));
                    sink.next(end(reply));
                    sink.complete();
                })
                .subscribeOn(Schedulers.boundedElastic());
    }

    private Reply reply(Prompt prompt, Consumer<String> listener) {
        List<Message> messages = prompt.getInstructions().stream()
                .flatMap(SkaldChatModel::messages)
                .toList();
        PromptOptions reading = new PromptOptions(true, false, tools(prompt.getOptions()), Map.of());
        return chat.reply(messages, reading, options(prompt.getOptions()), listener);
    }

    private static Stream<Message> messages(org.springframework.ai.chat.messages.Message message) {
        return switch (message.getMessageType()) {
            case SYSTEM -> Stream.of(Message.system(message.getText()));
            case USER -> Stream.of(Message.user(message.getText()));
            case ASSISTANT -> Stream.of(assistant((AssistantMessage) message));
            case TOOL ->
                ((ToolResponseMessage) message)
                        .getResponses().stream()
                                .map(response -> Message.tool(response.id(), response.name(), response.responseData()));
        };
    }

    private static Message assistant(AssistantMessage message) {
        if (!message.hasToolCalls()) {
            return Message.assistant(message.getText() == null ? "" : message.getText());
        }
        return Message.assistant(message.getToolCalls().stream()
                .map(call -> new ToolCall(call.id(), call.name(), call.arguments()))
                .toList());
    }

    private static List<Object> tools(ChatOptions options) {
        List<Object> tools = new ArrayList<>();
        if (options instanceof ToolCallingChatOptions calling && calling.getToolCallbacks() != null) {
            calling.getToolCallbacks().forEach(tool -> tools.add(tool(tool.getToolDefinition())));
        }
        return tools;
    }

    private static Map<String, Object> tool(ToolDefinition tool) {
        Map<String, Object> function = new LinkedHashMap<>();
        function.put("name", tool.name());
        function.put("description", tool.description());
        try {
            function.put("parameters", JSON.readValue(tool.inputSchema(), Object.class));
        } catch (JsonProcessingException e) {
            throw new InvalidInputException("the schema of the tool " + tool.name() + " is not JSON", e);
        }
        return Map.of("type", "function", "function", function);
    }

    private GenerationOptions options(ChatOptions asked) {
        ChatOptions own = asked == null ? defaults : asked;
        GenerationOptions options = GenerationOptions.modelDefaults();
        Double temperature = first(own.getTemperature(), defaults.getTemperature());
        Double topP = first(own.getTopP(), defaults.getTopP());
        Integer topK = first(own.getTopK(), defaults.getTopK());
        Integer most = first(own.getMaxTokens(), defaults.getMaxTokens());
        Double frequency = first(own.getFrequencyPenalty(), defaults.getFrequencyPenalty());
        Double presence = first(own.getPresencePenalty(), defaults.getPresencePenalty());
        List<String> stops = first(own.getStopSequences(), defaults.getStopSequences());
        options =
                temperature == null ? options : options.temperature(temperature).sample(temperature > 0);
        options = topP == null ? options : options.topP(topP);
        options = topK == null ? options : options.topK(topK);
        options = most == null ? options : options.maxNewTokens(most);
        options = frequency == null ? options : options.frequencyPenalty(frequency);
        options = presence == null ? options : options.presencePenalty(presence);
        return stops == null ? options : options.stopStrings(stops);
    }

    private static <T> T first(T own, T absent) {
        return own == null ? absent : own;
    }

    private static ChatResponse part(String text) {
        return new ChatResponse(List.of(new Generation(new AssistantMessage(text))));
    }

    private static ChatResponse response(Reply reply) {
        return response(reply, reply.text());
    }

    /** The end of a stream, whose text has been told. */
    private static ChatResponse end(Reply reply) {
        return response(reply, "");
    }

    private static ChatResponse response(Reply reply, String text) {
        List<AssistantMessage.ToolCall> calls = reply.toolCalls().stream()
                .map(call -> new AssistantMessage.ToolCall(call.id(), "function", call.name(), call.arguments()))
                .toList();
        AssistantMessage message =
                AssistantMessage.builder().content(text).toolCalls(calls).build();
        boolean cut = reply.generation().finishReason() == FinishReason.LENGTH
                || reply.generation().finishReason() == FinishReason.TIME;
        ChatGenerationMetadata end = ChatGenerationMetadata.builder()
                .finishReason(calls.isEmpty() ? (cut ? "LENGTH" : "STOP") : "TOOL_CALLS")
                .build();
        ChatResponseMetadata metadata = ChatResponseMetadata.builder()
                .usage(new DefaultUsage(
                        reply.generation().promptIds().length,
                        reply.generation().generatedIds().length))
                .build();
        return new ChatResponse(List.of(new Generation(message, end)), metadata);
    }
}
