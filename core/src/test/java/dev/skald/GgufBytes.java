package dev.skald;

import dev.skald.tensor.Format;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The bytes of a GGUF file, valid or not, put together key by key and tensor by tensor. */
@SuppressWarnings("ByteBufferBackingArray") // all buffers are allocated here
public final class GgufBytes {

    private static final int ALIGNMENT = 32;

    private final int version;
    private final ByteArrayOutputStream keys = new ByteArrayOutputStream();
    private final ByteArrayOutputStream infos = new ByteArrayOutputStream();
    private final ByteArrayOutputStream data = new ByteArrayOutputStream();
    private int keyCount;
    private int tensorCount;

    public GgufBytes(int version) {
        this.version = version;
    }

    /** A u32. */
    public GgufBytes number(String key, int value) {
        return key(key, 4, little(4).putInt(value));
    }

    /** A whole number of any type. */
    public GgufBytes number(String key, int type, int width, long value) {
        return key(key, type, ByteBuffer.wrap(little(8).putLong(value).array(), 0, width));
    }

    public GgufBytes real(String key, float value) {
        return key(key, 6, little(4).putFloat(value));
    }

    public GgufBytes flag(String key, boolean value) {
        return key(key, 7, little(1).put((byte) (value ? 1 : 0)));
    }

    public GgufBytes text(String key, String value) {
        return key(key, 8, ByteBuffer.wrap(string(value)));
    }

    public GgufBytes texts(String key, List<String> values) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(little(12).putInt(8).putLong(values.size()).array());
        values.forEach(value -> bytes.writeBytes(string(value)));
        return key(key, 9, ByteBuffer.wrap(bytes.toByteArray()));
    }

    /** An array of i32. */
    public GgufBytes numbers(String key, int... values) {
        ByteBuffer bytes = little(12 + 4 * values.length).putInt(5).putLong(values.length);
        for (int value : values) {
            bytes.putInt(value);
        }
        return key(key, 9, bytes);
    }

    public GgufBytes reals(String key, float... values) {
        ByteBuffer bytes = little(12 + 4 * values.length).putInt(6).putLong(values.length);
        for (float value : values) {
            bytes.putFloat(value);
        }
        return key(key, 9, bytes);
    }

    /** The head of an array that promises more than follows. */
    public GgufBytes promise(String key, int type, long count) {
        return key(key, 9, little(12).putInt(type).putLong(count));
    }

    /** A tensor of f32 after the others; {@code shape} as PyTorch has it. */
    public GgufBytes tensor(String name, float[] values, long... shape) {
        ByteBuffer bytes = little(4 * values.length);
        for (float value : values) {
            bytes.putFloat(value);
        }
        return tensor(name, 0, bytes.array(), data.size(), shape);
    }

    /** A tensor of any type, said to begin at {@code offset}. */
    public GgufBytes tensor(String name, int type, byte[] bytes, long offset, long... shape) {
        infos.writeBytes(string(name));
        infos.writeBytes(little(4).putInt(shape.length).array());
        for (int i = shape.length - 1; i >= 0; i--) {
            infos.writeBytes(little(8).putLong(shape[i]).array());
        }
        infos.writeBytes(little(12).putInt(type).putLong(offset).array());
        data.writeBytes(bytes);
        data.writeBytes(new byte[Math.floorMod(-data.size(), ALIGNMENT)]);
        tensorCount++;
        return this;
    }

    /** A tensor of zeros after the others. */
    public GgufBytes zeros(String name, int type, Format format, long... shape) {
        long elements = 1;
        for (long size : shape) {
            elements *= size;
        }
        return tensor(name, type, new byte[(int) format.bytes(elements)], data.size(), shape);
    }

    public byte[] bytes() {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
        all.writeBytes(little(20)
                .putInt(version)
                .putLong(tensorCount)
                .putLong(keyCount)
                .array());
        all.writeBytes(keys.toByteArray());
        all.writeBytes(infos.toByteArray());
        all.writeBytes(new byte[Math.floorMod(-all.size(), ALIGNMENT)]);
        all.writeBytes(data.toByteArray());
        return all.toByteArray();
    }

    public Path write(Path file) throws IOException {
        return Files.write(file, bytes());
    }

    private GgufBytes key(String key, int type, ByteBuffer value) {
        keys.writeBytes(string(key));
        keys.writeBytes(little(4).putInt(type).array());
        keys.write(value.array(), 0, value.limit());
        keyCount++;
        return this;
    }

    private static byte[] string(String value) {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        return little(8 + bytes.length).putLong(bytes.length).put(bytes).array();
    }

    private static ByteBuffer little(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
