package dev.skald.cache;

import dev.skald.tensor.DeviceType;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;

/**
 * A pool of {@link KvBlock}s, as in PagedAttention (Kwon et al., 2023): whoever holds a block counts, and a block that nobody holds is used again.
 * Memory is taken from the system when a block is first needed, and given back by {@link #close} alone. Not thread-safe.
 */
public final class KvBlocks implements AutoCloseable {

    private final KvLayout layout;
    private final DeviceType device;
    private final int capacity;
    private final List<KvBlock> allocated = new ArrayList<>();
    private final Deque<KvBlock> free = new ArrayDeque<>();

    /** @param capacity the most blocks that there will be */
    public KvBlocks(KvLayout layout, DeviceType device, int capacity) {
        this.layout = layout;
        this.device = device;
        this.capacity = capacity;
    }

    /** What lies where in a block. */
    public KvLayout layout() {
        return layout;
    }

    /** The most blocks that there will be. */
    public int capacity() {
        return capacity;
    }

    /** How many blocks nobody holds. */
    public int free() {
        return capacity - allocated.size() + free.size();
    }

    /** A sequence without positions; it holds blocks as it grows, until it is closed. */
    public KvSequence newSequence() {
        return new KvSequence(this);
    }

    /** One more holds the block. */
    public void retain(KvBlock block) {
        block.retain();
    }

    /** One fewer holds the block. */
    public void release(KvBlock block) {
        if (block.release()) {
            free.push(block);
        }
    }

    /** A block with anything in it, held once by the caller; empty where all are held. */
    Optional<KvBlock> take() {
        if (free.isEmpty() && allocated.size() == capacity) {
            return Optional.empty();
        }
        KvBlock block = free.isEmpty() ? allocate() : free.pop();
        block.retain();
        return Optional.of(block);
    }

    private KvBlock allocate() {
        try (PointerScope _ = new PointerScope()) {
            KvBlock block = layout.allocate(device);
            allocated.add(block);
            return block;
        }
    }

    /** Frees all memory, whoever holds it. */
    @Override
    public void close() {
        allocated.forEach(KvBlock::free);
        allocated.clear();
        free.clear();
    }
}
