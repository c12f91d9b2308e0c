package dev.skald.model;

import dev.skald.kernel.Kernels;
import dev.skald.kernel.Kernels.AttentionGradients;
import dev.skald.kernel.Kernels.DocumentAttention;
import dev.skald.tensor.DeviceType;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/**
 * A Llama that learns: the forward and the backward pass, written out, over the token rows of a micro-batch.
 *
 * <p>A block keeps what its backward pass needs; what is cheaper to compute again than to keep (the outputs of norms and of SwiGLU) it
 * computes again. With gradient checkpointing only the blocks' inputs are kept, and a block's forward pass is run again before its backward
 * pass: same operations, same bits. Gradients are added straight into the tensors of the {@link GradientSink}, from the last parameter to
 * the first, and announced one by one, so that reducing them can begin while the backward pass goes on.
 *
 * <p>Not thread-safe. {@link #close} frees RoPE's table; the parameters stay the caller's.
 */
public final class LlamaTraining implements AutoCloseable {

    private static final int PER_LAYER = 9;

    private final LlamaConfig config;
    private final LlamaWeights weights;
    private final Kernels kernels;
    private final boolean gradientCheckpointing;
    private final RopeTable rope;

    /**
     * A trainer of {@code parameters}.
     *
     * @param device where the parameters are
     * @param gradientCheckpointing whether only the blocks' inputs are kept: less memory, a third more time
     */
    public LlamaTraining(
            LlamaConfig config,
            LlamaParameters parameters,
            DeviceType device,
            Kernels kernels,
            boolean gradientCheckpointing) {
        this.config = config;
        this.weights = parameters.weights();
        this.kernels = kernels;
        this.gradientCheckpointing = gradientCheckpointing;
        this.rope = new RopeTable(config, device);
    }

    /** The sum, in nats, of the cross entropies of the rows' targets. */
    public double loss(PackedRows rows) {
        Pass pass = new Pass(rows);
        Tensor x = pass.embedding();
        for (int layer = 0; layer < config.num_hidden_layers(); layer++) {
            try (Block block = pass.forward(layer, x)) {
                x.releaseReference();
                x = pass.output(layer, block);
            }
        }
        try (PointerScope _ = new PointerScope()) {
            return kernels.crossEntropy(norm(x, weights.norm()), weights.lmHead(), rows.targets());
        } finally {
            x.releaseReference();
        }
    }

    /**
     * {@link #loss}, and the gradients of {@code gradientScale} times it.
     *
     * @param sink takes the gradients
     */
    public double forwardBackward(PackedRows rows, double gradientScale, GradientSink sink) {
        Pass pass = new Pass(rows);
        Deque<Tensor> inputs = new ArrayDeque<>();
        Deque<Block> blocks = new ArrayDeque<>();
        Tensor x = pass.embedding();
        for (int layer = 0; layer < config.num_hidden_layers(); layer++) {
            inputs.push(x);
            Block block = pass.forward(layer, x);
            x = pass.output(layer, block);
            if (gradientCheckpointing) {
                block.close();
            } else {
                blocks.push(block);
            }
        }
        Head head = headBackward(x, rows, gradientScale, sink);
        x.releaseReference();
        Tensor dx = head.dx();
        for (int layer = config.num_hidden_layers() - 1; layer >= 0; layer--) {
            Tensor input = inputs.pop();
            try (Block block = gradientCheckpointing ? pass.forward(layer, input) : blocks.pop()) {
                Tensor dInput = pass.backward(layer, input, block, dx, sink);
                dx.releaseReference();
                dx = dInput;
            }
            input.releaseReference();
        }
        kernels.embeddingBackward(dx, rows.ids(), sink.gradient(0));
        sink.complete(0);
        dx.releaseReference();
        return head.loss();
    }

    /** Frees RoPE's table. */
    @Override
    public void close() {
        rope.close();
    }

    /** The loss, and its gradient with respect to the last block's output. */
    private record Head(double loss, Tensor dx) {}

    /** The output layer and the norm before it. */
    private Head headBackward(Tensor x, PackedRows rows, double gradientScale, GradientSink sink) {
        int norm = 1 + PER_LAYER * config.num_hidden_layers();
        boolean tied = config.tie_word_embeddings();
        try (PointerScope _ = new PointerScope()) {
            Tensor normed = norm(x, weights.norm());
            Tensor dNormed = normed.new_empty(normed.size(0), normed.size(1));
            double loss = kernels.crossEntropyBackward(
                    normed,
                    weights.lmHead(),
                    rows.targets(),
                    gradientScale,
                    dNormed,
                    sink.gradient(tied ? 0 : norm + 1));
            if (!tied) {
                sink.complete(norm + 1);
            }
            Tensor dx = kernels.rmsNormBackward(dNormed, x, weights.norm(), config.rms_norm_eps(), sink.gradient(norm));
            sink.complete(norm);
            return new Head(loss, kept(dx));
        }
    }

    private Tensor norm(Tensor x, Tensor weight) {
        return kernels.rmsNorm(x, weight, config.rms_norm_eps());
    }

    /** Keeps a tensor beyond the scope it was made in, until {@code releaseReference}. */
    private static Tensor kept(Tensor tensor) {
        tensor.retainReference();
        return tensor;
    }

