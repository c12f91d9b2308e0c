import com.sun.management.OperatingSystemMXBean;
import dev.skald.kernel.Kernels;
import dev.skald.model.Gradients;
import dev.skald.model.LlamaConfig;
import dev.skald.model.LlamaParameters;
import dev.skald.model.PackedRows;
import dev.skald.model.Parameter;
import dev.skald.model.TrainableLlama;
import dev.skald.tensor.DType;
import dev.skald.tensor.DeviceType;
import dev.skald.tensor.Natives;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Forward and backward pass of a 56 M Llama (dim 512, 8 layers, 8 heads, 4 kv heads, ffn 1408, vocab 32000), written out (Skald) and the
 * eager way (libtorch's autograd, scaled_dot_product_attention, full logits), each in a process of its own on the same libtorch: tokens per
 * second, the share of the bf16 matrix product rate by 6N + 12LHQT, and peak memory.
 *
 * <pre>java @jvm.options -cp app/target/skald.jar:$(cat app/target/class-path) benchmarks/TrainingSpeed.java [sequences] [length]</pre>
 */
public final class TrainingSpeed {

    private static final LlamaConfig CONFIG = new LlamaConfig(
            512,
            1408,
            8,
            8,
            4,
            64,
            32000,
            16384,
            1e-5,
            10000,
            Optional.empty(),
            false,
            Optional.of(1),
            List.of(2),
            Optional.of(DType.BF16));

    public static void main(String[] arguments) throws Exception {
        int sequences = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 2;
        int length = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 1024;
        if (arguments.length > 2) {
            run(arguments[2], sequences, length);
            return;
        }
        List<String> modes = length > 2048
                ? List.of("skald", "skald-checkpointing")
                : List.of("matmul", "skald", "skald-checkpointing", "skald-f32", "eager-bf16", "eager-f32");
        for (String mode : modes) {
            List<String> command = new ArrayList<>(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString()));
            command.addAll(List.of("@jvm.options", "-Xmx256m", "-cp", System.getProperty("java.class.path")));
            command.addAll(List.of("benchmarks/TrainingSpeed.java", "" + sequences, "" + length, mode));
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            try (BufferedReader out =
                    new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
                out.lines().forEach(System.out::println);
            }
        }
    }

    private static void run(String mode, int sequences, int length) throws Exception {
        Natives.load();
        if (mode.equals("matmul")) {
            for (ScalarType type : List.of(ScalarType.BFloat16, ScalarType.Float)) {
                System.out.printf(
                        "libtorch's matmul %s 2048 x 512 x 1408: %.0f GFLOPS%n", type, matmul(type, 2048, 512, 1408));
                System.out.printf(
                        "libtorch's matmul %s 2048 x 2048 x 2048: %.0f GFLOPS%n", type, matmul(type, 2048, 2048, 2048));
            }
            return;
        }
        DType dtype = mode.endsWith("f32") ? DType.F32 : DType.BF16;
        PackedRows rows = rows(sequences, length);
        try (LlamaParameters parameters = new LlamaParameters(CONFIG, dtype, DeviceType.CPU)) {
            parameters.initialize(1);
            Runnable step = mode.startsWith("skald")
                    ? skald(parameters, rows, mode.endsWith("checkpointing"))
                    : eager(parameters, rows, length);
            step.run();
            List<Double> times = new ArrayList<>();
            long cpu = cpuNanos();
            long end = System.nanoTime() + 12_000_000_000L;
            while (times.size() < 9 && (times.isEmpty() || System.nanoTime() < end)) {
                long start = System.nanoTime();
                step.run();
                times.add((System.nanoTime() - start) / 1e9);
            }
            double cpuSeconds = (cpuNanos() - cpu) / 1e9 / times.size();
            times.sort(null);
            double seconds = times.get(times.size() / 2);
            double tokensPerSecond = rows.rows() / seconds;
            double flopsPerToken =
                    6.0 * CONFIG.parameterCount() + 12.0 * CONFIG.num_hidden_layers() * CONFIG.hidden_size() * length;
            System.out.printf(
                    "%-20s %d x %d: %.0f tokens/s (best %.0f), %.0f GFLOPS by 6N + 12LHQT, %.2f s of processor time a step, peak memory %s%n",
                    mode,
                    sequences,
                    length,
                    tokensPerSecond,
                    rows.rows() / times.getFirst(),
                    tokensPerSecond * flopsPerToken / 1e9,
                    cpuSeconds,
                    peak());
        }
    }

    private static Runnable skald(LlamaParameters parameters, PackedRows rows, boolean checkpointing) {
        TrainableLlama training =
                new TrainableLlama(CONFIG, parameters, DeviceType.CPU, Kernels.on(DeviceType.CPU), checkpointing);
        Tensor flat = torch.zeros(parameters.flat().numel());
        List<Tensor> gradients = parameters.list().stream()
                .map(p -> flat.narrow(0, p.offset(), p.numel()).view(p.shape()))
                .toList();
        Gradients sink = new Gradients() {
            @Override
            public Tensor of(Parameter parameter) {
                return gradients.get(parameter.index());
            }

            @Override
            public void complete(Parameter parameter) {}
        };
        return () -> {
            double loss = training.forwardBackward(rows, 1.0 / rows.rows(), sink) / rows.rows();
            check(loss);
        };
    }

    private static Runnable eager(LlamaParameters parameters, PackedRows rows, int length) {
        Map<String, Tensor> weights = parameters.list().stream()
                .collect(Collectors.toMap(
                        Parameter::name,
                        parameter -> parameters.view(parameter).clone().detach().set_requires_grad(true)));
        Tensor ids = longs(rows.ids());
        Tensor targets = longs(rows.targets());
        long batch = rows.rows() / length;
        return () -> {
            try (PointerScope _ = new PointerScope()) {
                Tensor x = torch.embedding(weights.get("model.embed_tokens.weight"), ids);
                for (int i = 0; i < CONFIG.num_hidden_layers(); i++) {
                    String layer = "model.layers." + i + ".";
                    Tensor normed = norm(x, weights.get(layer + "input_layernorm.weight"));
                    Tensor q =
                            rotated(heads(torch.linear(normed, weights.get(layer + "self_attn.q_proj.weight")), batch));
                    Tensor k =
                            rotated(heads(torch.linear(normed, weights.get(layer + "self_attn.k_proj.weight")), batch));
                    Tensor v = heads(torch.linear(normed, weights.get(layer + "self_attn.v_proj.weight")), batch);
                    Tensor out = torch.scaled_dot_product_attention(
                            q, k, v, new TensorOptional(), 0.0, true, new DoubleOptional(), true);
                    x = x.add(torch.linear(
                            out.transpose(1, 2).reshape(rows.rows(), 512),
                            weights.get(layer + "self_attn.o_proj.weight")));
                    Tensor again = norm(x, weights.get(layer + "post_attention_layernorm.weight"));
                    x = x.add(torch.linear(
                            torch.silu(torch.linear(again, weights.get(layer + "mlp.gate_proj.weight")))
                                    .mul(torch.linear(again, weights.get(layer + "mlp.up_proj.weight"))),
                            weights.get(layer + "mlp.down_proj.weight")));
                }
                Tensor logits = torch.linear(norm(x, weights.get("model.norm.weight")), weights.get("lm_head.weight"))
                        .to(ScalarType.Float);
                Tensor loss = torch.cross_entropy_loss(logits, targets);
                loss.backward();
                check(loss.item_double());
            }
        };
    }

    private static Tensor heads(Tensor x, long batch) {
        return x.view(batch, x.size(0) / batch, x.size(1) / 64, 64).transpose(1, 2);
    }

    private static Tensor norm(Tensor x, Tensor weight) {
        return torch.rms_norm(x, new long[] {512}, new TensorOptional(weight), new DoubleOptional(1e-5));
    }

    private static Tensor rotated(Tensor x) {
        long time = x.size(2);
        Tensor position = torch.arange(new Scalar(time)).to(ScalarType.Float).view(time, 1);
        Tensor frequency = torch.arange(new Scalar(32))
                .to(ScalarType.Float)
                .mul(new Scalar(-Math.log(10000) / 32))
                .exp();
        Tensor angle = position.mul(frequency);
        Tensor twice = torch.cat(new TensorVector(angle, angle), 1);
        Tensor turned = torch.cat(new TensorVector(x.narrow(3, 32, 32).neg(), x.narrow(3, 0, 32)), 3);
        return x.mul(twice.cos().to(x.scalar_type())).add(turned.mul(twice.sin().to(x.scalar_type())));
    }

    private static void check(double loss) {
        if (!(loss > 9 && loss < 12)) {
            throw new IllegalStateException("loss " + loss + ", expected about ln(32000) = 10.4");
        }
    }

    private static PackedRows rows(int sequences, int length) {
        int count = sequences * length;
        int[] ids = new Random(1).ints(count + 1, 0, 32000).toArray();
        int[] positions = new int[count];
        int[] starts = new int[sequences];
        for (int i = 0; i < count; i++) {
            positions[i] = i % length;
        }
        for (int s = 0; s < sequences; s++) {
            starts[s] = s * length;
        }
        return new PackedRows(Arrays.copyOf(ids, count), Arrays.copyOfRange(ids, 1, count + 1), positions, starts);
    }

    private static Tensor longs(int[] values) {
        long[] wide = Arrays.stream(values).asLongStream().toArray();
        return torch.from_blob(new LongPointer(wide), new long[] {wide.length}, new TensorOptions(ScalarType.Long))
                .clone();
    }

    private static double matmul(ScalarType type, int rows, int in, int out) {
        Tensor x = torch.randn(rows, in).to(type);
        Tensor weight = torch.randn(out, in).to(type);
        double best = Double.MAX_VALUE;
        long end = System.nanoTime() + 2_000_000_000L;
        for (int i = 0; i < 3 || System.nanoTime() < end; i++) {
            long start = System.nanoTime();
            torch.linear(x, weight).close();
            best = Math.min(best, (System.nanoTime() - start) / 1e9);
        }
        return 2.0 * rows * in * out / best / 1e9;
    }

    private static long cpuNanos() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }

    private static String peak() throws Exception {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmHWM"))
                .map(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024 + " MB")
                .findFirst()
                .orElse("unknown");
    }
}
