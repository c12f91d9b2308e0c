package dev.skald.langchain4j;

import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.skald.chat.Chat;
import java.util.Set;

/** As {@link SkaldChatModel}, and tells of the answer while it is generated: on a virtual thread of its own, so that a call returns at once. */
public final class SkaldStreamingChatModel implements StreamingChatModel {

    private final Requests requests;
    private final ChatRequestParameters defaults;

    /** Answers with the model's own defaults. */
    public SkaldStreamingChatModel(Chat chat) {
        this(chat, ChatRequestParameters.builder().build());
    }

    /**
     * Answers with defaults of one's own.
     *
     * @param chat its model stays the caller's to close
     */
    public SkaldStreamingChatModel(Chat chat, ChatRequestParameters defaults) {
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
    public void doChat(ChatRequest request, StreamingChatResponseHandler handler) {
        Thread.ofVirtual().name("skald-answer").start(() -> answer(request, handler));
    }

    private void answer(ChatRequest request, StreamingChatResponseHandler handler) {
        ChatResponse response;
        try {
            response = requests.answer(request, handler::onPartialResponse);
            var calls = response.aiMessage().toolExecutionRequests();
            for (int i = 0; i < calls.size(); i++) {
                handler.onCompleteToolCall(new CompleteToolCall(i, calls.get(i)));
            }
        } catch (RuntimeException e) {
            handler.onError(e);
            return;
        }
        handler.onCompleteResponse(response);
    }
}
