package dev.skald.model;

import dev.skald.InvalidInputException;
import dev.skald.kernel.Gemm;
import dev.skald.kernel.Kernels;
import dev.skald.tensor.DType;
import dev.skald.tensor.DeviceType;
import dev.skald.tensor.Matrix;
import dev.skald.tensor.Natives;
import dev.skald.tensor.Scoped;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * A Llama that predicts: configuration, weights and the forward pass over key-value caches. The rows of all sequences of a batch lie one
 * after the other, so prompts of different lengths need no padding. Thread-safe, as long as each cache is used by one thread at a time.
 * {@link #close} frees the weights.
 */
public final class Llama implements AutoCloseable {

    /** How many tokens of a prompt are best given at once: matrix products reach their full speed, and memory stays small. */
    public static final int PREFILL_ROWS = 5 * Gemm.RUN;

    /** A sequence that brings at least so many tokens is multiplied as many rows. */
    public static final int MANY_ROWS = 64;

    private final LlamaConfig config;
    private final LlamaCheckpoint checkpoint;
    private final Decoder decoder;
    private final RopeTable rope;
    private final DeviceType device;
    private final Kernels kernels;
    private final Linear head;

    private Llama(LlamaCheckpoint checkpoint, DeviceType device) {
        this.checkpoint = checkpoint;
        this.config = checkpoint.config();
        this.device = device;
        this.rope = new RopeTable(config, device);
        this.kernels = Kernels.on(device);
        this.decoder = Decoder.of(config, checkpoint::tensor, kernels);
        this.head = new Linear.Plain(
                decoder.head().parameter(), Matrix.of(decoder.head().weight()), kernels.gemm());
    }

    /**
     * The next tokens of one sequence.
     *
     * @param ids the tokens to add
     * @param cache what the sequence already has; the new tokens are added to it
     */
    public record Segment(int[] ids, KeyValueCache cache) {}

    /**
     * Loads a Hugging Face model directory.
     *
     * @param dtype empty for what the checkpoint has ({@code auto})
     * @param device {@code auto}, {@code cpu} or {@code cuda}
     * @throws InvalidInputException as {@link LlamaCheckpoint#open}
     */
    public static Llama load(Path directory, Optional<DType> dtype, String device) {
        Natives.load();
        DeviceType chosen = DeviceType.choose(device);
        return new Llama(LlamaCheckpoint.open(directory, dtype, chosen), chosen);
    }

    /** The model's configuration; its dtype is the one computed in. */
    public LlamaConfig config() {
        return config;
    }

    /** An empty cache for one sequence; the caller closes it. */
    public KeyValueCache newCache() {
        return new KeyValueCache(config, checkpoint.dtype(), device);
    }

    /** Bytes of cache per token of a sequence. */
    public long cacheBytesPerToken() {
        return KeyValueCache.bytesPerPosition(config, checkpoint.dtype());
    }

    /**
     * The hidden states after the final norm.
     *
     * @param batch one segment per sequence, each with a cache of its own
     * @return {@code [rows, hidden]}, rows of all segments in order; the caller's scope frees it
     * @throws InvalidInputException for an id outside the vocabulary, or more positions than the model has
     */
    public Tensor hidden(List<Segment> batch) {
        int[] ids = batch.stream().flatMapToInt(s -> IntStream.of(s.ids())).toArray();
        int[] positions = batch.stream()
                .flatMapToInt(s ->
                        IntStream.range(0, s.ids().length).map(i -> s.cache().length() + i))
                .toArray();
        checkIds(ids);
        checkPositions(batch);
        int most = IntStream.of(positions).max().orElse(0) + 1;
        int many = many(batch, ids.length);
        RopeTable.Angles angles = rope.upTo(most);
        for (Segment segment : batch) {
            segment.cache().reserve(segment.ids().length);
        }
        Tensor hidden = Scoped.tensor(() -> {
            Tensor x = kernels.embedding(decoder.embedding().table(), ids);
            for (int i = 0; i < config.num_hidden_layers(); i++) {
                x = layer(i, x, batch, many, positions, angles);
            }
            return decoder.norm().forward(x);
        });
        batch.forEach(segment -> segment.cache().advance(segment.ids().length));
        return hidden;
    }

    /**
     * The logits of rows of hidden states, each row's the same whatever the others are.
     *
     * @param hidden {@code [rows, hidden]}
     * @return f32 {@code [rows, vocab]}; the caller's scope frees it
     */
    public Tensor logits(Tensor hidden) {
        return logits(hidden, 0);
    }

    /** As {@link #logits}, faster for some dozens of rows and more, whose last bits may depend on their place among the rows. */
    public Tensor logitsOfMany(Tensor hidden) {
        return logits(hidden, hidden.size(0) < MANY_ROWS ? 0 : (int) hidden.size(0));
    }

    private Tensor logits(Tensor hidden, int many) {
        return Scoped.tensor(() -> head.forward(hidden, many).to(DType.F32.scalarType()));
    }

    /** Frees the weights; caches made by this model are freed by their owners. */
    @Override
    public void close() {
        rope.close();
        checkpoint.close();
    }

    /** One decoder layer: {@code [rows, hidden]} to {@code [rows, hidden]}. */
    private Tensor layer(int index, Tensor x, List<Segment> batch, int many, int[] positions, RopeTable.Angles angles) {
        Block block = decoder.blocks().get(index);
        return Scoped.tensor(() -> {
            Block.Heads heads = block.heads(x, many, angles, positions);
            Tensor middle = block.middle(x, attention(index, batch, heads.q(), heads.k(), heads.v()), many);
            return block.output(middle, block.gated(middle, many), many);
        });
    }

    /**
     * How many rows are multiplied as many: all where a sequence brings many; none in a step that gives each its next token, or a few, however
     * many sequences there are, so that a text does not depend on the others.
     */
    private static int many(List<Segment> batch, int rows) {
        return batch.stream().anyMatch(segment -> segment.ids().length >= MANY_ROWS) ? rows : 0;
    }

    /** Stores keys and values of each sequence and attends over its cache: {@code [rows, heads * headDim]}. */
    private Tensor attention(int layer, List<Segment> batch, Tensor q_RHD, Tensor k_RKD, Tensor v_RKD) {
        List<Tensor> outputs = new ArrayList<>();
        int row = 0;
        for (Segment segment : batch) {
            int time = segment.ids().length;
            KeyValueCache cache = segment.cache();
            cache.store(layer, k_RKD.narrow(0, row, time), v_RKD.narrow(0, row, time));
            outputs.add(kernels.attention(
                    q_RHD.narrow(0, row, time), cache.keys(layer), cache.values(layer), cache.length() + time));
            row += time;
        }
        return outputs.size() == 1
                ? outputs.getFirst()
                : torch.cat(new TensorVector(outputs.toArray(Tensor[]::new)), 0);
    }

    private void checkIds(int[] ids) {
        for (int id : ids) {
            if (id < 0 || id >= config.vocab_size()) {
                throw new InvalidInputException(
                        "token id " + id + " is outside the model's vocabulary of " + config.vocab_size());
            }
        }
    }

    private void checkPositions(List<Segment> batch) {
        for (Segment segment : batch) {
            int length = segment.cache().length() + segment.ids().length;
            if (length > config.max_position_embeddings()) {
                throw new InvalidInputException("a sequence of " + length + " tokens is longer than the model's "
                        + config.max_position_embeddings() + " positions");
            }
        }
    }
}
