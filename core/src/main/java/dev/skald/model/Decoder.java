package dev.skald.model;

import dev.skald.kernel.Kernels;
import dev.skald.tensor.Matrix;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The layers of a Llama over weights that somebody else owns: what predicting and learning have in common.
 *
 * @param embedding its table {@code [vocab, hidden]}
 * @param head the output layer; its weight is the embedding's table where the two are tied
 */
record Decoder(Kernels kernels, Embedding embedding, List<Block> blocks, Norm norm, Head head) {

    /**
     * The tokens' embeddings.
     *
     * @param learned what is learned of it
     * @param table {@code [vocab, hidden]}
     */
    record Embedding(Optional<Parameter> learned, Matrix table) {}

    /**
     * The output layer.
     *
     * @param learned what is learned of it
     * @param weight {@code [vocab, hidden]}
     */
    record Head(Optional<Parameter> learned, Matrix weight) {}

    /** The layers of a configuration. */
    static Decoder of(LlamaConfig config, Weights weights, Kernels kernels) {
        Map<String, Parameter> parameters =
                Parameter.of(config).stream().collect(Collectors.toMap(Parameter::name, Function.identity()));
        Builder build = new Builder(config, parameters, weights, kernels);
        List<Block> blocks = new ArrayList<>();
        for (int layer = 0; layer < config.num_hidden_layers(); layer++) {
            blocks.add(build.block("model.layers." + layer + "."));
        }
        Parameter embedding = parameters.get(Parameter.EMBEDDING);
        Parameter head = config.tie_word_embeddings() ? embedding : parameters.get(Parameter.HEAD);
        return new Decoder(
                kernels,
                new Embedding(weights.learned(embedding), weights.table(embedding)),
                List.copyOf(blocks),
                build.norm("model.norm.weight"),
                new Head(weights.learned(head), weights.matrix(head)));
    }

    private record Builder(LlamaConfig config, Map<String, Parameter> parameters, Weights weights, Kernels kernels) {

        Block block(String layer) {
            return new Block(
                    kernels,
                    config.head_dim(),
                    norm(layer + "input_layernorm.weight"),
                    linear(layer + "self_attn.q_proj.weight"),
                    linear(layer + "self_attn.k_proj.weight"),
                    linear(layer + "self_attn.v_proj.weight"),
                    linear(layer + "self_attn.o_proj.weight"),
                    norm(layer + "post_attention_layernorm.weight"),
                    linear(layer + "mlp.gate_proj.weight"),
                    linear(layer + "mlp.up_proj.weight"),
                    linear(layer + "mlp.down_proj.weight"));
        }

        Norm norm(String name) {
            Parameter parameter = parameters.get(name);
            return new Norm(weights.learned(parameter), weights.weight(parameter), config.rms_norm_eps(), kernels);
        }

        Linear linear(String name) {
            return weights.linear(parameters.get(name), kernels.gemm());
        }
    }
}
