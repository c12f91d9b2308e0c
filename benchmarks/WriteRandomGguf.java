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
 * Writes a GGUF file of the shape of Llama-3.2-1B or Llama-3.1-8B with random weights and a vocabulary without meaning, for speeds ({@code llama-cpp.mjs},
 * {@code GenerateSpeed.java}), which do not depend on the values. q4_k_m mixes formats as llama.cpp does.
 *
 * <p>{@code java benchmarks/WriteRandomGguf.java FILE bf16|q8_0|q4_0|q4_k_m [1b|8b]}
 */
final class WriteRandomGguf {

    private static final int VOCAB = 128256;
    private static final int KV_HEADS = 8;
    private static final int ALIGNMENT = 32;

    private static final int STRING = 8;
    private static final int F32 = 0;
    private static final int Q4_0 = 2;
    private static final int Q8_0 = 8;
    private static final int Q4_K = 12;
    private static final int Q6_K = 14;
    private static final int BF16 = 30;

    private final ByteBuffer head = ByteBuffer.allocate(64 << 20).order(ByteOrder.LITTLE_ENDIAN);
    private final SplittableRandom random = new SplittableRandom(5);

    /** The numbers of a model's shape; the smaller one's output layer is its embedding. */
    private record Model(int hidden, int intermediate, int layers, int heads, int headDim, boolean tied) {}

    private static final Model SMALL = new Model(2048, 8192, 16, 32, 64, true);
    private static final Model LARGE = new Model(4096, 14336, 32, 32, 128, false);

    public static void main(String[] args) throws Exception {
        int fileType = switch (args[1]) {
            case "bf16" -> 32;
            case "q8_0" -> 7;
            case "q4_0" -> 2;
            case "q4_k_m" -> 15;
            default -> throw new IllegalArgumentException(args[1] + ", expected bf16, q8_0, q4_0 or q4_k_m");
        };
        Model model = args.length > 2 && args[2].equals("8b") ? LARGE : SMALL;
        new WriteRandomGguf().write(Path.of(args[0]), model, fileType);
    }

    private record Shape(long in, long out, int type) {
        long bytes() {
            return switch (type) {
                case F32 -> 4 * in * out;
                case BF16 -> 2 * in * out;
                case Q4_0 -> in / 32 * 18 * out;
                case Q8_0 -> in / 32 * 34 * out;
                case Q4_K -> in / 256 * 144 * out;
                case Q6_K -> in / 256 * 210 * out;
                default -> throw new IllegalStateException();
            };
        }
    }

    private void write(Path file, Model model, int fileType) throws Exception {
        int type = switch (fileType) {
            case 32 -> BF16;
            case 7 -> Q8_0;
            case 2 -> Q4_0;
            default -> Q4_K;
        };
        int output = type == Q4_0 || type == Q4_K ? Q6_K : type;
        int kv = KV_HEADS * model.headDim;
        Map<String, Shape> tensors = new LinkedHashMap<>();
        tensors.put("token_embd.weight", new Shape(model.hidden, VOCAB, model.tied ? output : type));
        for (int i = 0; i < model.layers; i++) {
            int n = model.layers;
            boolean more = i < n / 8 || i >= 7 * n / 8 || (i - n / 8) % 3 == 2;
            int better = type == Q4_K && more ? Q6_K : type;
            String layer = "blk." + i + ".";
            tensors.put(layer + "attn_norm.weight", new Shape(model.hidden, 1, F32));
            tensors.put(layer + "attn_q.weight", new Shape(model.hidden, model.heads * model.headDim, type));
            tensors.put(layer + "attn_k.weight", new Shape(model.hidden, kv, type));
            tensors.put(layer + "attn_v.weight", new Shape(model.hidden, kv, better));
            tensors.put(layer + "attn_output.weight", new Shape(model.heads * model.headDim, model.hidden, type));
            tensors.put(layer + "ffn_norm.weight", new Shape(model.hidden, 1, F32));
            tensors.put(layer + "ffn_gate.weight", new Shape(model.hidden, model.intermediate, type));
            tensors.put(layer + "ffn_up.weight", new Shape(model.hidden, model.intermediate, type));
            tensors.put(layer + "ffn_down.weight", new Shape(model.intermediate, model.hidden, better));
        }
        tensors.put("output_norm.weight", new Shape(model.hidden, 1, F32));
        if (!model.tied) {
            tensors.put("output.weight", new Shape(model.hidden, VOCAB, output));
        }
        header(tensors, model, fileType);
        try (OutputStream out = Files.newOutputStream(file)) {
            out.write(head.array(), 0, head.position());
            for (Shape shape : tensors.values()) {
                data(out, shape);
            }
        }
    }

    private void header(Map<String, Shape> tensors, Model model, int fileType) {
        head.put("GGUF".getBytes(StandardCharsets.US_ASCII))
                .putInt(3)
                .putLong(tensors.size())
                .putLong(17);
        text("general.architecture", "llama");
        number("general.file_type", fileType);
        number("general.quantization_version", 2);
        number("llama.block_count", model.layers);
        number("llama.context_length", 8192);
        number("llama.embedding_length", model.hidden);
        number("llama.feed_forward_length", model.intermediate);
        number("llama.attention.head_count", model.heads);
        number("llama.attention.head_count_kv", KV_HEADS);
        real("llama.attention.layer_norm_rms_epsilon", 1e-5f);
        real("llama.rope.freq_base", 500000f);
        number("llama.rope.dimension_count", model.headDim);
        text("tokenizer.ggml.model", "gpt2");
        text("tokenizer.ggml.pre", "llama-bpe");
        array("tokenizer.ggml.tokens", STRING, VOCAB);
        // The bytes, in the letters that stand for them; then what one merge makes, and fillers.
        int unprintable = 256;
        for (int i = 0; i < 256; i++) {
            boolean printable = i >= '!' && i <= '~' || i >= 0xA1 && i <= 0xAC || i >= 0xAE;
            string(String.valueOf((char) (printable ? i : unprintable++)));
        }
        string("th");
        for (int i = 257; i < VOCAB; i++) {
            string("<" + i + ">");
        }
        array("tokenizer.ggml.merges", STRING, 1);
        string("t h");
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
        byte[] chunk = new byte[(int) Math.min(shape.bytes(), 210 * 18 * 34 * 16)]; // whole blocks of any format
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
                switch (shape.type) {
                    case Q4_0 -> scales(bytes, 18, 0, 0.004f);
                    case Q8_0 -> scales(bytes, 34, 0, 0.00025f);
                    case Q4_K -> {
                        scales(bytes, 144, 0, 0.0001f);
                        scales(bytes, 144, 2, 0.00075f);
                    }
                    case Q6_K -> scales(bytes, 210, 208, 0.00002f);
                    default -> throw new IllegalStateException();
                }
            }
        }
        for (long left = shape.bytes(); left > 0; left -= chunk.length) {
            out.write(chunk, 0, (int) Math.min(left, chunk.length));
        }
        out.write(new byte[(int) (padded(shape.bytes()) - shape.bytes())]);
    }

    private static void scales(ByteBuffer bytes, int block, int at, float scale) {
        for (int i = at; i < bytes.capacity(); i += block) {
            bytes.putShort(i, Float.floatToFloat16(scale));
        }
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
