package dev.skald.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One parameter, and its place where all of them lie one after the other in a flat tensor.
 *
 * @param name as Hugging Face's Llama names it: {@code model.layers.0.self_attn.q_proj.weight}
 * @param shape its sizes: {@code [out, in]} of a linear weight, {@code [features]} of a norm
 * @param offset where it begins in the flat tensor, in elements
 * @param index its number among all of them
 */
@SuppressWarnings("ArrayRecordComponent")
public record Parameter(String name, long[] shape, long offset, int index) {

    static final String EMBEDDING = "model.embed_tokens.weight";
    static final String HEAD = "lm_head.weight";

    /** Parameters of one model are the same when their names are. */
    @Override
    public boolean equals(Object other) {
        return other instanceof Parameter parameter && parameter.name.equals(name);
    }

    @Override
    public int hashCode() {
        return name.hashCode();
    }

    /** How many elements it has. */
    public long numel() {
        return Arrays.stream(shape).reduce(1, Math::multiplyExact);
    }

    /** Whether it is the weight of an RMSNorm, which weight decay leaves alone. */
    public boolean isNorm() {
        return shape.length == 1;
    }

    /**
     * The parameters of a Llama, in order: embedding, layers from the first to the last, final norm, and the output unless it is tied.
     */
    public static List<Parameter> of(LlamaConfig config) {
        long hidden = config.hidden_size();
        long heads = (long) config.num_attention_heads() * config.head_dim();
        long kvHeads = (long) config.num_key_value_heads() * config.head_dim();
        long intermediate = config.intermediate_size();
        long vocab = config.vocab_size();
        List<Parameter> all = new ArrayList<>();
        add(all, EMBEDDING, vocab, hidden);
        for (int i = 0; i < config.num_hidden_layers(); i++) {
            String layer = "model.layers." + i + ".";
            add(all, layer + "input_layernorm.weight", hidden);
            add(all, layer + "self_attn.q_proj.weight", heads, hidden);
            add(all, layer + "self_attn.k_proj.weight", kvHeads, hidden);
            add(all, layer + "self_attn.v_proj.weight", kvHeads, hidden);
            add(all, layer + "self_attn.o_proj.weight", hidden, heads);
            add(all, layer + "post_attention_layernorm.weight", hidden);
            add(all, layer + "mlp.gate_proj.weight", intermediate, hidden);
            add(all, layer + "mlp.up_proj.weight", intermediate, hidden);
            add(all, layer + "mlp.down_proj.weight", hidden, intermediate);
        }
        add(all, "model.norm.weight", hidden);
        if (!config.tie_word_embeddings()) {
            add(all, HEAD, vocab, hidden);
        }
        return List.copyOf(all);
    }

    private static void add(List<Parameter> all, String name, long... shape) {
        long offset = all.isEmpty() ? 0 : all.getLast().offset() + all.getLast().numel();
        all.add(new Parameter(name, shape, offset, all.size()));
    }
}
