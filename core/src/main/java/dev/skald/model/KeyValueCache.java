package dev.skald.model;

import dev.skald.tensor.DType;
import dev.skald.tensor.DeviceType;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/**
 * The keys and values of one sequence, for every layer. It grows in blocks, so that nothing is copied when it grows, and a fork shares the
 * blocks that are full. Not thread-safe; {@link #close} frees the blocks.
 */
public final class KeyValueCache implements AutoCloseable {

    /** Positions per block. */
    static final int BLOCK = 256;

    private final LlamaConfig config;
    private final DType dtype;
    private final DeviceType device;
    /** Per layer, per block: {@code [kvHeads, BLOCK, headDim]}. */
    private final List<List<Tensor>> keys;

    private final List<List<Tensor>> values;
    private int length;

    KeyValueCache(LlamaConfig config, DType dtype, DeviceType device) {
        this.config = config;
        this.dtype = dtype;
        this.device = device;
        this.keys = emptyLists(config.num_hidden_layers());
        this.values = emptyLists(config.num_hidden_layers());
    }

    /** How many positions are filled. */
    public int length() {
        return length;
    }

    /** Bytes that one position takes, over all layers. */
    static long bytesPerPosition(LlamaConfig config, DType dtype) {
        return 2L * config.num_hidden_layers() * config.num_key_value_heads() * config.head_dim() * dtype.bytes();
    }

    /** A cache with the same content that goes on by itself: full blocks are shared, the last one is copied. */
    public KeyValueCache fork() {
        KeyValueCache fork = new KeyValueCache(config, dtype, device);
        fork.length = length;
        try (PointerScope _ = new PointerScope()) {
            for (int layer = 0; layer < keys.size(); layer++) {
                forkBlocks(keys.get(layer), fork.keys.get(layer));
                forkBlocks(values.get(layer), fork.values.get(layer));
            }
        }
        return fork;
    }

    /** Makes room for {@code time} more positions. */
    void reserve(int time) {
        int blocks = Math.ceilDiv(length + time, BLOCK);
        while (keys.getFirst().size() < blocks) {
            for (int layer = 0; layer < keys.size(); layer++) {
                keys.get(layer).add(block());
                values.get(layer).add(block());
            }
        }
    }

    /**
     * Stores keys and values after the filled positions; {@link #advance} makes them count, once all layers have theirs.
     *
     * @param k_TKD {@code [time, kvHeads, headDim]}, rotated
     * @param v_TKD {@code [time, kvHeads, headDim]}
     */
    void store(int layer, Tensor k_TKD, Tensor v_TKD) {
        store(keys.get(layer), k_TKD);
        store(values.get(layer), v_TKD);
    }

    void advance(int time) {
        length += time;
    }

    List<Tensor> keys(int layer) {
        return keys.get(layer);
    }

    List<Tensor> values(int layer) {
        return values.get(layer);
    }

    /** Frees the blocks. */
    @Override
    public void close() {
        for (List<List<Tensor>> side : List.of(keys, values)) {
            for (List<Tensor> blocks : side) {
                blocks.forEach(Tensor::releaseReference);
                blocks.clear();
            }
        }
    }

    private void store(List<Tensor> blocks, Tensor rows_TKD) {
        long time = rows_TKD.size(0);
        try (PointerScope _ = new PointerScope()) {
            for (long done = 0; done < time; ) {
                long at = (length + done) % BLOCK;
                long count = Math.min(BLOCK - at, time - done);
                Tensor block_KBD = blocks.get((int) ((length + done) / BLOCK));
                block_KBD
                        .narrow(1, at, count)
                        .copy_(rows_TKD.narrow(0, done, count).transpose(0, 1));
                done += count;
            }
        }
    }

    private void forkBlocks(List<Tensor> from, List<Tensor> to) {
        int full = length / BLOCK;
        for (int i = 0; i < from.size(); i++) {
            if (i < full) {
                Tensor shared = new Tensor(from.get(i));
                shared.retainReference();
                to.add(shared);
            } else {
                Tensor copy = block();
                copy.copy_(from.get(i));
                to.add(copy);
            }
        }
    }

    private Tensor block() {
        try (PointerScope _ = new PointerScope()) {
            Tensor block = device.zeros(dtype, config.num_key_value_heads(), BLOCK, config.head_dim());
            block.retainReference();
            return block;
        }
    }

    private static List<List<Tensor>> emptyLists(int count) {
        List<List<Tensor>> lists = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            lists.add(new ArrayList<>());
        }
        return lists;
    }
}
