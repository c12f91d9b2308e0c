package dev.skald.model;

import dev.skald.InvalidInputException;
import dev.skald.cache.KvBlocks;
import dev.skald.cache.KvLayout;
import dev.skald.cache.KvSequence;
import dev.skald.cache.KvSpan;
import dev.skald.kernel.Gemm;
import dev.skald.kernel.Kernels;
import dev.skald.tensor.DType;
import dev.skald.tensor.DeviceType;
import dev.skald.tensor.Natives;
import dev.skald.tensor.Scoped;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;

/**
 * A Llama that predicts: configuration, weights and the forward pass over key-value caches. The rows of all sequences of a batch lie one
 * after the other, so prompts of different lengths need no padding. Thread-safe, as long as each cache is used by one thread at a time.
 * {@link #close} frees the weights.
 */
public final class Llama implements AutoCloseable {

    /** Spans of many rows hold a multiple of so many. */
    public static final int RUN = Gemm.RUN;

    /** How many tokens of prompts are best given at once: matrix products reach their full speed, and memory stays small. */
    public static final int PREFILL_ROWS = 5 * RUN;

    private final LlamaConfig config;
    private final StoredWeights stored;
    /** Whether the stored weights are closed with this one. */
    private final boolean owner;

    private final Optional<AdapterParameters> adapter;
    private final Decoder decoder;
    private final RopeTable rope;
    private final DeviceType device;
    private final Kernels kernels;
    private final Linear head;

    private Llama(
            StoredWeights stored,
            boolean owner,
            Optional<AdapterParameters> adapter,
            DeviceType device,
            Kernels kernels) {
        this.stored = stored;
        this.owner = owner;
        this.adapter = adapter;
        this.config = adapter.map(AdapterParameters::model).orElseGet(stored::config);
        this.device = device;
        this.rope = new RopeTable(config, device);
        this.kernels = kernels;
        this.decoder = Decoder.of(config, adapter.map(each -> (Weights) each).orElseGet(stored::weights), kernels);
        this.head = new Linear.Frozen(decoder.head().weight(), kernels.gemm());
    }

    /**
     * A model over weights that somebody else owns, and may change while nothing is being predicted: one that learns, seen as it is now. What was
     * kept of the old weights, keys and values for one, is worth nothing after that.
     *
     * @param kernels stay the caller's
     */
    public static Llama over(LlamaConfig config, TrainableWeights weights, DeviceType device, Kernels kernels) {
        return new Llama(StoredWeights.borrowed(config, weights), true, Optional.empty(), device, kernels);
    }

    /**
     * The next tokens of one sequence.
     *
     * @param ids the tokens to add
     * @param cache what the sequence already has; the new tokens are added to it
     * @param many whether they are multiplied as many rows, which is faster from some dozens on; their number, and that of the positions before
     *     them, are multiples of {@link #RUN} where last bits are not to depend on how a text is cut
     */
    @SuppressWarnings("ArrayRecordComponent") // read only
    public record Span(int[] ids, KvSequence cache, boolean many) {}

    /**
     * Loads a Hugging Face model directory, or a GGUF file.
     *
     * @param dtype empty for what the checkpoint has ({@code auto}); the matrices of a GGUF file then stay in their blocks, on the CPU and without an
     *     adapter, and are turned to the dtype otherwise
     * @param device {@code auto}, {@code cpu} or {@code cuda}
     * @throws InvalidInputException as {@link LlamaCheckpoint#open}
     */
    public static Llama load(Path directory, Optional<DType> dtype, String device) {
        return load(directory, Optional.empty(), dtype, device);
    }

    /**
     * As {@link #load(Path, Optional, String)}, with an adapter beside the weights.
     *
     * @param adapter the directory of an adapter, as PEFT writes it
     * @throws InvalidInputException also when the adapter is not one of this model
     */
    public static Llama load(Path directory, Optional<Path> adapter, Optional<DType> dtype, String device) {
        Natives.load();
        DeviceType chosen = DeviceType.choose(device);
        Kernels kernels = Kernels.on(chosen);
        if (chosen == DeviceType.CPU && dtype.isEmpty() && adapter.isEmpty() && BlockWeights.has(directory)) {
            return new Llama(BlockWeights.open(directory, kernels.workers()), true, Optional.empty(), chosen, kernels);
        }
        return loadWhole(directory, adapter, dtype, device);
    }

    /** As {@link #load(Path, Optional, Optional, String)}, with no weight in blocks, so that {@link #beside} can put adapters beside them. */
    public static Llama loadWhole(Path directory, Optional<Path> adapter, Optional<DType> dtype, String device) {
        Natives.load();
        DeviceType chosen = DeviceType.choose(device);
        LlamaCheckpoint checkpoint = LlamaCheckpoint.open(directory, dtype, chosen);
        try {
            return new Llama(
                    checkpoint,
                    true,
                    adapter.map(each -> AdapterParameters.load(each, checkpoint, chosen)),
                    chosen,
                    Kernels.on(chosen));
        } catch (RuntimeException e) {
            checkpoint.close();
            throw e;
        }
    }

