package dev.skald.model;

import dev.skald.kernel.Kernels;
import dev.skald.kernel.Kernels.AttentionGradients;
import dev.skald.kernel.Kernels.DocumentAttention;
import dev.skald.tensor.DeviceType;
import dev.skald.tensor.Matrix;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
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
 * <p>Not thread-safe. {@link #close} frees RoPE's table; the weights stay the caller's.
 */
public final class TrainableLlama implements AutoCloseable {

    private final Decoder decoder;
    private final Kernels kernels;
    private final boolean gradientCheckpointing;
    private final RopeTable rope;
    private Optional<EmbeddingNoise> noise = Optional.empty();

    /**
     * A trainer of what of {@code weights} is learned.
     *
     * @param device where the weights are
     * @param gradientCheckpointing whether only the blocks' inputs are kept: less memory, a third more time
     */
    public TrainableLlama(
            LlamaConfig config, Weights weights, DeviceType device, Kernels kernels, boolean gradientCheckpointing) {
        this.decoder = Decoder.of(config, weights, kernels);
        this.kernels = kernels;
        this.gradientCheckpointing = gradientCheckpointing;
        this.rope = new RopeTable(config, device);
    }

    /** The sum, in nats, of the cross entropies of the rows' targets. */
    public double loss(PackedRows rows) {
        Tensor x = new Pass(rows).lastOutput();
        try (PointerScope _ = new PointerScope()) {
            return kernels.crossEntropy(
                    decoder.norm().forward(x), tensor(decoder.head().weight()), rows.targets());
        } finally {
            x.releaseReference();
        }
    }

    /** The cross entropy, in nats, of each row's target; 0 where there is none. */
    public double[] losses(PackedRows rows) {
        Tensor x = new Pass(rows).lastOutput();
        try (PointerScope _ = new PointerScope()) {
            return kernels.crossEntropies(
                    decoder.norm().forward(x), tensor(decoder.head().weight()), rows.targets());
        } finally {
            x.releaseReference();
        }
    }

    /** What each row's loss counts, when all losses are known. */
    public interface RowScales {

        /** @param losses by row, in nats */
        double[] of(double[] losses);
    }

    /**
     * {@link #loss}, and the gradients of {@code gradientScale} times it.
     *
     * @param gradients takes the gradients
     */
    public double forwardBackward(PackedRows rows, double gradientScale, Gradients gradients) {
        double[] scales = new double[rows.rows()];
        Arrays.fill(scales, gradientScale);
        return forwardBackward(rows, gradients, (_, _) -> scales);
    }

    /**
     * {@link #loss}, and the gradients of the sum of the rows' losses, each times its scale. The output layer is multiplied once more, for the losses.
     *
     * @param scales told the losses, says what each counts
     * @param gradients takes the gradients
     */
    public double forwardBackward(PackedRows rows, RowScales scales, Gradients gradients) {
        return forwardBackward(
                rows, gradients, (normed, weight) -> scales.of(kernels.crossEntropies(normed, weight, rows.targets())));
    }

    /** What each row's loss counts, by the output layer's input and weight. */
    private interface OutputScales {
        double[] of(Tensor normed, Tensor weight);
    }

    private double forwardBackward(PackedRows rows, Gradients gradients, OutputScales scales) {
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
        Output output = outputBackward(x, rows, scales, gradients);
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
        if (decoder.embedding().learned().isPresent()) {
            Parameter embedding = decoder.embedding().learned().get();
            kernels.embeddingBackward(dx, rows.ids(), gradients.of(embedding));
            gradients.complete(embedding);
        }
        dx.releaseReference();
        return output.loss();
    }

    /**
     * Adds noise to the embeddings in the passes from now on.
     *
     * @param noise empty: no more
     */
    public void noise(Optional<EmbeddingNoise> noise) {
        this.noise = noise;
    }

    /** Frees RoPE's table. */
    @Override
    public void close() {
        rope.close();
    }

    /** The loss, and its gradient with respect to the last block's output. */
    private record Output(double loss, Tensor dx) {}

    /** The output layer and the norm before it. */
    private Output outputBackward(Tensor x, PackedRows rows, OutputScales scales, Gradients gradients) {
        Decoder.Head head = decoder.head();
        Tensor weight = tensor(head.weight());
        try (PointerScope _ = new PointerScope()) {
            Tensor normed = decoder.norm().forward(x);
            Tensor dNormed = normed.new_empty(normed.size(0), normed.size(1));
            double loss = kernels.crossEntropyBackward(
                    normed,
                    weight,
                    rows.targets(),
                    scales.of(normed, weight),
                    dNormed,
                    head.learned().map(gradients::of));
            if (!head.learned().equals(decoder.embedding().learned())) { // tied, it is complete with the embedding
                head.learned().ifPresent(gradients::complete);
            }
            return new Output(loss, kept(decoder.norm().backward(dNormed, x, gradients)));
        }
    }

    private static Tensor tensor(Matrix weight) {
        return switch (weight) {
            case Matrix.Dense dense -> dense.tensor();
            case Matrix.Blocks _, Matrix.Grouped _ ->
                throw new IllegalArgumentException("what learns has no embedding or output layer in blocks");
        };
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

        /** A forward pass that keeps nothing: the last block's output. */
        Tensor lastOutput() {
            Tensor x = embedding();
            for (Block block : decoder.blocks()) {
                try (Activations activations = forward(block, x)) {
                    x.releaseReference();
                    x = output(block, activations);
                }
            }
            return x;
        }

        Tensor embedding() {
            try (PointerScope _ = new PointerScope()) {
                Tensor x = kernels.embedding(tensor(decoder.embedding().table()), rows.ids());
                noise.ifPresent(each -> each.addTo(x, rows));
                return kept(x);
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
