package dev.skald.gguf;

import dev.skald.tensor.Format;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;

/**
 * Writes a GGUF file of version 3, as ggml's docs/gguf.md has it, so that llama.cpp reads it: the tensors lie in the order in which the head names them,
 * each at the next multiple of 32 after the one before; whole numbers are u32 where they fit, in arrays i32; real numbers are f32. The head is made of
 * names and sizes alone, and tensors pass through piece by piece: no more of them is in memory than their writer holds.
 */
public final class GgufWriter {

    private static final int MAGIC = 0x46554747;
    private static final int VERSION = 3;
    private static final int ALIGNMENT = 32;

    private static final int U32 = 4;
    private static final int I32 = 5;
    private static final int F32 = 6;
    private static final int BOOL = 7;
    private static final int STRING = 8;
    private static final int ARRAY = 9;
    private static final int U64 = 10;
    private static final int I64 = 11;

    private GgufWriter() {}

    /**
     * A tensor that is to be written.
     *
     * @param shape as PyTorch has it; the last is the length of a row, a whole number of blocks
     */
    public record Tensor(String name, List<Long> shape, Format format) {

        /** @throws IllegalArgumentException when a row is no whole number of blocks */
        public Tensor {
            shape = List.copyOf(shape);
            if (shape.getLast() % format.blockElements() != 0) {
                throw new IllegalArgumentException(name + ": rows of " + shape.getLast() + " in " + format);
            }
        }

        /** Bytes of all its blocks. */
        public long bytes() {
            return format.bytes(shape.stream().reduce(1L, Math::multiplyExact));
        }
    }

    /** Takes the bytes of a tensor, from the first to the last. */
    public interface Output {
        /** @throws IOException when they cannot be written */
        void write(ByteBuffer bytes) throws IOException;
    }

    /** Gives the bytes of the tensors. */
    public interface Contents {
        /**
         * Writes all bytes of a tensor.
         *
         * @throws IOException when they cannot be written
         */
        void write(Tensor tensor, Output out) throws IOException;
    }

    /** The size of the file that {@link #write} makes, in bytes. */
    public static long size(GgufKeys keys, List<Tensor> tensors) {
        return head(keys, tensors).length
                + tensors.stream().mapToLong(tensor -> padded(tensor.bytes())).sum();
    }

    /**
     * Writes a file, and forces it to the disk. It is written under its own name: a caller writes beside the target and renames.
     *
     * @throws IOException when it cannot be written, the disk being full for one
     */
    public static void write(Path file, GgufKeys keys, List<Tensor> tensors, Contents contents) throws IOException {
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            writeFully(channel, ByteBuffer.wrap(head(keys, tensors)));
            for (Tensor tensor : tensors) {
                long start = channel.position();
                contents.write(tensor, bytes -> writeFully(channel, bytes));
                if (channel.position() - start != tensor.bytes()) {
                    throw new IllegalArgumentException(tensor.name() + ": " + (channel.position() - start)
                            + " bytes were written, expected " + tensor.bytes());
                }
                writeFully(channel, ByteBuffer.allocate((int) (padded(tensor.bytes()) - tensor.bytes())));
            }
            channel.force(true);
        } catch (FileSystemException e) {
            throw e;
        } catch (IOException e) {
            FileSystemException named = new FileSystemException(file.toString(), null, e.getMessage());
            named.initCause(e);
            throw named;
        }
    }

    private static byte[] head(GgufKeys keys, List<Tensor> tensors) {
        Head head = new Head();
        head.u32(MAGIC);
        head.u32(VERSION);
        head.u64(tensors.size());
        head.u64(keys.values().size());
        keys.values().forEach((key, value) -> {
            head.text(key);
            head.value(value);
        });
        long offset = 0;
        for (Tensor tensor : tensors) {
            head.text(tensor.name());
            head.u32(tensor.shape().size());
            tensor.shape().reversed().forEach(head::u64);
            head.u32(GgufTypes.number(tensor.format()));
            head.u64(offset);
            offset += padded(tensor.bytes());
        }
        byte[] bytes = head.bytes.toByteArray();
        return Arrays.copyOf(bytes, Math.toIntExact(padded(bytes.length)));
    }

    private static long padded(long bytes) {
        return Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
    }

    private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /** The bytes before the tensors. */
    private static final class Head {

        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private final byte[] number = new byte[Long.BYTES];
        private final ByteBuffer little = ByteBuffer.wrap(number).order(ByteOrder.LITTLE_ENDIAN);

        void u32(int value) {
            little.putInt(0, value);
            bytes.write(number, 0, Integer.BYTES);
        }

        void u64(long value) {
            little.putLong(0, value);
            bytes.write(number, 0, Long.BYTES);
        }

        void text(String value) {
            byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
            u64(utf8.length);
            bytes.writeBytes(utf8);
        }

        void value(GgufValue value) {
            switch (value) {
                case GgufValue.Whole(long whole) -> whole(whole);
                case GgufValue.Real(double real) -> {
                    u32(F32);
                    real(real);
                }
                case GgufValue.Flag(boolean flag) -> {
                    u32(BOOL);
                    bytes.write(flag ? 1 : 0);
                }
                case GgufValue.Text(String text) -> {
                    u32(STRING);
                    text(text);
                }
                case GgufValue.Texts(List<String> texts) -> {
                    array(STRING, texts.size());
                    texts.forEach(this::text);
                }
                case GgufValue.Wholes(long[] wholes) -> {
                    boolean narrow = Arrays.stream(wholes).allMatch(whole -> whole == (int) whole);
                    array(narrow ? I32 : I64, wholes.length);
                    for (long whole : wholes) {
                        if (narrow) {
                            u32((int) whole);
                        } else {
                            u64(whole);
                        }
                    }
                }
                case GgufValue.Reals(double[] reals) -> {
                    array(F32, reals.length);
                    for (double real : reals) {
                        real(real);
                    }
                }
            }
        }

        private void whole(long whole) {
            if (whole >>> Integer.SIZE == 0) {
                u32(U32);
                u32((int) whole);
            } else if (whole == (int) whole) {
                u32(I32);
                u32((int) whole);
            } else {
                u32(U64);
                u64(whole);
            }
        }

        private void real(double value) {
            u32(Float.floatToRawIntBits((float) value));
        }

        private void array(int type, long count) {
            u32(ARRAY);
            u32(type);
            u64(count);
        }
    }
}
