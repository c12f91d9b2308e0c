package dev.skald.generate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.Collection;
import java.util.Map;

/**
 * What a caller asks of one call of generate. What is not set here comes from the model's generation_config.json, and what is not there
 * either is transformers' default: precedence and meaning are those of its {@code GenerationConfig}. Immutable: each method returns a copy.
 * Values are checked when text is generated.
 */
public final class GenerationOptions {

    private static final GenerationOptions NONE = new GenerationOptions(JsonNodeFactory.instance.objectNode());

    /** Keys and values as generation_config.json spells them. */
    private final ObjectNode set;

    private GenerationOptions(ObjectNode set) {
        this.set = set;
    }

    /** Nothing set: the model's own defaults. */
    public static GenerationOptions modelDefaults() {
        return NONE;
    }

    /** Prompt and new tokens together. */
    public GenerationOptions maxLength(int tokens) {
        return with("max_length", JsonNodeFactory.instance.numberNode(tokens));
    }

    /** New tokens; wins over {@link #maxLength}. */
    public GenerationOptions maxNewTokens(int tokens) {
        return with("max_new_tokens", JsonNodeFactory.instance.numberNode(tokens));
    }

    /** No end token before so many new ones. */
    public GenerationOptions minNewTokens(int tokens) {
        return with("min_new_tokens", JsonNodeFactory.instance.numberNode(tokens));
    }

    /** Whether tokens are drawn at random; greedy otherwise, and then temperature, top-k, top-p and min-p do nothing. */
    public GenerationOptions sample(boolean sample) {
        return with("do_sample", JsonNodeFactory.instance.booleanNode(sample));
    }

    /** Logits are divided by it; above 0. */
    public GenerationOptions temperature(double temperature) {
        return with("temperature", JsonNodeFactory.instance.numberNode(temperature));
    }

    /** Only the {@code k} most likely tokens; 0: all. */
    public GenerationOptions topK(int k) {
        return with("top_k", JsonNodeFactory.instance.numberNode(k));
    }

    /** Only the most likely tokens that together have probability {@code p}. */
    public GenerationOptions topP(double p) {
        return with("top_p", JsonNodeFactory.instance.numberNode(p));
    }

    /** Only tokens with at least {@code p} of the probability of the most likely one. */
    public GenerationOptions minP(double p) {
        return with("min_p", JsonNodeFactory.instance.numberNode(p));
    }

    /** Only the tokens that are about as surprising as is to be expected, with probability {@code p} together; 1: off. */
    public GenerationOptions typicalP(double p) {
        return with("typical_p", JsonNodeFactory.instance.numberNode(p));
    }

    /** Makes tokens that were there already less likely; 1: off. */
    public GenerationOptions repetitionPenalty(double penalty) {
        return with("repetition_penalty", JsonNodeFactory.instance.numberNode(penalty));
    }

    /** No sequence of so many tokens twice; 0: off. */
    public GenerationOptions noRepeatNgramSize(int size) {
        return with("no_repeat_ngram_size", JsonNodeFactory.instance.numberNode(size));
    }

    /** Texts that end the generation; they stay in the text, as transformers has it. */
    public GenerationOptions stopStrings(Collection<String> strings) {
        var array = JsonNodeFactory.instance.arrayNode();
        strings.forEach(array::add);
        return with("stop_strings", array);
    }

    /** Texts that end the generation. */
    public GenerationOptions stopStrings(String... strings) {
        return stopStrings(Arrays.asList(strings));
    }

    /** The same seed, prompt and options give the same text; drawn at random when not set. */
    public GenerationOptions seed(long seed) {
        return with("seed", JsonNodeFactory.instance.numberNode(seed));
    }

    /** How many texts per prompt. */
    public GenerationOptions numReturnSequences(int count) {
        return with("num_return_sequences", JsonNodeFactory.instance.numberNode(count));
    }

    /** Whether results carry the raw logits that each token was chosen from. */
    public GenerationOptions keepLogits(boolean keep) {
        return with("output_logits", JsonNodeFactory.instance.booleanNode(keep));
    }

    /** Taken off the score of each token that was generated already, once for each time; -2 to 2, 0: off. */
    public GenerationOptions frequencyPenalty(double penalty) {
        return with("frequency_penalty", JsonNodeFactory.instance.numberNode(penalty));
    }

    /** Taken off the score of each token that was generated already; -2 to 2, 0: off. */
    public GenerationOptions presencePenalty(double penalty) {
        return with("presence_penalty", JsonNodeFactory.instance.numberNode(penalty));
    }

    /** Added to the scores of token ids before one is chosen. */
    public GenerationOptions logitBias(Map<Integer, Double> bias) {
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        bias.forEach((id, value) -> object.put(id.toString(), value));
        return with("logit_bias", object);
    }

    /** Token ids that end the text, beside the model's end tokens. */
    public GenerationOptions stopTokenIds(Collection<Integer> ids) {
        var array = JsonNodeFactory.instance.arrayNode();
        ids.forEach(array::add);
        return with("stop_token_ids", array);
    }

    /** The text is a JSON object, and ends with it. */
    public GenerationOptions jsonObject() {
        return with("json_object", JsonNodeFactory.instance.booleanNode(true));
    }

    /**
     * The text is JSON of a schema, and ends with it: types, enum, const, anyOf, $ref, properties in the schema's order, items, lengths of strings and lists.
     *
     * @param schema in JSON
     */
    public GenerationOptions jsonSchema(String schema) {
        return jsonSchema("", schema, "");
    }

    /** JSON of a schema between two texts. */
    public GenerationOptions jsonSchema(String before, String schema, String after) {
        var array = JsonNodeFactory.instance.arrayNode();
        return with("json_schema", array.add(before).add(schema).add(after));
    }

    /** One more of {@link #stopTokenIds}. */
    public GenerationOptions alsoStopTokenId(int id) {
        var array = JsonNodeFactory.instance.arrayNode();
        set.path("stop_token_ids").forEach(array::add);
        return with("stop_token_ids", array.add(id));
    }

    /** Whether end tokens do not end the text. */
    public boolean ignoresEos() {
        return set.path("ignore_eos").asBoolean(false);
    }

    /** Whether the length is left to the model's defaults. */
    public boolean setsNoLength() {
        return !set.has("max_length") && !set.has("max_new_tokens");
    }

    /** Whether the model's end tokens do not end the text. */
    public GenerationOptions ignoreEos(boolean ignore) {
        return with("ignore_eos", JsonNodeFactory.instance.booleanNode(ignore));
    }

    /** Whether a stop string stays in the text, as transformers has it and by default; else as servers have it. */
    public GenerationOptions includeStopString(boolean include) {
        return with("include_stop_str_in_output", JsonNodeFactory.instance.booleanNode(include));
    }

    /** Results carry how likely each token was, and the {@code top} most likely ones in its place; 0: only the first. */
    public GenerationOptions logProbabilities(int top) {
        return with("logprobs", JsonNodeFactory.instance.numberNode(top));
    }

    ObjectNode json() {
        return set;
    }

    private GenerationOptions with(String key, JsonNode value) {
        ObjectNode copy = set.deepCopy();
        copy.set(key, value);
        return new GenerationOptions(copy);
    }
}
