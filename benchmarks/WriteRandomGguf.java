import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Writes a GGUF file of the shape of Llama-3.2-1B with random weights and a vocabulary without meaning, for the speed of llama.cpp
 * ({@code llama-cpp.mjs}), which does not depend on the values.
 *
 * <p>{@code java benchmarks/WriteRandomGguf.java FILE bf16|q4_0}
 */
final class WriteRandomGguf {

    private static final int HIDDEN = 2048;
    private static final int INTERMEDIATE = 8192;
    private static final int LAYERS = 16;
    private static final int KV = 512;
    private static final int VOCAB = 128256;
    private static final int ALIGNMENT = 32;

    private static final int STRING = 8;
    private static final int F32 = 0;
    private static final int Q4_0 = 2;
    private static final int BF16 = 30;

    private final ByteBuffer head = ByteBuffer.allocate(64 << 20).order(ByteOrder.LITTLE_ENDIAN);
    private final SplittableRandom random = new SplittableRandom(5);

    public static void main(String[] args) throws Exception {
        new WriteRandomGguf().write(Path.of(args[0]), args[1].equals("q4_0") ? Q4_0 : BF16);
    }

    private record Shape(long in, long out, int type) {
        long bytes() {
            return switch (type) {
                case F32 -> 4 * in * out;
                case BF16 -> 2 * in * out;
                default -> in / 32 * 18 * out;
            };
        }
    }

    private void write(Path file, int type) throws Exception {
        Map<String, Shape> tensors = new LinkedHashMap<>();
        tensors.put("token_embd.weight", new Shape(HIDDEN, VOCAB, type));
        for (int i = 0; i < LAYERS; i++) {
            String layer = "blk." + i + ".";
            tensors.put(layer + "attn_norm.weight", new Shape(HIDDEN, 1, F32));
            tensors.put(layer + "attn_q.weight", new Shape(HIDDEN, HIDDEN, type));
            tensors.put(layer + "attn_k.weight", new Shape(HIDDEN, KV, type));
            tensors.put(layer + "attn_v.weight", new Shape(HIDDEN, KV, type));
            tensors.put(layer + "attn_output.weight", new Shape(HIDDEN, HIDDEN, type));
            tensors.put(layer + "ffn_norm.weight", new Shape(HIDDEN, 1, F32));
            tensors.put(layer + "ffn_gate.weight", new Shape(HIDDEN, INTERMEDIATE, type));
            tensors.put(layer + "ffn_up.weight", new Shape(HIDDEN, INTERMEDIATE, type));
            tensors.put(layer + "ffn_down.weight", new Shape(INTERMEDIATE, HIDDEN, type));
        }
        tensors.put("output_norm.weight", new Shape(HIDDEN, 1, F32));
        header(tensors, type);
        try (OutputStream out = Files.newOutputStream(file)) {
            out.write(head.array(), 0, head.position());
            for (Shape shape : tensors.values()) {
                data(out, shape);
            }
        }
    }

    private void header(Map<String, Shape> tensors, int type) {
        head.put("GGUF".getBytes(StandardCharsets.US_ASCII))
                .putInt(3)
                .putLong(tensors.size())
                .putLong(17);
        text("general.architecture", "llama");
        number("general.file_type", type == Q4_0 ? 2 : 32);
        number("general.quantization_version", 2);
        number("llama.block_count", LAYERS);
        number("llama.context_length", 8192);
        number("llama.embedding_length", HIDDEN);
        number("llama.feed_forward_length", INTERMEDIATE);
        number("llama.attention.head_count", 32);
        number("llama.attention.head_count_kv", 8);
        real("llama.attention.layer_norm_rms_epsilon", 1e-5f);
        real("llama.rope.freq_base", 500000f);
        number("llama.rope.dimension_count", 64);
        text("tokenizer.ggml.model", "gpt2");
        text("tokenizer.ggml.pre", "llama-bpe");
        array("tokenizer.ggml.tokens", STRING, VOCAB);
        for (int i = 0; i < VOCAB; i++) {
            string("t" + i);
        }
        array("tokenizer.ggml.merges", STRING, 1);
        string("t 1");
        number("tokenizer.ggml.eos_token_id", 128001);
        long offset = 0;
        for (Map.Entry<String, Shape> tensor : tensors.entrySet()) {
            Shape shape = tensor.getValue();
            string(tensor.getKey());
            head.putInt(shape.out == 1 ? 1 : 2).putLong(shape.in);
            if (shape.out > 1) {
                head.putLong(shape.out);
            }
            head.putInt(shape.type).putLong(offset);
            offset += padded(shape.bytes());
        }
        while (head.position() % ALIGNMENT != 0) {
            head.put((byte) 0);
        }
    }

    private void data(OutputStream out, Shape shape) throws Exception {
        byte[] chunk = new byte[(int) Math.min(shape.bytes(), 9 << 18)];
        ByteBuffer bytes = ByteBuffer.wrap(chunk).order(ByteOrder.LITTLE_ENDIAN);
        switch (shape.type) {
            case F32 -> {
                while (bytes.hasRemaining()) {
                    bytes.putFloat(1f);
                }
            }
            case BF16 -> {
                while (bytes.hasRemaining()) {
                    bytes.putShort(
                            (short) (Float.floatToRawIntBits((float) (random.nextDouble() - 0.5) * 0.07f) >>> 16));
                }
            }
            default -> {
                random.nextBytes(chunk);
                for (int i = 0; i < chunk.length; i += 18) {
                    bytes.putShort(i, Float.floatToFloat16(0.004f));
                }
            }
        }
        for (long left = shape.bytes(); left > 0; left -= chunk.length) {
            out.write(chunk, 0, (int) Math.min(left, chunk.length));
        }
        out.write(new byte[(int) (padded(shape.bytes()) - shape.bytes())]);
    }

    private static long padded(long bytes) {
        return Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
    }

    private void string(String value) {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        head.putLong(bytes.length).put(bytes);
    }

    private void text(String key, String value) {
        string(key);
        head.putInt(STRING);
        string(value);
    }

    private void number(String key, int value) {
        string(key);
        head.putInt(4).putInt(value);
    }

    private void real(String key, float value) {
        string(key);
        head.putInt(6).putFloat(value);
    }

    private void array(String key, int elementType, long count) {
        string(key);
        head.putInt(9).putInt(elementType).putLong(count);
    }
}
