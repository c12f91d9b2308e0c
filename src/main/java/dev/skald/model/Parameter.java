package dev.skald.model;

import java.util.Arrays;

/**
 * One trained tensor within the flat tensor of all.
 *
 * @param name as Hugging Face's Llama names it: {@code model.layers.0.self_attn.q_proj.weight}
 * @param shape its sizes
 * @param offset where it begins in the flat tensor, in elements
 */
@SuppressWarnings("ArrayRecordComponent")
public record Parameter(String name, long[] shape, long offset) {

    /** How many elements it has. */
    public long numel() {
        return Arrays.stream(shape).reduce(1, Math::multiplyExact);
    }
}
