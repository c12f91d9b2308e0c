package dev.skald.cache;

import dev.skald.tensor.DType;
import dev.skald.tensor.DeviceType;
import org.bytedeco.pytorch.Tensor;

/**
 * What lies where in a {@link KvBlock}: for each layer the keys of each key-value head as {@code [headDim, POSITIONS]}, then the values of each
 * head as {@code [POSITIONS, headDim]}. Keys lie by dimension, so that a loop over positions side by side finds the scores of a query without
 * adding across lanes, and so that blocks side by side are the right operand of a matrix product.
 */
public record KvLayout(int layers, int kvHeads, int headDim, DType dtype) {

    /** Positions of a block. */
    public static final int POSITIONS = 32;

    /** Bytes of a block. */
    public long blockBytes() {
        return POSITIONS * positionBytes();
    }

    /** Bytes of one position, over all layers. */
    public long positionBytes() {
        return 2L * layers * kvHeads * headDim * dtype.bytes();
    }

    /** How many blocks so many positions take. */
    public static int blocks(int positions) {
        return Math.ceilDiv(positions, POSITIONS);
    }

    /** A block's keys of a layer, {@code [kvHeads, headDim, POSITIONS]}: a view, which the caller's scope frees. */
    public Tensor keys(KvBlock block, int layer) {
        return side(block, layer, 0).view(kvHeads, headDim, POSITIONS);
    }

    /** A block's values of a layer, {@code [kvHeads, POSITIONS, headDim]}: a view, which the caller's scope frees. */
    public Tensor values(KvBlock block, int layer) {
        return side(block, layer, 1).view(kvHeads, POSITIONS, headDim);
    }

    /** Where a layer's keys, or with {@code side} 1 its values, begin in a block, in bytes. */
    public long offset(int layer, int side) {
        return (2L * layer + side) * headBytes() * kvHeads;
    }

    /** Bytes of the keys, or of the values, of one head of one layer. */
    public long headBytes() {
        return (long) POSITIONS * headDim * dtype.bytes();
    }

    private Tensor side(KvBlock block, int layer, int side) {
        return block.memory().narrow(0, 2L * layer + side, 1);
    }

    /** Memory for a block. */
    KvBlock allocate(DeviceType device) {
        return new KvBlock(device.zeros(dtype, 2L * layers, (long) kvHeads * headDim * POSITIONS));
    }
}
