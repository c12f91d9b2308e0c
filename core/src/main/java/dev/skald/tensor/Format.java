package dev.skald.tensor;

/**
 * How the elements of a matrix lie in memory: a row is a whole number of blocks of {@link #blockElements} elements in {@link #blockBytes}
 * bytes, without gaps.
 */
public enum Format {
    F32(1, 4),
    F16(1, 2),
    BF16(1, 2);

    private final int blockElements;
    private final int blockBytes;

    Format(int blockElements, int blockBytes) {
        this.blockElements = blockElements;
        this.blockBytes = blockBytes;
    }

    /** The format of a dtype's elements. */
    public static Format of(DType dtype) {
        return switch (dtype) {
            case F32 -> F32;
            case F16 -> F16;
            case BF16 -> BF16;
        };
    }

    /** Elements in a block. */
    public int blockElements() {
        return blockElements;
    }

    /** Bytes of a block. */
    public int blockBytes() {
        return blockBytes;
    }

    /** Bytes of {@code elements}, a whole number of blocks. */
    public long bytes(long elements) {
        return elements / blockElements * blockBytes;
    }
}
