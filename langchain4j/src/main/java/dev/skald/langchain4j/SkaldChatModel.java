package dev.skald.langchain4j;

import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.skald.chat.Chat;
import java.util.Set;

/**
 * Answers messages with a model in this JVM: tools, JSON and JSON schemas included. Thread-safe; calls of many threads are one batch.
 *
 * <p>Errors are Skald's own: {@link dev.skald.InvalidInputException} for what the template or the model's context does not allow.
 */
public final class SkaldChatModel implements ChatModel {

    private final Requests requests;
    private final ChatRequestParameters defaults;

    /** Answers with the model's own defaults. */
    public SkaldChatModel(Chat chat) {
        this(chat, ChatRequestParameters.builder().build());
    }

    /**
     * Answers with defaults of one's own.
     *
     * @param chat its model stays the caller's to close
     */
    public SkaldChatModel(Chat chat, ChatRequestParameters defaults) {
        this.requests = new Requests(chat);
        this.defaults = defaults;
    }

    @Override
    public ChatRequestParameters defaultRequestParameters() {
        return defaults;
    }

    @Override
    public Set<Capability> supportedCapabilities() {
        return Set.of(Capability.RESPONSE_FORMAT_JSON_SCHEMA);
    }

    @Override
    public ChatResponse doChat(ChatRequest request) {
        return requests.answer(request, piece -> {});
    }
}
