package dev.skald;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.IntToDoubleFunction;

/**
 * Writes model directories that tests generate with: a Llama of two layers or less, and a tokenizer of the 256 bytes (ids 0 to 255) with a
 * begin token, which encoding adds, and an end token. What a test changes in configuration, tensors or extra files before {@link #write} is
 * written as it is, valid or not.
 */
public final class TinyLlama {

    /** Bytes, begin, end. */
    public static final int VOCAB = 258;

    public static final int BOS = 256;
    public static final int EOS = 257;

    private static final ObjectMapper JSON = new ObjectMapper();

    private final ObjectNode config = JSON.createObjectNode();
    private final ObjectNode generation = JSON.createObjectNode();
    private final ObjectNode tokenizerConfig =
            JSON.createObjectNode().put("bos_token", "<s>").put("eos_token", "</s>");
    private final Map<String, FloatTensor> tensors = new LinkedHashMap<>();
    private final List<String> special = new ArrayList<>();

    private TinyLlama(int hidden, int layers, int heads, int kvHeads, int headDim, int intermediate) {
        config.putArray("architectures").add("LlamaForCausalLM");
        config.put("model_type", "llama").put("hidden_act", "silu");
        config.put("hidden_size", hidden).put("intermediate_size", intermediate);
        config.put("num_hidden_layers", layers).put("head_dim", headDim);
        config.put("num_attention_heads", heads).put("num_key_value_heads", kvHeads);
        config.put("vocab_size", VOCAB).put("max_position_embeddings", 1024);
        config.put("rms_norm_eps", 1e-5).put("rope_theta", 10000.0);
        config.put("tie_word_embeddings", false).put("torch_dtype", "float32");
        config.put("bos_token_id", BOS).put("eos_token_id", EOS);
        tensors.put("model.embed_tokens.weight", FloatTensor.zeros(VOCAB, hidden));
        for (int i = 0; i < layers; i++) {
            String layer = "model.layers." + i + ".";
            tensors.put(layer + "input_layernorm.weight", FloatTensor.zeros(hidden));
            tensors.put(layer + "self_attn.q_proj.weight", FloatTensor.zeros(heads * headDim, hidden));
            tensors.put(layer + "self_attn.k_proj.weight", FloatTensor.zeros(kvHeads * headDim, hidden));
            tensors.put(layer + "self_attn.v_proj.weight", FloatTensor.zeros(kvHeads * headDim, hidden));
            tensors.put(layer + "self_attn.o_proj.weight", FloatTensor.zeros(hidden, heads * headDim));
            tensors.put(layer + "post_attention_layernorm.weight", FloatTensor.zeros(hidden));
            tensors.put(layer + "mlp.gate_proj.weight", FloatTensor.zeros(intermediate, hidden));
            tensors.put(layer + "mlp.up_proj.weight", FloatTensor.zeros(intermediate, hidden));
            tensors.put(layer + "mlp.down_proj.weight", FloatTensor.zeros(hidden, intermediate));
        }
        tensors.put("model.norm.weight", FloatTensor.zeros(hidden));
        tensors.put("lm_head.weight", FloatTensor.zeros(VOCAB, hidden));
    }

    /** A row-major tensor. */
    @SuppressWarnings("ArrayRecordComponent")
    public record FloatTensor(int[] shape, float[] values) {

        /** A tensor of zeros. */
        public static FloatTensor zeros(int... shape) {
            int elements = 1;
            for (int size : shape) {
                elements *= size;
            }
            return new FloatTensor(shape, new float[elements]);
        }

