package dev.skald.model;

import dev.skald.InvalidInputException;
import dev.skald.gguf.Gguf;
import dev.skald.gguf.GgufKeys;
import dev.skald.gguf.GgufTensor;
import dev.skald.tensor.BlockValues;
import dev.skald.tensor.DType;
import dev.skald.tensor.DeviceType;
import dev.skald.tensor.TensorMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/**
 * A Llama of a GGUF file: its configuration, and its weights by their Hugging Face names. llama.cpp rotates neighbouring elements of a head where
 * transformers rotates those of its halves, so the file has the rows of {@code q_proj} and {@code k_proj} in another order: its row {@code 2i + h} of a
 * head is row {@code h * headDim / 2 + i} here.
 */
final class GgufLlama {

    private static final String ROPE = "rope_freqs.weight";
    private static final int CONTROL = 3;

    /** Texts of control tokens that end a text whether or not a key says so, as in llama.cpp. */
    private static final Set<String> ENDS =
            Set.of("<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<|im_end|>", "<|endoftext|>", "<end_of_turn>");

    /** The contexts that models with llama3 scaling were first trained on. */
    private static final int[] CONTEXTS = {8192, 4096, 2048, 16384, 32768};

    private final Gguf gguf;
    private final GgufKeys keys;
    private final LlamaConfig config;

    /** @throws InvalidInputException for another architecture, or a key that is missing or not supported */
    GgufLlama(Gguf gguf) {
        this.gguf = gguf;
        this.keys = gguf.keys();
        try {
            this.config = readConfig();
        } catch (InvalidInputException e) {
            throw e.getMessage().startsWith(gguf.file().toString())
                    ? e
                    : new InvalidInputException(gguf.file() + ": " + e.getMessage(), e);
        }
    }

    LlamaConfig config() {
        return config;
    }

    private LlamaConfig readConfig() {
        String architecture = keys.requiredText("general.architecture");
        if (!architecture.equals("llama")) {
            throw keys.error("general.architecture", "is '" + architecture + "', expected llama");
        }
        if (keys.integer("llama.expert_count").orElse(0) > 0) {
            throw keys.error("llama.expert_count", "a mixture of experts is not read");
        }
        int hidden = keys.requiredInteger("llama.embedding_length");
        int heads = keys.requiredInteger("llama.attention.head_count");
        int headDim = keys.integer("llama.attention.key_length").orElse(heads <= 0 ? 0 : hidden / heads);
        same("llama.attention.value_length", headDim);
        same("llama.rope.dimension_count", headDim);
        GgufTensor embedding = tensor("token_embd.weight");
        same("llama.vocab_size", Math.toIntExact(embedding.shape().getFirst()));
        return new LlamaConfig(
                hidden,
                keys.requiredInteger("llama.feed_forward_length"),
                keys.requiredInteger("llama.block_count"),
                heads,
                keys.integer("llama.attention.head_count_kv").orElse(heads),
                headDim,
                Math.toIntExact(embedding.shape().getFirst()),
                keys.requiredInteger("llama.context_length"),
                keys.number("llama.attention.layer_norm_rms_epsilon")
                        .map(GgufLlama::asWritten)
                        .orElseThrow(() -> keys.error("llama.attention.layer_norm_rms_epsilon", "is missing")),
                keys.number("llama.rope.freq_base").orElse(10000.0),
                ropeScaling(headDim),
                !gguf.tensors().containsKey("output.weight"),
                keys.integer("tokenizer.ggml.bos_token_id"),
                ends(),
                Optional.of(
                        switch (embedding.format()) {
                            case F32 -> DType.F32;
                            case F16 -> DType.F16;
                            default -> DType.BF16;
                        }));
    }

    /** 1e-5 as f32 is 9.99999974e-6; what was meant is the shortest number that gives the same f32. */
    private static double asWritten(double number) {
        return Double.parseDouble(Float.toString((float) number));
    }

    private void same(String key, int expected) {
        keys.integer(key).filter(value -> value != expected).ifPresent(value -> {
            throw keys.error(key, "is " + value + ", expected " + expected);
        });
    }

