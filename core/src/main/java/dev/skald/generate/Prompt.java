package dev.skald.generate;

import dev.skald.InvalidInputException;

/**
 * A prompt as ids, and as the text that results begin with.
 *
 * @param ids at least one
 */
@SuppressWarnings("ArrayRecordComponent") // read only
record Prompt(int[] ids, String text) {
    Prompt {
        if (ids.length == 0) {
            throw new InvalidInputException("the prompt has no tokens: give some text, or a begin token's id");
        }
    }
}
