package dev.skald.train;

import dev.skald.kernel.Workers;
import dev.skald.tensor.Natives;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorType;
import org.bytedeco.pytorch.Type;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * An update of 56 million parameters by {@link VectorAdamW} and by libtorch's {@code _fused_adamw_}, taking turns in one process, with one thread and with two,
 * and the speed at which the same memory can be copied. f32: both update f32 parameters. bf16: {@code _fused_adamw_} updates f32 master weights, which are then
 * copied to the bf16 parameters, as mixed-precision training does.
 *
 * <pre>
 * javac --add-modules jdk.incubator.vector -d app/target/benchmarks -cp app/target/skald.jar:$(cat app/target/class-path) benchmarks/AdamWSpeed.java
 * java @jvm.options -cp app/target/benchmarks:app/target/skald.jar:$(cat app/target/class-path) dev.skald.train.AdamWSpeed
 * </pre>
 */
public final class AdamWSpeed {

    private static final long PARAMETERS = 56_000_000;
    private static final long FEW = 1 << 20;
    private static final long WARM_UP_NANOS = 5_000_000_000L;
    private static final int ROUNDS = 15;
    private static final double LR = 1e-3;
    private static final AdamW.Options OPTIONS = new AdamW.Options(0.9, 0.95, 1e-8, 0.1);

    /** Read and written by an update of one parameter: weight, both moments; read: the gradient. */
    private static final int BYTES = 28;

    private AdamWSpeed() {}

    public static void main(String[] arguments) throws Exception {
        if (arguments.length == 1) {
            run(Integer.parseInt(arguments[0]));
            return;
        }
        for (int threads = 1; threads <= 2; threads++) {
            List<String> command = new ArrayList<>(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "@jvm.options",
                    "-XX:ActiveProcessorCount=" + threads,
                    "-cp",
                    System.getProperty("java.class.path"),
                    AdamWSpeed.class.getName(),
                    "" + threads));
            ProcessBuilder process = new ProcessBuilder(command).inheritIO();
            process.environment().putAll(Map.of("OMP_NUM_THREADS", "" + threads, "OMP_WAIT_POLICY", "passive"));
            process.start().waitFor();
        }
    }

    private static void run(int threads) {
        Natives.load();
        torch.set_num_threads(threads);
        for (boolean bf16 : new boolean[] {false, true}) {
            try (PointerScope _ = new PointerScope()) {
                warmUp(bf16);
                compare(bf16, threads);
            }
        }
    }

    /** Until the JVM's compiler is done with it. */
    private static void warmUp(boolean bf16) {
        Tensor few = random().narrow(0, 0, FEW);
        Tensor weights = few.to(bf16 ? ScalarType.BFloat16 : ScalarType.Float).clone();
        try (AdamW adamW = new VectorAdamW(
                List.of(new Slice(0, 0, 0, 0, 0, FEW, true)), weights, new Workers(torch.get_num_threads()))) {
            long end = System.nanoTime() + WARM_UP_NANOS;
            for (int t = 1; System.nanoTime() < end; t++) {
                adamW.step(AdamW.Update.of(OPTIONS, t, LR, 1), few);
            }
        }
    }

    private static void compare(boolean bf16, int threads) {
        Tensor start = random().mul(new Scalar(0.02));
        Tensor gradients = random();
        Tensor ours = bf16 ? start.to(ScalarType.BFloat16) : start.clone();
        Tensor theirs = bf16 ? start.to(ScalarType.BFloat16) : start.clone();
        Tensor master = bf16 ? theirs.to(ScalarType.Float) : theirs;
        Tensor expAvg = torch.zeros_like(gradients);
        Tensor expAvgSq = torch.zeros_like(gradients);
        Tensor step = torch.zeros(new long[] {}, new TensorOptions(ScalarType.Float));
        Tensor copy = torch.zeros_like(gradients);
        List<Double> copying = new ArrayList<>();
        List<Double> vector = new ArrayList<>();
        List<Double> fused = new ArrayList<>();
        try (AdamW adamW = new VectorAdamW(
                List.of(new Slice(0, 0, 0, 0, 0, PARAMETERS, true)), ours, new Workers(torch.get_num_threads()))) {
            for (int round = 1; round <= ROUNDS; round++) {
                long t = round;
                copying.add(seconds(() -> copy.copy_(gradients)));
                vector.add(seconds(() -> adamW.step(AdamW.Update.of(OPTIONS, t, LR, 1), gradients)));
                fused.add(seconds(() -> {
                    step.add_(new Scalar(1));
                    fused(master, gradients, expAvg, expAvgSq, step);
                    if (bf16) {
                        theirs.copy_(master);
                    }
                }));
            }
            double apart = ours.to(ScalarType.Float)
                    .sub(theirs.to(ScalarType.Float))
                    .abs()
                    .max()
                    .item_double();
            System.out.printf(
                    "%s, %d thread%s: VectorAdamW %.0f ms (best %.0f, %.1f GB/s), _fused_adamw_%s %.0f ms (best %.0f), %.2f times (best %.2f); copying %.1f GB/s at best; weights apart by at most %.1e%n",
                    bf16 ? "bf16" : "f32",
                    threads,
                    threads == 1 ? "" : "s",
                    1e3 * median(vector),
                    1e3 * Collections.min(vector),
                    BYTES * PARAMETERS / Collections.min(vector) / 1e9,
                    bf16 ? " and copy" : "",
                    1e3 * median(fused),
                    1e3 * Collections.min(fused),
                    median(fused) / median(vector),
                    Collections.min(fused) / Collections.min(vector),
                    2 * Float.BYTES * PARAMETERS / Collections.min(copying) / 1e9,
                    apart);
        }
    }

    /** The operator has no Java method: it is called by name. */
    private static void fused(Tensor weights, Tensor gradients, Tensor expAvg, Tensor expAvgSq, Tensor step) {
        IValueVector stack = new IValueVector();
        for (Tensor tensor : new Tensor[] {weights, gradients, expAvg, expAvgSq}) {
            stack.push_back(new IValue(list(tensor)));
        }
        stack.push_back(new IValue(new GenericList(new Type.TypePtr(TensorType.get())))); // amsgrad's, none
        stack.push_back(new IValue(list(step)));
        for (double number :
                new double[] {LR, OPTIONS.beta1(), OPTIONS.beta2(), OPTIONS.weightDecay(), OPTIONS.epsilon()}) {
            stack.push_back(new IValue(number));
        }
        stack.push_back(new IValue(false)); // amsgrad
        stack.push_back(new IValue(false)); // maximize
        stack.push_back(new IValue()); // grad_scale
        stack.push_back(new IValue()); // found_inf
        Dispatcher.singleton().findSchemaOrThrow("aten::_fused_adamw_", "").callBoxed(stack);
    }

    private static GenericList list(Tensor tensor) {
        GenericList list = new GenericList(new Type.TypePtr(TensorType.get()));
        list.push_back(new IValue(tensor));
        return list;
    }

    private static Tensor random() {
        return torch.randn(PARAMETERS);
    }

    private static double seconds(Runnable work) {
        long start = System.nanoTime();
        try (PointerScope _ = new PointerScope()) {
            work.run();
        }
        return (System.nanoTime() - start) / 1e9;
    }

    private static double median(List<Double> times) {
        List<Double> sorted = times.stream().sorted().toList();
        return sorted.get(sorted.size() / 2);
    }
}
