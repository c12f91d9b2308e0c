package dev.skald.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The name, as Hugging Face spells it, and the shape of one parameter.
 *
 * @param shape {@code [out, in]} of a linear weight, {@code [features]} of a norm
 */
public record ParameterShape(String name, List<Long> shape) {

    /** Keeps its own copy of the shape. */
    public ParameterShape {
        shape = List.copyOf(shape);
    }

    /** The number of elements. */
    public long elements() {
        return shape.stream().reduce(1L, Math::multiplyExact);
    }

    /** The shape as libtorch takes it. */
    public long[] sizes() {
        return shape.stream().mapToLong(Long::longValue).toArray();
    }

    /** Whether it is the weight of an RMSNorm, which weight decay leaves alone. */
    public boolean isNorm() {
        return shape.size() == 1;
    }

    /**
     * The parameters of a Llama, in order: embedding, layers from the first to the last, final norm, and the output unless it is tied. The
     * order within a layer is that of {@link LlamaWeights.Layer}.
     */
    public static List<ParameterShape> of(LlamaConfig config) {
        long hidden = config.hidden_size();
        long heads = (long) config.num_attention_heads() * config.head_dim();
        long kvHeads = (long) config.num_key_value_heads() * config.head_dim();
        long intermediate = config.intermediate_size();
        long vocab = config.vocab_size();
        List<ParameterShape> all = new ArrayList<>();
        all.add(shape("model.embed_tokens.weight", vocab, hidden));
        for (int i = 0; i < config.num_hidden_layers(); i++) {
            String layer = "model.layers." + i + ".";
            all.add(shape(layer + "input_layernorm.weight", hidden));
            all.add(shape(layer + "self_attn.q_proj.weight", heads, hidden));
            all.add(shape(layer + "self_attn.k_proj.weight", kvHeads, hidden));
            all.add(shape(layer + "self_attn.v_proj.weight", kvHeads, hidden));
            all.add(shape(layer + "self_attn.o_proj.weight", hidden, heads));
            all.add(shape(layer + "post_attention_layernorm.weight", hidden));
            all.add(shape(layer + "mlp.gate_proj.weight", intermediate, hidden));
            all.add(shape(layer + "mlp.up_proj.weight", intermediate, hidden));
            all.add(shape(layer + "mlp.down_proj.weight", hidden, intermediate));
        }
        all.add(shape("model.norm.weight", hidden));
        if (!config.tie_word_embeddings()) {
            all.add(shape("lm_head.weight", vocab, hidden));
        }
        return List.copyOf(all);
    }

    private static ParameterShape shape(String name, long... sizes) {
        return new ParameterShape(name, Arrays.stream(sizes).boxed().toList());
    }
}
