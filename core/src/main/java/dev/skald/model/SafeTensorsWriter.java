package dev.skald.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.tensor.DType;
import dev.skald.tensor.TensorMemory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.LongStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/** Writes safetensors files as {@link SafeTensors} and Hugging Face's library read them. */
public final class SafeTensorsWriter {

    /** How much is handed to the operating system at once. */
    private static final long CHUNK = 64L << 20;

    private static final int HEADER_ALIGNMENT = 8;

    private SafeTensorsWriter() {}

    /**
     * Writes tensors in the map's order, and forces them to the disk. The file is written under its own name: a caller whose readers may look
     * at any time writes beside the target and renames.
     *
     * @param tensors of bf16, f16 or f32, on any device; read only
     * @param metadata goes into {@code __metadata__}; transformers expects {@code format=pt}
     * @throws IOException when the file cannot be written, the disk being full for one
     */
    public static void write(Path file, Map<String, Tensor> tensors, Map<String, String> metadata) throws IOException {
        write(file, entries(tensors), tensors::get, metadata);
    }

    /**
     * As {@link #write(Path, Map, Map)}, one tensor in memory at a time.
     *
     * @param entries one after the other, without gaps
     * @param tensors gives the tensor of a name; made in a scope that ends when it is written
     */
    static void write(
            Path file, List<SafeTensors.Entry> entries, Function<String, Tensor> tensors, Map<String, String> metadata)
            throws IOException {
        try (FileChannel out = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            writeFully(out, header(entries, metadata));
            for (SafeTensors.Entry entry : entries) {
                try (PointerScope _ = new PointerScope()) {
                    Tensor tensor = tensors.apply(entry.name());
                    if (!DType.of(tensor.scalar_type()).name().equals(entry.dtype())
                            || tensor.nbytes() != entry.end() - entry.begin()) {
                        throw new IllegalArgumentException("tensor '" + entry.name() + "' is not what was announced");
                    }
                    write(out, tensor.cpu().contiguous());
                }
            }
            out.force(true);
        } catch (FileSystemException e) {
            throw e;
        } catch (IOException e) {
            FileSystemException named = new FileSystemException(file.toString(), null, e.getMessage());
            named.initCause(e);
            throw named;
        }
    }

    private static List<SafeTensors.Entry> entries(Map<String, Tensor> tensors) {
        List<SafeTensors.Entry> entries = new ArrayList<>();
        long begin = 0;
        for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
            Tensor tensor = entry.getValue();
            DType dtype = DType.of(tensor.scalar_type());
            List<Long> shape =
                    LongStream.range(0, tensor.dim()).map(tensor::size).boxed().toList();
            long end = begin + tensor.numel() * dtype.bytes();
            entries.add(new SafeTensors.Entry(entry.getKey(), dtype.name(), shape, begin, end));
            begin = end;
        }
        return entries;
    }

    /**
     * What a file begins with, up to its tensors' bytes: for a caller that writes those itself.
     *
     * @param entries one after the other, without gaps
     * @param metadata as for {@link #write}
     */
    public static ByteBuffer header(List<SafeTensors.Entry> entries, Map<String, String> metadata) {
        ObjectNode header = ConfigReader.JSON.createObjectNode();
        if (!metadata.isEmpty()) {
            metadata.forEach(header.putObject("__metadata__")::put);
        }
        for (SafeTensors.Entry entry : entries) {
            ObjectNode node = header.putObject(entry.name()).put("dtype", entry.dtype());
            entry.shape().forEach(node.putArray("shape")::add);
            node.putArray("data_offsets").add(entry.begin()).add(entry.end());
        }
        byte[] json = header.toString().getBytes(StandardCharsets.UTF_8);
        int padded = Math.ceilDiv(json.length, HEADER_ALIGNMENT) * HEADER_ALIGNMENT;
        ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES + padded).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(padded).put(json);
        while (bytes.hasRemaining()) {
            bytes.put((byte) ' ');
        }
        return bytes.flip();
    }

    private static void write(FileChannel out, Tensor contiguous) throws IOException {
        var memory = TensorMemory.of(contiguous);
        for (long at = 0; at < memory.byteSize(); at += CHUNK) {
            writeFully(
                    out,
                    memory.asSlice(at, Math.min(CHUNK, memory.byteSize() - at)).asByteBuffer());
        }
    }

    private static void writeFully(FileChannel out, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            out.write(bytes);
        }
    }
}