        /** Sets every element by its index. */
        public void fill(IntToDoubleFunction value) {
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) value.applyAsDouble(i);
            }
        }
    }

    /** Random weights under which attention, and so every earlier token, matters: two layers, grouped queries. */
    public static TinyLlama random(long seed) {
        TinyLlama tiny = new TinyLlama(32, 2, 4, 2, 8, 48);
        Random random = new Random(seed);
        tiny.tensors.forEach((name, tensor) -> {
            double scale = 1.5 / Math.sqrt(tensor.shape()[tensor.shape().length - 1]);
            tensor.fill(i -> tensor.shape().length == 1 ? 0.5 + random.nextDouble() : random.nextGaussian() * scale);
        });
        return tiny;
    }

    /**
     * A model whose logits depend on the last token only: attention and MLP add nothing, and the output looks a row up.
     *
     * @param logits {@code [VOCAB][VOCAB]}: by the last token, the logits of the next
     */
    public static TinyLlama bigram(float[][] logits) {
        TinyLlama tiny = new TinyLlama(VOCAB, 1, 1, 1, 2, 1);
        tiny.config.put("rms_norm_eps", 0.0);
        tiny.tensors.get("model.embed_tokens.weight").fill(i -> i / VOCAB == i % VOCAB ? 1 : 0);
        tiny.tensors.get("model.norm.weight").fill(i -> 1 / Math.sqrt(VOCAB)); // a one-hot vector's root mean square
        tiny.tensors.get("lm_head.weight").fill(i -> logits[i % VOCAB][i / VOCAB]);
        return tiny;
    }

    /** A bigram model that says the text, byte by byte, and then ends; no byte of it may come twice. It begins anew after any other byte. */
    public static TinyLlama saying(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        float[][] logits = new float[VOCAB][VOCAB];
        for (float[] row : logits) {
            row[bytes[0] & 0xff] = 10;
        }
        for (int i = 0; i < bytes.length; i++) {
            float[] row = logits[bytes[i] & 0xff];
            row[bytes[0] & 0xff] = 0;
            row[i + 1 < bytes.length ? bytes[i + 1] & 0xff : EOS] = 10;
        }
        return bigram(logits);
    }

    /** Adds special tokens behind the end token, with embeddings and outputs that are small random numbers. */
    public TinyLlama withSpecialTokens(List<String> tokens) {
        special.addAll(tokens);
        config.put("vocab_size", VOCAB + special.size());
        Random random = new Random(special.size());
        for (String name : List.of("model.embed_tokens.weight", "lm_head.weight")) {
            FloatTensor before = tensors.get(name);
            int hidden = before.shape()[1];
            FloatTensor grown = FloatTensor.zeros(VOCAB + special.size(), hidden);
            grown.fill(i -> i < before.values().length ? before.values()[i] : 0.1 * random.nextGaussian());
            tensors.put(name, grown);
        }
        return this;
    }

    /** config.json; may be changed. */
    public ObjectNode config() {
        return config;
    }

    /** generation_config.json, written unless it is empty; may be changed. */
    public ObjectNode generation() {
        return generation;
    }

    /** tokenizer_config.json; may be changed. */
    public ObjectNode tokenizerConfig() {
        return tokenizerConfig;
    }

    /** The tensors by their names; may be changed. */
    public Map<String, FloatTensor> tensors() {
        return tensors;
    }

    /** Writes the model directory, which is made if it is not there. */
    public Path write(Path directory) {
        try {
            Files.createDirectories(directory);
            Files.writeString(directory.resolve("config.json"), config.toPrettyString());
            if (!generation.isEmpty()) {
                Files.writeString(directory.resolve("generation_config.json"), generation.toPrettyString());
            }
            Files.write(directory.resolve("model.safetensors"), safetensors(header(), data()));
            Files.writeString(directory.resolve("tokenizer.json"), tokenizer().toString());
            Files.writeString(directory.resolve("tokenizer_config.json"), tokenizerConfig.toPrettyString());
            return directory;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** The header that {@link #write} writes. */
    public ObjectNode header() {
        ObjectNode header = JSON.createObjectNode();
        int begin = 0;
        for (Map.Entry<String, FloatTensor> entry : tensors.entrySet()) {
            int end = begin + entry.getValue().values().length * Float.BYTES;
            ObjectNode tensor = header.putObject(entry.getKey()).put("dtype", "F32");
            tensor.set("shape", JSON.valueToTree(entry.getValue().shape()));
            tensor.putArray("data_offsets").add(begin).add(end);
            begin = end;
        }
        return header;
    }

    /** The bytes of all tensors. */
    public byte[] data() {
        int elements =
                tensors.values().stream().mapToInt(t -> t.values().length).sum();
        ByteBuffer bytes = ByteBuffer.allocate(elements * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (FloatTensor tensor : tensors.values()) {
            for (float value : tensor.values()) {
                bytes.putFloat(value);
            }
        }
        return bytes.array();
    }

    /** A safetensors file out of its parts. */
    public static byte[] safetensors(ObjectNode header, byte[] data) {
        byte[] json = header.toString().getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(Long.BYTES + json.length + data.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length)
                .put(json)
                .put(data)
                .array();
    }

    private ObjectNode tokenizer() {
        ObjectNode root = JSON.createObjectNode().put("version", "1.0");
        List<String> added = new ArrayList<>(List.of("<s>", "</s>"));
        added.addAll(special);
        for (int i = 0; i < added.size(); i++) {
            root.withArray("added_tokens")
                    .addObject()
                    .put("id", BOS + i)
                    .put("content", added.get(i))
                    .put("single_word", false)
                    .put("lstrip", false)
                    .put("rstrip", false)
                    .put("normalized", false)
                    .put("special", true);
        }
        root.putNull("normalizer");
        root.putObject("pre_tokenizer")
                .put("type", "ByteLevel")
                .put("add_prefix_space", false)
                .put("use_regex", true);
        ObjectNode post = root.putObject("post_processor").put("type", "TemplateProcessing");
        post.withArray("single")
                .addObject()
                .putObject("SpecialToken")
                .put("id", "<s>")
                .put("type_id", 0);
        post.withArray("single")
                .addObject()
                .putObject("Sequence")
                .put("id", "A")
                .put("type_id", 0);
        ObjectNode special = post.putObject("special_tokens").putObject("<s>").put("id", "<s>");
        special.putArray("ids").add(BOS);
        special.putArray("tokens").add("<s>");
        root.putObject("decoder").put("type", "ByteLevel");
        ObjectNode model = root.putObject("model").put("type", "BPE");
        ObjectNode vocab = model.putObject("vocab");
        int unprintable = 256;
        for (int b = 0; b < 256; b++) {
            boolean printable = (b >= '!' && b <= '~') || (b >= 0xa1 && b <= 0xac) || b >= 0xae;
            vocab.put(Character.toString(printable ? b : unprintable++), b); // GPT-2's alphabet of bytes
        }
        model.putArray("merges");
        return root;
    }
}
