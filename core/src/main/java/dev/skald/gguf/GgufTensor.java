package dev.skald.gguf;

import dev.skald.tensor.Format;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A tensor of a GGUF file.
 *
 * @param shape its sizes in PyTorch's order: the last is the length of a row, a whole number of blocks
 * @param bytes its mapped bytes, read-only, of any alignment; valid until the file is closed
 */
public record GgufTensor(String name, List<Long> shape, Format format, MemorySegment bytes) {

    /** Elements in all. */
    public long elements() {
        return shape.stream().reduce(1L, Math::multiplyExact);
    }
}
