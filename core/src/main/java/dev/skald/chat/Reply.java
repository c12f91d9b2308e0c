package dev.skald.chat;

import dev.skald.generate.Generation;

/**
 * What the model answered.
 *
 * @param message the answer, to be added to the conversation
 * @param generation its tokens, why it ended, how long it took
 */
public record Reply(Message message, Generation generation) {

    /** The answer's words. */
    public String text() {
        return message.content();
    }
}
