package dev.skald.kernel;

import dev.skald.tensor.Format;
import dev.skald.tensor.Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;

/** Matrices of random blocks whose scales are of the size that weights have. */
public final class RandomBlocks {

    private RandomBlocks() {}

    public static Matrix.Blocks matrix(Format format, int rows, int columns, long seed, Arena arena) {
        byte[] bytes = bytes(format, (long) rows * columns, seed);
        MemorySegment memory = arena.allocate(bytes.length + 2, 64).asSlice(2, bytes.length); // a file aligns nothing
        memory.copyFrom(MemorySegment.ofArray(bytes));
        return new Matrix.Blocks(memory, rows, columns, format);
    }

    public static byte[] bytes(Format format, long elements, long seed) {
        Random random = new Random(seed);
        byte[] bytes = new byte[Math.toIntExact(format.bytes(elements))];
        random.nextBytes(bytes);
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int b = 0; b < bytes.length; b += format.blockBytes()) {
            switch (format) {
                case F32 -> buffer.putFloat(b, random.nextFloat() - 0.5f);
                case F16 -> scale(buffer, b, random, 1);
                case BF16 -> buffer.putShort(b, (short) (Float.floatToRawIntBits(random.nextFloat() - 0.5f) >>> 16));
                case Q8_0 -> scale(buffer, b, random, 1 / 127f);
                case Q4_0, IQ4_NL -> scale(buffer, b, random, 1 / 8f);
                case Q5_0 -> scale(buffer, b, random, 1 / 16f);
                case Q4_1, Q5_1 -> {
                    scale(buffer, b, random, 1 / 16f);
                    scale(buffer, b + 2, random, 1);
                }
                case Q2_K -> {
                    scale(buffer, b + 80, random, 1 / 45f);
                    scale(buffer, b + 82, random, 1 / 45f);
                }
                case Q3_K -> scale(buffer, b + 108, random, 1 / 128f);
                case Q4_K, Q5_K -> {
                    scale(buffer, b, random, 1 / 1000f);
                    scale(buffer, b + 2, random, 1 / 1000f);
                }
                case Q6_K -> scale(buffer, b + 208, random, 1 / 4000f);
                case IQ4_XS -> scale(buffer, b, random, 1 / 4000f);
                case MXFP4 -> buffer.put(b, (byte) (120 + random.nextInt(8)));
            }
        }
        return bytes;
    }

    /** Of either sign. */
    private static void scale(ByteBuffer buffer, int at, Random random, float size) {
        buffer.putShort(at, Float.floatToFloat16((random.nextFloat() - 0.5f) * size));
    }
}
