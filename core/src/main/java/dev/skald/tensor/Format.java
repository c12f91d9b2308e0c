package dev.skald.tensor;

/**
 * How the elements of a matrix lie in memory: a row is a whole number of blocks of {@link #blockElements} elements in {@link #blockBytes}
 * bytes, without gaps. Those of more than one element a block are GGUF's, little-endian, with the names that they have there; {@link BlockValues} reads them.
 */
public enum Format {
    F32(1, 4),
    F16(1, 2),
    BF16(1, 2),
    Q8_0(32, 34),
    Q4_0(32, 18),
    Q4_1(32, 20),
    Q5_0(32, 22),
    Q5_1(32, 24),
    Q2_K(256, 84),
    Q3_K(256, 110),
    Q4_K(256, 144),
    Q5_K(256, 176),
    Q6_K(256, 210),
    IQ4_NL(32, 18),
    IQ4_XS(256, 136),
    MXFP4(32, 17);

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
