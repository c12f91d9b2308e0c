import dev.skald.kernel.Kernels;
import dev.skald.kernel.Nf4Weight;
import dev.skald.model.AdapterConfig;
import dev.skald.model.AdapterParameters;
import dev.skald.model.BaseWeights;
import dev.skald.model.Gradients;
import dev.skald.model.LlamaCheckpointWriter;
import dev.skald.model.LlamaConfig;
import dev.skald.model.LlamaParameters;
import dev.skald.model.PackedRows;
import dev.skald.model.Parameter;
import dev.skald.model.TrainableLlama;
import dev.skald.model.Weights;
import dev.skald.tensor.DType;
import dev.skald.tensor.DeviceType;
import dev.skald.tensor.Natives;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * One layer of Llama-3-8B's shape with a vocabulary of 8192, bf16, a sequence of 512 tokens, gradient checkpointing: forward and backward pass through weights that stay as
 * they are, with a LoRA of rank 16 on all linear modules beside them, and with that beside NF4. The ways take turns, five times; medians. Then the dequantising of one
 * matrix {@code [14336, 4096]}, by the plain loop and by vectors.
 *
 * <p>{@code java @jvm.options -cp app/target/skald.jar:$(cat app/target/class-path) benchmarks/TuningSpeed.java}
 */
final class TuningSpeed {

    private static final int TURNS = 5;

    private static final LlamaConfig CONFIG = new LlamaConfig(
            4096,
            14336,
            1,
            32,
            8,
            128,
            8192,
            8192,
            1e-5,
            500000,
            Optional.empty(),
            false,
            Optional.of(1),
            List.of(2),
            Optional.of(DType.BF16));

    private TuningSpeed() {}

    public static void main(String[] arguments) throws Exception {
        Natives.load();
        Path model = Files.createTempDirectory("tuning-speed");
        try (PointerScope _ = new PointerScope();
                LlamaParameters random = new LlamaParameters(CONFIG, DType.BF16, DeviceType.CPU)) {
            random.initialize(1);
            LlamaCheckpointWriter.writeInto(
                    model,
                    CONFIG,
                    random.list().stream().map(random::view).toList(),
                    Map.of(),
                    LlamaCheckpointWriter.DEFAULT_SHARD_BYTES);
        }
        Kernels kernels = Kernels.on(DeviceType.CPU);
        try {
            passes(model, kernels);
        } finally {
            for (String file : List.of("model.safetensors", "config.json", "generation_config.json")) {
                Files.deleteIfExists(model.resolve(file));
            }
            Files.deleteIfExists(model);
        }
        dequantising(kernels);
    }

    private static void passes(Path model, Kernels kernels) {
        AdapterConfig config = new AdapterConfig(
                16,
                32,
                0,
                AdapterConfig.LINEAR,
                Optional.empty(),
                List.of(),
                List.of(),
                Map.of(),
                Map.of(),
                false,
                List.of(),
                null);
        try (BaseWeights base = BaseWeights.open(model, DType.BF16, DeviceType.CPU);
                BaseWeights nf4 =
                        BaseWeights.quantised(model, BaseWeights.Bits.FOUR, DType.BF16, kernels.workers(), _ -> {});
                AdapterParameters lora = new AdapterParameters(CONFIG, config, base, DType.BF16, DeviceType.CPU);
                AdapterParameters qlora = new AdapterParameters(CONFIG, config, nf4, DType.BF16, DeviceType.CPU)) {
            lora.initialize(2);
            qlora.initialize(2);
            Map<String, Weights> ways = new LinkedHashMap<>();
            ways.put("frozen", base.fixed());
            ways.put("lora", lora);
            ways.put("qlora", qlora);
            Map<String, List<Double>> seconds = new LinkedHashMap<>();
            PackedRows rows = rows();
            for (int turn = 0; turn <= TURNS; turn++) {
                for (Map.Entry<String, Weights> way : ways.entrySet()) {
                    double taken = pass(way.getValue(), rows, kernels);
                    if (turn > 0) {
                        seconds.computeIfAbsent(way.getKey(), _ -> new ArrayList<>())
                                .add(taken);
                    }
                }
            }
            double frozen = median(seconds.get("frozen"));
            seconds.forEach((name, all) -> System.out.printf(
                    Locale.ROOT, "%-8s %.3f s, %.2f of frozen%n", name, median(all), median(all) / frozen));
        }
    }

    private static PackedRows rows() {
        Random random = new Random(3);
        int[] ids = random.ints(512, 0, 8192).toArray();
        int[] targets = random.ints(512, 0, 8192).toArray();
        return new PackedRows(ids, targets, IntStream.range(0, 512).toArray(), new int[] {0});
    }

    private static double pass(Weights weights, PackedRows rows, Kernels kernels) {
        try (PointerScope _ = new PointerScope();
                TrainableLlama model = new TrainableLlama(CONFIG, weights, DeviceType.CPU, kernels, true)) {
            Map<Integer, Tensor> sums = new LinkedHashMap<>();
            Gradients gradients = new Gradients() {
                @Override
                public Tensor of(Parameter parameter) {
                    return sums.computeIfAbsent(parameter.index(), _ -> torch.zeros(parameter.shape()));
                }

                @Override
                public void complete(Parameter parameter) {}
            };
            long start = System.nanoTime();
            double _ = model.forwardBackward(rows, 1.0 / 512, gradients);
            return (System.nanoTime() - start) / 1e9;
        }
    }

    private static void dequantising(Kernels kernels) throws Exception {
        Method way = Nf4Weight.class.getDeclaredMethod("dequantise", Tensor.class, boolean.class);
        way.setAccessible(true);
        try (PointerScope _ = new PointerScope()) {
            Tensor weight = torch.randn(14336, 4096).mul_(new org.bytedeco.pytorch.Scalar(0.02));
            try (Nf4Weight nf4 = new Nf4Weight(weight, kernels.workers())) {
                for (DType dtype : List.of(DType.BF16, DType.F32)) {
                    Tensor out = DeviceType.CPU.zeros(dtype, 14336L * 4096).view(14336, 4096);
                    Map<Boolean, List<Double>> seconds = new LinkedHashMap<>();
                    for (int turn = 0; turn < 4 * TURNS; turn++) {
                        for (boolean vectors : new boolean[] {false, true}) {
                            long start = System.nanoTime();
                            way.invoke(nf4, out, vectors);
                            seconds.computeIfAbsent(vectors, _ -> new ArrayList<>())
                                    .add((System.nanoTime() - start) / 1e9);
                        }
                    }
                    double plain = median(seconds.get(false));
                    double vectors = median(seconds.get(true));
                    System.out.printf(
                            Locale.ROOT,
                            "dequantise to %s: plain %.1f ms, vectors %.1f ms, %.2f times as fast; %.2f G weights a second%n",
                            dtype,
                            1e3 * plain,
                            1e3 * vectors,
                            plain / vectors,
                            14336L * 4096 / vectors / 1e9);
                }
            }
        }
    }

    private static double median(List<Double> values) {
        List<Double> sorted = new ArrayList<>(values);
        Collections.sort(sorted);
        return sorted.get(sorted.size() / 2);
    }
}
