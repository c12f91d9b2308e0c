package dev.skald.model;

import dev.skald.kernel.Kernels;
import dev.skald.kernel.Kernels.AttentionGradients;
import dev.skald.kernel.Kernels.DocumentAttention;
import dev.skald.tensor.DeviceType;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/**
 * A Llama that learns: the forward and the backward pass, written out, over the token rows of a micro-batch.
 *
 * <p>A block keeps what its backward pass needs; what is cheaper to compute again than to keep (the outputs of norms and of SwiGLU) it
 * computes again. With gradient checkpointing only the blocks' inputs are kept, and a block's forward pass is run again before its backward
 * pass: same operations, same bits. Gradients are added straight into the tensors of the {@link Gradients}, from the last parameter to
 * the first, and announced one by one, so that reducing them can begin while the backward pass goes on.
 *
 * <p>Not thread-safe. {@link #close} frees RoPE's table; the parameters stay the caller's.
 */
public final class TrainableLlama implements AutoCloseable {

    private final Decoder decoder;
    private final Kernels kernels;
    private final boolean gradientCheckpointing;
    private final RopeTable rope;

    /**
     * A trainer of {@code parameters}.
     *
     * @param device where the parameters are
     * @param gradientCheckpointing whether only the blocks' inputs are kept: less memory, a third more time
     */
    public TrainableLlama(
            LlamaConfig config,
            LlamaParameters parameters,
            DeviceType device,
            Kernels kernels,
            boolean gradientCheckpointing) {
        this.decoder = Decoder.of(config, parameters::view, kernels);
        this.kernels = kernels;
        this.gradientCheckpointing = gradientCheckpointing;
        this.rope = new RopeTable(config, device);
    }

    /** The sum, in nats, of the cross entropies of the rows' targets. */
    public double loss(PackedRows rows) {
        Pass pass = new Pass(rows);
        Tensor x = pass.embedding();
        for (Block block : decoder.blocks()) {
            try (Activations activations = pass.forward(block, x)) {
                x.releaseReference();
                x = pass.output(block, activations);
            }
        }
        try (PointerScope _ = new PointerScope()) {
            return kernels.crossEntropy(
                    decoder.norm().forward(x), decoder.head().weight(), rows.targets());
        } finally {
            x.releaseReference();
        }
    }

    /**
     * {@link #loss}, and the gradients of {@code gradientScale} times it.
     *
     * @param gradients takes the gradients
     */
    public double forwardBackward(PackedRows rows, double gradientScale, Gradients gradients) {
        Pass pass = new Pass(rows);
        Deque<Tensor> inputs = new ArrayDeque<>();
        Deque<Activations> kept = new ArrayDeque<>();
        Tensor x = pass.embedding();
        for (Block block : decoder.blocks()) {
            inputs.push(x);
            Activations activations = pass.forward(block, x);
            x = pass.output(block, activations);
            if (gradientCheckpointing) {
                activations.close();
            } else {
                kept.push(activations);
            }
        }
        Output output = outputBackward(x, rows, gradientScale, gradients);
        x.releaseReference();
        Tensor dx = output.dx();
        for (Block block : decoder.blocks().reversed()) {
            Tensor input = inputs.pop();
            try (Activations activations = gradientCheckpointing ? pass.forward(block, input) : kept.pop()) {
                Tensor dInput = pass.backward(block, input, activations, dx, gradients);
                dx.releaseReference();
                dx = dInput;
            }
            input.releaseReference();
        }
        Parameter embedding = decoder.embedding().parameter();
        kernels.embeddingBackward(dx, rows.ids(), gradients.of(embedding));
        gradients.complete(embedding);
        dx.releaseReference();
        return output.loss();
    }

    /** Frees RoPE's table. */
    @Override
    public void close() {
        rope.close();
    }

    /** The loss, and its gradient with respect to the last block's output. */
    private record Output(double loss, Tensor dx) {}

    /** The output layer and the norm before it. */
    private Output outputBackward(Tensor x, PackedRows rows, double gradientScale, Gradients gradients) {
        Decoder.Head head = decoder.head();
        try (PointerScope _ = new PointerScope()) {
            Tensor normed = decoder.norm().forward(x);
            Tensor dNormed = normed.new_empty(normed.size(0), normed.size(1));
            double loss = kernels.crossEntropyBackward(
                    normed, head.weight(), rows.targets(), gradientScale, dNormed, gradients.of(head.parameter()));
            if (!head.parameter().equals(decoder.embedding().parameter())) {
                gradients.complete(head.parameter());
            }
            return new Output(loss, kept(decoder.norm().backward(dNormed, x, gradients)));
        }
    }

    /** Keeps a tensor beyond the scope it was made in, until {@code releaseReference}. */
    private static Tensor kept(Tensor tensor) {
        tensor.retainReference();
        return tensor;
    }

    /**
     * What a block keeps from its forward pass for its backward pass, which overwrites it.
     *
     * @param middle {@code [rows, hidden]}: the residual stream between attention and MLP
     */
    private record Activations(Block.Heads heads, DocumentAttention attention, Tensor middle, Block.Gated gated)
            implements AutoCloseable {

        Activations {
            for (Tensor tensor : tensors(heads, attention, middle, gated)) {
                tensor.retainReference();
            }
        }

        @Override
        public void close() {
            for (Tensor tensor : tensors(heads, attention, middle, gated)) {
                tensor.releaseReference();
            }
        }

        private static List<Tensor> tensors(
                Block.Heads heads, DocumentAttention attention, Tensor middle, Block.Gated gated) {
            return List.of(
                    heads.q(),
                    heads.k(),
                    heads.v(),
                    attention.out(),
                    attention.logSumExp(),
                    middle,
                    gated.gate(),
                    gated.up());
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
                return kept(kernels.embedding(decoder.embedding().table(), rows.ids()));
            }
        }

        /** A block's forward pass, but for its last product. */
        Activations forward(Block block, Tensor x) {
            try (PointerScope _ = new PointerScope()) {
                Block.Heads heads = block.heads(x, rows.rows(), angles, rows.positions());
                DocumentAttention attention = kernels.attention(heads.q(), heads.k(), heads.v(), rows.documentStarts());
                Tensor middle = block.middle(x, attention.out(), rows.rows());
                return new Activations(heads, attention, middle, block.gated(middle, rows.rows()));
            }
        }

        Tensor output(Block block, Activations activations) {
            try (PointerScope _ = new PointerScope()) {
                return kept(block.output(activations.middle(), activations.gated(), rows.rows()));
            }
        }

        /**
         * A block's backward pass.
         *
         * @param x the block's input
         * @param dy the gradient of its output
         * @return the gradient of {@code x}
         */
        Tensor backward(Block block, Tensor x, Activations saved, Tensor dy, Gradients gradients) {
            try (PointerScope _ = new PointerScope()) {
                Tensor dMiddle = block.mlpBackward(dy, saved.middle(), saved.gated(), gradients);
                Block.Heads heads = saved.heads();
                AttentionGradients d = kernels.attentionBackward(
                        block.attendedBackward(dMiddle, saved.attention().out(), gradients),
                        saved.attention(),
                        heads.q(),
                        heads.k(),
                        heads.v(),
                        rows.documentStarts());
                return kept(block.headsBackward(x, d, dMiddle, angles, rows.positions(), gradients));
            }
        }
    }
}
