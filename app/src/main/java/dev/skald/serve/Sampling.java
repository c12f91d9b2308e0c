package dev.skald.serve;

import com.fasterxml.jackson.databind.JsonNode;
import dev.skald.generate.GenerationOptions;
import java.util.List;
import java.util.OptionalInt;

/**
 * How texts are to be generated: the parameters that completions and chats have in common.
 *
 * @param count choices for each prompt
 * @param generated texts generated for each prompt: one where all choices would be the same
 * @param top how many likely tokens are told in each place; empty: log-probabilities are not asked for
 */
record Sampling(GenerationOptions options, int count, int generated, OptionalInt top) {

    private static final int MOST_CHOICES = 128;
    private static final int MOST_STOPS = 64;
    private static final int MOST_TOP = 1000;

    /** @throws ApiException when a parameter has another type, or is out of range */
    static Sampling of(Parameters body, OptionalInt top, ServedModel model) {
        if (body.integer("best_of", 1, MOST_CHOICES).orElse(1)
                > body.integer("n", 1, MOST_CHOICES).orElse(1)) {
            throw ApiException.invalid("best_of", "best_of is not supported: ask for n texts and take the best");
        }
        if (body.flag("use_beam_search", false)) {
            throw ApiException.invalid("use_beam_search", "use_beam_search is not supported");
        }
        int count = body.integer("n", 1, MOST_CHOICES).orElse(1);
        GenerationOptions options = GenerationOptions.modelDefaults()
                .includeStopString(body.flag("include_stop_str_in_output", false))
                .stopStrings(body.texts("stop", MOST_STOPS));
        double temperature = body.number("temperature", 0, 100).orElse(-1.0);
        // As OpenAI has it, a text is drawn at random unless the temperature is 0.
        options = temperature == 0 ? options.sample(false) : options.sample(true);
        options = temperature > 0 ? options.temperature(temperature) : options;
        int generated = temperature == 0 ? 1 : count;
        options = options.numReturnSequences(generated);
        if (body.has("top_p")) {
            options = options.topP(body.number("top_p", 0, 1).orElseThrow());
        }
        if (body.has("top_k")) {
            options = options.topK(
                    Math.max(0, body.integer("top_k", -1, Integer.MAX_VALUE).orElseThrow()));
        }
        if (!body.has("top_k") && !model.generator().defaults().containsKey("top_k")) {
            options = options.topK(0); // transformers' own default is not what clients of this API expect
        }
        if (body.has("min_p")) {
            options = options.minP(body.number("min_p", 0, 1).orElseThrow());
        }
        if (body.has("repetition_penalty")) {
            options = options.repetitionPenalty(
                    body.number("repetition_penalty", 1e-3, 1000).orElseThrow());
        }
        if (body.has("frequency_penalty")) {
            options = options.frequencyPenalty(
                    body.number("frequency_penalty", -2, 2).orElseThrow());
        }
        if (body.has("presence_penalty")) {
            options = options.presencePenalty(
                    body.number("presence_penalty", -2, 2).orElseThrow());
        }
        if (body.has("seed")) {
            options = options.seed(body.seed("seed").orElseThrow());
        }
        if (body.has("min_tokens")) {
            options = options.minNewTokens(
                    body.integer("min_tokens", 0, Integer.MAX_VALUE).orElseThrow());
        }
        options = options.logitBias(body.byToken("logit_bias", 100))
                .stopTokenIds(body.ids("stop_token_ids"))
                .ignoreEos(body.flag("ignore_eos", false));
        if (top.isPresent()) {
            options = options.logProbabilities(top.getAsInt());
        }
        options = formatted(options, body);
        return new Sampling(options, count, generated, top);
    }

    /** OpenAI's {@code response_format}, and vLLM's {@code structured_outputs} and {@code guided_json}. */
    private static GenerationOptions formatted(GenerationOptions options, Parameters body) {
        Parameters format = body.object("response_format");
        Parameters structured = body.object("structured_outputs");
        if (body.has("guided_json") || structured.has("json")) {
            JsonNode schema = body.has("guided_json") ? body.node("guided_json") : structured.node("json");
            return options.jsonSchema(schema.isTextual() ? schema.asText() : schema.toString());
        }
        for (String other : List.of("regex", "choice", "grammar", "structural_tag")) {
            if (structured.has(other) || body.has("guided_" + other)) {
                throw ApiException.invalid(
                        "structured_outputs", "structured_outputs." + other + " is not supported, expected json");
            }
        }
        return switch (format.text("type").orElse("text")) {
            case "text" -> options;
            case "json_object" -> options.jsonObject();
            case "json_schema" -> {
                JsonNode schema = format.object("json_schema").node("schema");
                if (!schema.isObject()) {
                    throw ApiException.invalid(
                            "response_format", "response_format.json_schema.schema is missing, expected a schema");
                }
                yield options.jsonSchema(schema.toString());
            }
            default -> throw format.wrong("type", "text, json_object or json_schema");
        };
    }

    /** Completions: {@code logprobs} is a number, or true with {@code top_logprobs} as chats have it. */
    static OptionalInt topOfCompletion(Parameters body) {
        if (body.node("logprobs").isBoolean()) {
            return topOfChat(body);
        }
        return body.integer("logprobs", 0, MOST_TOP);
    }

    static OptionalInt topOfChat(Parameters body) {
        boolean asked = body.flag("logprobs", false);
        OptionalInt top = body.integer("top_logprobs", 0, MOST_TOP);
        if (!asked && top.orElse(0) > 0) {
            throw ApiException.invalid("top_logprobs", "top_logprobs is set, expected logprobs: true beside it");
        }
        return asked ? OptionalInt.of(top.orElse(0)) : OptionalInt.empty();
    }
}
