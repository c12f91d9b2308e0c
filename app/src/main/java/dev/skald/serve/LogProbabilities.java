package dev.skald.serve;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.generate.ScoredToken;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The log-probabilities of tokens, in the two forms that OpenAI's API has. */
final class LogProbabilities {

    /** What stands for a probability of 0. */
    private static final float NEVER = -9999;

    private LogProbabilities() {}

    private static float finite(float logProbability) {
        return Math.max(NEVER, logProbability);
    }

    /** Of completions: arrays beside each other. */
    static final class Arrays {
        private final ServedModel model;
        private final ArrayNode tokens = Exchange.JSON.createArrayNode();
        private final ArrayNode values = Exchange.JSON.createArrayNode();
        private final ArrayNode tops = Exchange.JSON.createArrayNode();
        private final ArrayNode offsets = Exchange.JSON.createArrayNode();
        private int offset;

        /** @param offset where the first token's text begins, in characters */
        Arrays(ServedModel model, int offset) {
            this.model = model;
            this.offset = offset;
        }

        /** The first token of a prompt, which nothing predicts. */
        Arrays first(int id) {
            token(id);
            values.addNull();
            tops.addNull();
            return this;
        }

        Arrays add(ScoredToken scored) {
            token(scored.id());
            values.add(finite(scored.logProbability()));
            Map<String, Float> top = new LinkedHashMap<>();
            for (int i = 0; i < scored.topIds().length; i++) {
                top.merge(model.text(scored.topIds()[i]), finite(scored.topLogProbabilities()[i]), Math::max);
            }
            top.merge(model.text(scored.id()), finite(scored.logProbability()), Math::max);
            ObjectNode node = tops.addObject();
            top.forEach(node::put);
            return this;
        }

        private void token(int id) {
            String text = model.text(id);
            tokens.add(text);
            offsets.add(offset);
            offset += text.codePointCount(0, text.length());
        }

        /** Where the next token's text begins. */
        int offset() {
            return offset;
        }

        ObjectNode json() {
            ObjectNode node = Exchange.JSON.createObjectNode();
            node.set("tokens", tokens);
            node.set("token_logprobs", values);
            node.set("top_logprobs", tops);
            node.set("text_offset", offsets);
            return node;
        }
    }

    /** Of chats: a list of objects. */
    static ObjectNode content(ServedModel model, List<ScoredToken> tokens) {
        ObjectNode node = Exchange.JSON.createObjectNode();
        ArrayNode content = node.putArray("content");
        for (ScoredToken scored : tokens) {
            ObjectNode token = content.addObject();
            describe(model, token, scored.id(), scored.logProbability());
            ArrayNode top = token.putArray("top_logprobs");
            for (int i = 0; i < scored.topIds().length; i++) {
                describe(model, top.addObject(), scored.topIds()[i], scored.topLogProbabilities()[i]);
            }
        }
        node.putNull("refusal");
        return node;
    }

    private static void describe(ServedModel model, ObjectNode node, int id, float logProbability) {
        node.put("token", model.text(id)).put("logprob", finite(logProbability));
        ArrayNode bytes = node.putArray("bytes");
        for (byte b : model.bytes(id)) {
            bytes.add(b & 0xff);
        }
    }
}
