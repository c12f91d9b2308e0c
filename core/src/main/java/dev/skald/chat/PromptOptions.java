package dev.skald.chat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How messages become a prompt.
 *
 * @param openReply whether the prompt ends with the beginning of the assistant's next message ({@code add_generation_prompt})
 * @param continueFinal whether the last message is not ended, so that the model goes on with it ({@code continue_final_message})
 * @param tools functions that the model may call, as OpenAI's API has them; values as in JSON
 * @param variables more variables of the template ({@code chat_template_kwargs}); values as in JSON
 */
public record PromptOptions(
        boolean openReply, boolean continueFinal, List<Object> tools, Map<String, Object> variables) {

    /** For an answer: the prompt ends with the beginning of the assistant's message. */
    public static final PromptOptions REPLY = new PromptOptions(true, false, List.of(), Map.of());

    /** For a whole conversation: nothing follows the last message. */
    public static final PromptOptions WHOLE = new PromptOptions(false, false, List.of(), Map.of());

    /** Keeps its own copies. */
    public PromptOptions {
        tools = Collections.unmodifiableList(new ArrayList<>(tools));
        variables = Collections.unmodifiableMap(new LinkedHashMap<>(variables));
    }
}