    /**
     * The same base model with another adapter beside it: the weights of the base are shared, and stay this one's, which {@link #loadWhole} made.
     *
     * @param directory of the adapter
     * @return to be closed before this one
     * @throws InvalidInputException when the adapter is not one of this model
     */
    public Llama beside(Path directory) {
        if (!(stored instanceof LlamaCheckpoint checkpoint)) {
            throw new IllegalStateException("weights in blocks take no adapter");
        }
        AdapterParameters other = AdapterParameters.load(directory, checkpoint, device);
        return new Llama(checkpoint, false, Optional.of(other), device, kernels);
    }

    /** The model's configuration; its dtype is the one computed in. */
    public LlamaConfig config() {
        return config;
    }

    /** Bytes of all weights. */
    public long weightBytes() {
        return stored.bytes();
    }

    /** What a cache for this model holds. */
    public KvLayout cacheLayout() {
        return new KvLayout(
                config.num_hidden_layers(), config.num_key_value_heads(), config.head_dim(), stored.dtype());
    }

    /**
     * A pool of caches for this model; the caller closes it.
     *
     * @param capacity the most blocks that there will be
     */
    public KvBlocks newCaches(int capacity) {
        return new KvBlocks(cacheLayout(), device, capacity);
    }

    /**
     * The hidden states after the final norm. A row's bits depend on its own sequence alone, and in a span of many rows on its place in a run.
     *
     * @param batch spans of many rows before the others; room for each is reserved in its cache, which several may share, in order
     * @return {@code [rows, hidden]}, rows of all spans in order; the caller's scope frees it
     * @throws InvalidInputException for an id outside the vocabulary, or more positions than the model has
     */
    public Tensor hidden(List<Span> batch) {
        int[] ids = batch.stream().flatMapToInt(s -> IntStream.of(s.ids())).toArray();
        checkIds(ids);
        int many = many(batch);
        List<KvSpan> spans = batch.stream().map(this::append).toList();
        int[] positions = spans.stream()
                .flatMapToInt(span -> IntStream.range(span.start(), span.end()))
                .toArray();
        RopeTable.Angles angles = rope.upTo(IntStream.of(positions).max().orElse(0) + 1);
        return Scoped.tensor(() -> {
            Tensor x = kernels.embedding(decoder.embedding().table(), ids, stored.dtype());
            for (int i = 0; i < config.num_hidden_layers(); i++) {
                x = layer(i, x, spans, many, positions, angles);
            }
            return decoder.norm().forward(x);
        });
    }

    private KvSpan append(Span span) {
        int length = span.cache().length() + span.ids().length;
        if (length > config.max_position_embeddings()) {
            throw new InvalidInputException("a sequence of " + length + " tokens is longer than the model's "
                    + config.max_position_embeddings() + " positions");
        }
        return new KvSpan(span.cache(), span.cache().append(span.ids().length), span.ids().length, span.many());
    }

    /** How many rows, from the first on, are multiplied as many. */
    private static int many(List<Span> batch) {
        int many = 0;
        boolean few = false;
        for (Span span : batch) {
            if (span.many() && few) {
                throw new IllegalArgumentException("a span of many rows after one of few");
            }
            few = !span.many();
            many += span.many() ? span.ids().length : 0;
        }
        return many;
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

    /** As {@link #logits}, faster for some dozens of rows and more; last bits depend on a row's place in a run. */
    public Tensor logitsOfMany(Tensor hidden) {
        return logits(hidden, (int) hidden.size(0));
    }

    private Tensor logits(Tensor hidden, int many) {
        return Scoped.tensor(() -> head.forward(hidden, many).to(DType.F32.scalarType()));
    }

    /** Frees the weights, of one that is {@link #beside} another the adapter's alone; caches made by this model are freed by their owners. */
    @Override
    public void close() {
        rope.close();
        adapter.ifPresent(AdapterParameters::close);
        if (owner) {
            stored.close();
        }
    }

    /** One decoder layer: {@code [rows, hidden]} to {@code [rows, hidden]}. */
    private Tensor layer(int index, Tensor x, List<KvSpan> spans, int many, int[] positions, RopeTable.Angles angles) {
        Block block = decoder.blocks().get(index);
        return Scoped.tensor(() -> {
            Block.Heads heads = block.heads(x, many, angles, positions);
            kernels.store(index, spans, heads.k(), heads.v());
            Tensor middle = block.middle(x, kernels.attention(index, spans, heads.q()), many);
            return block.output(middle, block.gated(middle, many), many);
        });
    }

    private void checkIds(int[] ids) {
        for (int id : ids) {
            if (id < 0 || id >= config.vocab_size()) {
                throw new InvalidInputException(
                        "token id " + id + " is outside the model's vocabulary of " + config.vocab_size());
            }
        }
    }
}