    private Optional<LlamaConfig.RopeScaling> ropeScaling(int headDim) {
        String type = keys.text("llama.rope.scaling.type").orElse("none");
        double factor = keys.number("llama.rope.scaling.factor").orElse(1.0);
        switch (type) {
            case "none" -> {}
            case "linear" -> {
                if (factor != 1) {
                    return Optional.of(new LlamaConfig.RopeScaling.Linear(factor));
                }
            }
            default -> throw keys.error("llama.rope.scaling.type", "is '" + type + "', expected none or linear");
        }
        if (!gguf.tensors().containsKey(ROPE)) {
            return Optional.empty();
        }
        GgufTensor tensor = tensor(ROPE);
        checkShape(tensor, headDim / 2L);
        float[] divisors = new float[headDim / 2];
        BlockValues.read(tensor.format(), tensor.bytes(), 0, divisors.length, divisors, 0);
        return IntStream.range(0, divisors.length).allMatch(i -> divisors[i] == 1)
                ? Optional.empty()
                : Optional.of(llama3(headDim, divisors));
    }

    /** The file has what each frequency is divided by; the parameters that give these divisors are found by trying. */
    private LlamaConfig.RopeScaling llama3(int headDim, float[] divisors) {
        double factor = IntStream.range(0, divisors.length)
                .mapToDouble(i -> divisors[i])
                .max()
                .orElse(1);
        double base = keys.number("llama.rope.freq_base").orElse(10000.0);
        for (int context : CONTEXTS) {
            boolean fits = true;
            for (int i = 0; i < divisors.length; i++) {
                double wavelength = 2 * Math.PI * Math.pow(base, 2.0 * i / headDim);
                double smooth = Math.clamp((context / wavelength - 1) / 3, 0.0, 1.0);
                double expected = 1 / ((1 - smooth) / factor + smooth);
                fits &= Math.abs(divisors[i] - expected) <= 1e-4 * expected;
            }
            if (fits) {
                return new LlamaConfig.RopeScaling.Llama3(factor, 1, 4, context);
            }
        }
        throw new InvalidInputException(gguf.file() + ": tensor '" + ROPE
                + "' is not what llama3 scaling with low_freq_factor 1 and high_freq_factor 4 gives");
    }

    private List<Integer> ends() {
        Set<Integer> ends = new LinkedHashSet<>();
        for (String key : List.of("eos", "eot", "eom")) {
            keys.integer("tokenizer.ggml." + key + "_token_id").ifPresent(ends::add);
        }
        List<String> tokens = keys.texts("tokenizer.ggml.tokens").orElse(List.of());
        double[] types = keys.numbers("tokenizer.ggml.token_type").orElse(new double[0]);
        for (int id = 0; id < Math.min(types.length, tokens.size()); id++) {
            if (types[id] == CONTROL && ENDS.contains(tokens.get(id))) {
                ends.add(id);
            }
        }
        return List.copyOf(ends);
    }

    /**
     * All weights in the order of {@link Parameter#of}, turned to a dtype; {@link #check} comes first.
     *
     * @return retained tensors, which the caller releases
     */
    List<Tensor> tensors(DType dtype, DeviceType device) {
        List<Tensor> placed = new ArrayList<>();
        for (Parameter parameter : Parameter.of(config)) {
            placed.add(tensor(parameter, dtype, device));
        }
        return placed;
    }

    private Tensor tensor(Parameter parameter, DType dtype, DeviceType device) {
        try (PointerScope _ = new PointerScope()) {
            Tensor tensor = device.place(read(parameter, dtype), dtype);
            tensor.retainReference();
            return tensor;
        }
    }

    /** One weight on the CPU, turned to a dtype; a retained tensor, which the caller releases. */
    Tensor tensor(Parameter parameter, DType dtype) {
        return tensor(parameter, dtype, DeviceType.CPU);
    }

