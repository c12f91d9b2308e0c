package dev.skald.cache;

import dev.skald.tensor.TensorMemory;
import org.bytedeco.pytorch.Tensor;

/** The keys and values of {@link KvLayout#POSITIONS} positions, over all layers. It is never written to while more than one holds it. */
public final class KvBlock {

    private final Tensor memory;
    private final long address;
    /** How many sequences, and others, hold it; the pool's to change. */
    private int holders;

    /** @param memory {@code [2 * layers, kvHeads * headDim * POSITIONS]}, kept until {@link #free} */
    KvBlock(Tensor memory) {
        memory.retainReference();
        this.memory = memory;
        this.address = TensorMemory.address(memory);
    }

    /** All of it, as {@link KvLayout} says. */
    Tensor memory() {
        return memory;
    }

    /** Where its memory begins, on the CPU. */
    public long address() {
        return address;
    }

    /** How many hold it. */
    public int holders() {
        return holders;
    }

    void retain() {
        holders++;
    }

    /** Whether nobody holds it any more. */
    boolean release() {
        if (holders == 0) {
            throw new IllegalStateException("a block is released that nobody holds");
        }
        holders--;
        return holders == 0;
    }

    void copyFrom(KvBlock other) {
        memory.copy_(other.memory);
    }

    void free() {
        memory.releaseReference();
    }
}