    /**
     * What a block keeps from its forward pass for its backward pass, which overwrites it.
     *
     * @param q {@code [rows, heads, headDim]}, rotated
     * @param k {@code [rows, kvHeads, headDim]}, rotated
     * @param v {@code [rows, kvHeads, headDim]}
     * @param middle {@code [rows, hidden]}: the residual stream between attention and MLP
     * @param gate {@code [rows, intermediate]}
     * @param up {@code [rows, intermediate]}
     */
    private record Block(
            Tensor q, Tensor k, Tensor v, DocumentAttention attention, Tensor middle, Tensor gate, Tensor up)
            implements AutoCloseable {

        Block {
            for (Tensor tensor : new Tensor[] {q, k, v, attention.out(), attention.logSumExp(), middle, gate, up}) {
                tensor.retainReference();
            }
        }

        @Override
        public void close() {
            for (Tensor tensor : new Tensor[] {q, k, v, attention.out(), attention.logSumExp(), middle, gate, up}) {
                tensor.releaseReference();
            }
        }
    }

    /** The passes over one micro-batch. */
    private final class Pass {

        private final PackedRows rows;
        private final RopeTable.Angles angles;

        Pass(PackedRows rows) {
            this.rows = rows;
            this.angles = rope.upTo(Arrays.stream(rows.positions()).max().orElse(0) + 1);
        }

        Tensor embedding() {
            try (PointerScope _ = new PointerScope()) {
                return kept(kernels.embedding(weights.embedTokens(), rows.ids()));
            }
        }

        /** A block's forward pass, but for its last product. */
        Block forward(int layer, Tensor x) {
            LlamaWeights.Layer w = weights.layers().get(layer);
            try (PointerScope _ = new PointerScope()) {
                Tensor normed = norm(x, w.inputNorm());
                Tensor q = heads(kernels.linear(normed, w.q()));
                Tensor k = heads(kernels.linear(normed, w.k()));
                Tensor v = heads(kernels.linear(normed, w.v()));
                kernels.rope(q, angles.cos(), angles.sin(), rows.positions());
                kernels.rope(k, angles.cos(), angles.sin(), rows.positions());
                DocumentAttention attention = kernels.attention(q, k, v, rows.documentStarts());
                Tensor middle = kernels.linear(attention.out(), w.o()).add_(x);
                Tensor again = norm(middle, w.postNorm());
                return new Block(
                        q, k, v, attention, middle, kernels.linear(again, w.gate()), kernels.linear(again, w.up()));
            }
        }

        Tensor output(int layer, Block block) {
            try (PointerScope _ = new PointerScope()) {
                Tensor gated = kernels.swiGlu(block.gate(), block.up());
                return kept(kernels.linear(gated, weights.layers().get(layer).down())
                        .add_(block.middle()));
            }
        }

        /**
         * A block's backward pass.
         *
         * @param x the block's input
         * @param dy the gradient of its output
         * @return the gradient of {@code x}
         */
        Tensor backward(int layer, Tensor x, Block block, Tensor dy, GradientSink sink) {
            LlamaWeights.Layer w = weights.layers().get(layer);
            int first = 1 + PER_LAYER * layer;
            try (PointerScope _ = new PointerScope()) {
                linearWeight(first + 8, dy, kernels.swiGlu(block.gate(), block.up()), sink);
                Tensor dGate = block.gate();
                Tensor dUp = block.up();
                kernels.swiGluBackward(kernels.linearInputGradient(dy, w.down()), dGate, dUp);
                Tensor again = norm(block.middle(), w.postNorm());
                linearWeight(first + 7, dUp, again, sink);
                linearWeight(first + 6, dGate, again, sink);
                Tensor dAgain = kernels.linearInputGradient(dGate, w.gate());
                kernels.addLinearInputGradient(dUp, w.up(), dAgain);
                Tensor dMiddle = normBackward(first + 5, dAgain, block.middle(), w.postNorm(), sink)
                        .add_(dy);

                linearWeight(first + 4, dMiddle, block.attention().out(), sink);
                AttentionGradients d = kernels.attentionBackward(
                        kernels.linearInputGradient(dMiddle, w.o()),
                        block.attention(),
                        block.q(),
                        block.k(),
                        block.v(),
                        rows.documentStarts());
                kernels.ropeBackward(d.dq(), angles.cos(), angles.sin(), rows.positions());
                kernels.ropeBackward(d.dk(), angles.cos(), angles.sin(), rows.positions());
                Tensor normed = norm(x, w.inputNorm());
                Tensor dv = features(d.dv());
                Tensor dk = features(d.dk());
                Tensor dq = features(d.dq());
                linearWeight(first + 3, dv, normed, sink);
                linearWeight(first + 2, dk, normed, sink);
                linearWeight(first + 1, dq, normed, sink);
                Tensor dNormed = kernels.linearInputGradient(dq, w.q());
                kernels.addLinearInputGradient(dk, w.k(), dNormed);
                kernels.addLinearInputGradient(dv, w.v(), dNormed);
                return kept(normBackward(first, dNormed, x, w.inputNorm(), sink).add_(dMiddle));
            }
        }

        private void linearWeight(int parameter, Tensor dy, Tensor x, GradientSink sink) {
            kernels.linearWeightGradient(dy, x, sink.gradient(parameter));
            sink.complete(parameter);
        }

        private Tensor normBackward(int parameter, Tensor dy, Tensor x, Tensor weight, GradientSink sink) {
            Tensor dx = kernels.rmsNormBackward(dy, x, weight, config.rms_norm_eps(), sink.gradient(parameter));
            sink.complete(parameter);
            return dx;
        }

        private Tensor heads(Tensor x) {
            return x.view(x.size(0), x.size(1) / config.head_dim(), config.head_dim());
        }

        private Tensor features(Tensor x) {
            return x.view(x.size(0), x.size(1) * x.size(2));
        }
    }
}
