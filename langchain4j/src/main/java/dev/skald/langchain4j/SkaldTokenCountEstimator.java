package dev.skald.langchain4j;

import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.model.TokenCountEstimator;
import dev.skald.chat.Chat;
import dev.skald.chat.Message;
import dev.skald.chat.PromptOptions;
import dev.skald.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.List;

/** Counts the tokens of texts, and of messages as the model reads them. Exact. Thread-safe. */
public final class SkaldTokenCountEstimator implements TokenCountEstimator {

    private final Tokenizer tokenizer;
    private final Chat chat;

    /** Counts by a model's tokenizer and template. */
    public SkaldTokenCountEstimator(Tokenizer tokenizer, Chat chat) {
        this.tokenizer = tokenizer;
        this.chat = chat;
    }

    @Override
    public int estimateTokenCountInText(String text) {
        return tokenizer.encode(text).length;
    }

    @Override
    public int estimateTokenCountInMessage(ChatMessage message) {
        return estimateTokenCountInMessages(List.of(message));
    }

    @Override
    public int estimateTokenCountInMessages(Iterable<ChatMessage> messages) {
        List<Message> all = new ArrayList<>();
        messages.forEach(message -> all.add(Requests.message(message)));
        return all.isEmpty()
                ? 0
                : chat.template().prompt(all, PromptOptions.WHOLE).ids().length;
    }
}
