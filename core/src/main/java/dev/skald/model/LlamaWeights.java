package dev.skald.model;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * The weights of a Llama, all of one dtype on one device: views of memory-mapped files or of one flat buffer. Whoever made them frees them.
 *
 * @param embedTokens {@code [vocab, hidden]}
 * @param norm {@code [hidden]}
 * @param lmHead {@code [vocab, hidden]}; the same tensor as {@code embedTokens} when the output is tied
 */
public record LlamaWeights(Tensor embedTokens, List<Layer> layers, Tensor norm, Tensor lmHead) {

    /** Keeps its own copy of the list. */
    public LlamaWeights {
        layers = List.copyOf(layers);
    }

    /**
     * The weights out of their tensors.
     *
     * @param tensors in the order of {@link Parameter#of}
     */
    public static LlamaWeights of(LlamaConfig config, List<Tensor> tensors) {
        Iterator<Tensor> next = tensors.iterator();
        Tensor embedTokens = next.next();
        List<Layer> layers = new ArrayList<>();
        for (int i = 0; i < config.num_hidden_layers(); i++) {
            layers.add(new Layer(
                    next.next(),
                    next.next(),
                    next.next(),
                    next.next(),
                    next.next(),
                    next.next(),
                    next.next(),
                    next.next(),
                    next.next()));
        }
        Tensor norm = next.next();
        return new LlamaWeights(embedTokens, layers, norm, config.tie_word_embeddings() ? embedTokens : next.next());
    }

    /**
     * The weights of one decoder layer; linear ones are {@code [out, in]}.
     *
     * @param inputNorm {@code [hidden]}
     * @param q {@code [heads * headDim, hidden]}
     * @param k {@code [kvHeads * headDim, hidden]}
     * @param v {@code [kvHeads * headDim, hidden]}
     * @param o {@code [hidden, heads * headDim]}
     * @param postNorm {@code [hidden]}
     * @param gate {@code [intermediate, hidden]}
     * @param up {@code [intermediate, hidden]}
     * @param down {@code [hidden, intermediate]}
     */
    public record Layer(
            Tensor inputNorm,
            Tensor q,
            Tensor k,
            Tensor v,
            Tensor o,
            Tensor postNorm,
            Tensor gate,
            Tensor up,
            Tensor down) {}
}
