package dev.skald.serve;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * Tokens of a request.
 *
 * @param prompt of all prompts, each counted once
 * @param cached those of them that were not read again
 * @param generated of all texts
 */
record Usage(int prompt, int cached, int generated) {

    ObjectNode json() {
        ObjectNode node = Exchange.JSON.createObjectNode();
        node.put("prompt_tokens", prompt).put("completion_tokens", generated).put("total_tokens", prompt + generated);
        node.putObject("prompt_tokens_details").put("cached_tokens", cached);
        return node;
    }
}
