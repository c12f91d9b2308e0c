package dev.skald.chat;

import dev.skald.generate.Generation;
import java.util.List;

/**
 * What the model answered.
 *
 * @param message the answer, to be added to the conversation
 * @param toolCalls what it wants to be called, where there are tools; then its text is empty
 * @param generation its tokens, why it ended, how long it took
 */
public record Reply(Message message, List<ToolCall> toolCalls, Generation generation) {

    /** Keeps its own copy of the list. */
    public Reply {
        toolCalls = List.copyOf(toolCalls);
    }

    /** The answer's words. */
    public String text() {
        return message.content();
    }
}
