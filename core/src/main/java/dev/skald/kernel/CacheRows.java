package dev.skald.kernel;

import static dev.skald.kernel.RowFormat.MEMORY;

import dev.skald.cache.KvLayout;
import dev.skald.cache.KvSequence;
import dev.skald.cache.KvSpan;
import dev.skald.tensor.TensorMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** Keys and values on their way into the blocks of caches, and out of them as whole matrices. */
record CacheRows(Workers workers) {

    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final int POSITIONS = KvLayout.POSITIONS;

    /** Elements that are worth another thread. */
    private static final long GRAIN = 64 * 1024;

    /** {@link Kernels#store}. */
    void store(KvLayout layout, int layer, List<KvSpan> spans, Tensor k, Tensor v) {
        RowFormat format = RowFormat.of(k, v);
        long keys = TensorMemory.address(k);
        long values = TensorMemory.address(v);
        int heads = layout.kvHeads();
        workers.run(heads, k.numel() < GRAIN ? heads : 1, (first, last) -> {
            for (int head = first; head < last; head++) {
                int row = 0;
                for (KvSpan span : spans) {
                    for (int i = 0; i < span.rows(); i++, row++) {
                        int position = span.start() + i;
                        long block = span.sequence().block(position / POSITIONS).address();
                        long from = format.bytes(((long) row * heads + head) * layout.headDim());
                        storeRow(
                                format,
                                layout,
                                block + head * layout.headBytes(),
                                layer,
                                position % POSITIONS,
                                keys + from,
                                values + from);
                    }
                }
            }
        });
    }

    /** @param block where the head's keys of layer 0 are */
    private static void storeRow(
            RowFormat format, KvLayout layout, long block, int layer, int position, long key, long value) {
        int headDim = layout.headDim();
        long keys = block + layout.offset(layer, 0) + format.bytes(position);
        switch (format) {
            case BF16 -> {
                for (int d = 0; d < headDim; d++) {
                    MEMORY.set(SHORT, keys + 2L * d * POSITIONS, MEMORY.get(SHORT, key + 2L * d));
                }
            }
            case F32 -> {
                for (int d = 0; d < headDim; d++) {
                    MEMORY.set(INT, keys + 4L * d * POSITIONS, MEMORY.get(INT, key + 4L * d));
                }
            }
        }
        long bytes = format.bytes(headDim);
        copy(value, block + layout.offset(layer, 1) + position * bytes, bytes);
    }

    /**
     * The keys and values of the first {@code length} positions of a sequence.
     *
     * @param keys {@code [kvHeads, headDim, length]}; overwritten
     * @param values {@code [kvHeads, length, headDim]}; overwritten
     */
    void gather(int layer, KvSequence sequence, int length, Tensor keys, Tensor values) {
        KvLayout layout = sequence.layout();
        RowFormat format = RowFormat.of(keys, values);
        long keysAt = TensorMemory.address(keys);
        long valuesAt = TensorMemory.address(values);
        int headDim = layout.headDim();
        int heads = layout.kvHeads();
        workers.run(heads, keys.numel() < GRAIN ? heads : 1, (first, last) -> {
            for (int head = first; head < last; head++) {
                for (int p = 0; p < length; p += POSITIONS) {
                    long block = sequence.block(p / POSITIONS).address() + head * layout.headBytes();
                    long bytes = format.bytes(Math.min(POSITIONS, length - p));
                    for (int d = 0; d < headDim; d++) {
                        copy(
                                block + layout.offset(layer, 0) + format.bytes((long) d * POSITIONS),
                                keysAt + format.bytes(((long) head * headDim + d) * length + p),
                                bytes);
                    }
                    copy(
                            block + layout.offset(layer, 1),
                            valuesAt + format.bytes(((long) head * length + p) * headDim),
                            bytes * headDim);
                }
            }
        });
    }

    private static void copy(long from, long to, long bytes) {
        MemorySegment.copy(MEMORY, from, MEMORY, to, bytes);
    }
}