    /** @throws InvalidInputException when a tensor is missing, unknown or of the wrong shape */
    void check() {
        if (config.num_hidden_layers() > gguf.tensors().size()) {
            throw keys.error(
                    "llama.block_count",
                    "is " + config.num_hidden_layers() + ", the file has only "
                            + gguf.tensors().size() + " tensors");
        }
        List<Parameter> parameters = Parameter.of(config);
        Set<String> unknown = new TreeSet<>(gguf.tensors().keySet());
        unknown.remove(ROPE);
        for (Parameter parameter : parameters) {
            checkShape(tensor(name(parameter.name())), parameter.shape());
            unknown.remove(name(parameter.name()));
        }
        if (!unknown.isEmpty()) {
            throw new InvalidInputException(gguf.file() + ": tensor '"
                    + unknown.iterator().next() + "' is not one of this model's (" + unknown.size() + " such)");
        }
    }

    private void checkShape(GgufTensor tensor, long... expected) {
        List<Long> shape = LongStream.of(expected).boxed().toList();
        if (!tensor.shape().equals(shape)) {
            throw new InvalidInputException(gguf.file() + ": tensor '" + tensor.name() + "' has shape " + tensor.shape()
                    + ", the keys ask for " + shape);
        }
    }

    private GgufTensor tensor(String name) {
        GgufTensor tensor = gguf.tensors().get(name);
        if (tensor == null) {
            throw new InvalidInputException(gguf.file() + ": tensor '" + name + "' is missing");
        }
        return tensor;
    }

    /** In bf16, or in f32 for the others. */
    private Tensor read(Parameter parameter, DType wanted) {
        DType dtype = wanted == DType.BF16 ? DType.BF16 : DType.F32;
        GgufTensor source = tensor(name(parameter.name()));
        Tensor tensor = torch.empty(parameter.shape(), new TensorOptions(dtype.scalarType()), null);
        MemorySegment to = TensorMemory.of(tensor);
        int columns = Math.toIntExact(parameter.shape()[parameter.shape().length - 1]);
        int rows = Math.toIntExact(parameter.numel() / columns);
        long rowBytes = source.format().bytes(columns);
        IntStream.range(0, rows).parallel().forEach(row -> {
            float[] values = new float[columns];
            long from = sourceRow(parameter, row) * rowBytes;
            BlockValues.read(source.format(), source.bytes(), from, columns, values, 0);
            write(values, dtype, to, (long) row * columns * dtype.bytes());
        });
        return tensor;
    }

    /** Which row of the file a row of a weight is. */
    int sourceRow(Parameter parameter, int row) {
        return Math.toIntExact(WeightRows.rowInGguf(config, parameter, row));
    }

    private static void write(float[] values, DType dtype, MemorySegment to, long at) {
        if (dtype == DType.F32) {
            MemorySegment.copy(values, 0, to, ValueLayout.JAVA_FLOAT_UNALIGNED, at, values.length);
            return;
        }
        for (int i = 0; i < values.length; i++) {
            int bits = Float.floatToRawIntBits(values[i]);
            to.set(ValueLayout.JAVA_SHORT_UNALIGNED, at + 2L * i, (short)
                    ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16));
        }
    }

    private static final Map<String, String> IN_LAYER = Map.of(
            "input_layernorm", "attn_norm",
            "self_attn.q_proj", "attn_q",
            "self_attn.k_proj", "attn_k",
            "self_attn.v_proj", "attn_v",
            "self_attn.o_proj", "attn_output",
            "post_attention_layernorm", "ffn_norm",
            "mlp.gate_proj", "ffn_gate",
            "mlp.up_proj", "ffn_up",
            "mlp.down_proj", "ffn_down");

    /** The name in a GGUF file of a parameter by its Hugging Face name. */
    static String name(String parameter) {
        String[] parts = parameter.split("\\.", 4);
        return switch (parameter) {
            case Parameter.EMBEDDING -> "token_embd.weight";
            case Parameter.HEAD -> "output.weight";
            case "model.norm.weight" -> "output_norm.weight";
            default -> {
                String inLayer = parts[3].substring(0, parts[3].length() - ".weight".length());
                yield "blk." + parts[2] + "." + IN_LAYER.get(inLayer) + ".weight";
            }
        };
    }
}
