package dev.skald.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Native memory that a thread uses again and again. It grows to the largest size asked for, and is freed some time after its thread has ended. */
final class NativeScratch {

    private static final int SLOTS = 4;
    private static final long ALIGNMENT = 64;

    private static final ThreadLocal<MemorySegment[]> MEMORY = ThreadLocal.withInitial(() -> new MemorySegment[SLOTS]);

    private NativeScratch() {}

    /** The address of this thread's memory number {@code slot}, room for {@code n} floats, with anything in it; good while the thread lives. */
    static long floats(int slot, long n) {
        MemorySegment[] memory = MEMORY.get();
        if (memory[slot] == null || memory[slot].byteSize() < 4 * n) {
            memory[slot] = Arena.ofAuto().allocate(4 * n, ALIGNMENT);
        }
        return memory[slot].address();
    }
}
