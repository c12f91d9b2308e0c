package dev.skald.kernel;

import dev.skald.InvalidInputException;
import dev.skald.base.HostProcessor;
import dev.skald.base.UserCache;
import dev.skald.tensor.DType;
import dev.skald.tensor.DeviceType;
import dev.skald.tensor.Matrix;
import dev.skald.tensor.Natives;
import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * How fast libtorch's bf16 products and our own are on this machine, by kind of product: measured once, in one or two seconds, and kept in the
 * user's cache, so that later runs, and all processes of one, choose alike. A processor's flags would be a guess: what decides is which
 * code libtorch has for it.
 *
 * <p>The system property {@value #PROPERTY} overrides what was measured: {@code libtorch} or {@code own}.
 *
 * @param libtorch floating point operations a second
 * @param own floating point operations a second, those of many rows by the BLAS
 * @param dots floating point operations a second of many rows as dot products
 */
public record GemmTimes(Map<Kind, Double> libtorch, Map<Kind, Double> own, double dots) {

    /** Names the implementation to take for all bf16 products, whatever is faster. */
    public static final String PROPERTY = "skald.gemm";

    private static final String FILE = "rates.properties";
    /** Our loops are hundreds of times as slow before they are compiled: small products are repeated until they get no faster. */
    private static final Shape SMALL = new Shape(8, 128);

    private static final Shape MEASURED = new Shape(128, 512);

    private static final int STEADY_RUNS = 60;
    private static final long STEADY_NANOS = 60_000_000L;
    private static final long MOST_NANOS = 3_000_000_000L;

    /** Kinds of products, which libtorch does at very different speeds. */
    public enum Kind {
        FORWARD,
        INPUT_GRADIENT,
        WEIGHT_GRADIENT,
        BATCHED
    }

    /** Keeps its own copies. */
    public GemmTimes {
        libtorch = Map.copyOf(libtorch);
        own = Map.copyOf(own);
    }

    /** Whether libtorch is to do the bf16 products of a kind. */
    public boolean libtorchIsFaster(Kind kind) {
        double best = kind == Kind.FORWARD ? Math.max(own.get(kind), dots) : own.get(kind);
        return libtorch.get(kind) > best;
    }

    /** Whether many rows are to be multiplied as dot products, where libtorch does not multiply them. */
    public boolean dotsAreFaster() {
        return dots > own.get(Kind.FORWARD);
    }

    /**
     * What was measured on this machine, now or before.
     *
     * @throws InvalidInputException when the system property has another value
     */
    public static GemmTimes ofThisMachine() {
        return forced().orElseGet(() -> ThisMachine.TIMES);
    }

    private static Optional<GemmTimes> forced() {
        String forced = System.getProperty(PROPERTY);
        return switch (forced) {
            case null -> Optional.empty();
            case "libtorch" -> Optional.of(new GemmTimes(all(1), all(0), 0));
            case "own" -> Optional.of(new GemmTimes(all(0), all(1), 0));
            default -> throw new InvalidInputException("-D" + PROPERTY + "=" + forced + ": expected libtorch or own");
        };
    }

    private static Map<Kind, Double> all(double rate) {
        Map<Kind, Double> rates = new EnumMap<>(Kind.class);
        for (Kind kind : Kind.values()) {
            rates.put(kind, rate);
        }
        return rates;
    }

    /** Class initialisation is what makes it happen once in a process. */
    private static final class ThisMachine {
        static final GemmTimes TIMES = cached();

        private static GemmTimes cached() {
            String machine = String.join(
                    " ",
                    HostProcessor.name(),
                    "" + RowFormat.FLOATS.vectorBitSize(),
                    "" + torch.get_num_threads(),
                    torch.get_cpu_capability().getString(),
                    Objects.toString(System.getenv("ONEDNN_MAX_CPU_ISA"), ""),
                    Objects.toString(System.getenv("OPENBLAS_CORETYPE"), ""));
            String name = "products-" + Integer.toHexString(machine.hashCode());
            try {
                Path folder = UserCache.folder(name, to -> write(measure(), machine, to.resolve(FILE)));
                return read(folder.resolve(FILE));
            } catch (IOException e) {
                return measure(); // a cache that cannot be written costs the time again
            }
        }
    }

    private static void write(GemmTimes times, String machine, Path file) throws IOException {
        Properties rates = new Properties();
        for (Kind kind : Kind.values()) {
            rates.setProperty("libtorch." + key(kind), "" + times.libtorch.get(kind));
            rates.setProperty("own." + key(kind), "" + times.own.get(kind));
        }
        rates.setProperty("own.dots", "" + times.dots);
        try (Writer out = Files.newBufferedWriter(file, StandardCharsets.UTF_8)) {
            rates.store(out, "bf16 products, operations a second, on " + machine);
        }
    }

    private static GemmTimes read(Path file) throws IOException {
        Properties rates = new Properties();
        try (Reader in = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            rates.load(in);
        }
        Map<Kind, Double> libtorch = new EnumMap<>(Kind.class);
        Map<Kind, Double> own = new EnumMap<>(Kind.class);
        try {
            double dots = Double.parseDouble(rates.getProperty("own.dots", ""));
            for (Kind kind : Kind.values()) {
                libtorch.put(kind, Double.valueOf(rates.getProperty("libtorch." + key(kind), "")));
                own.put(kind, Double.valueOf(rates.getProperty("own." + key(kind), "")));
            }
            return new GemmTimes(libtorch, own, dots);
        } catch (NumberFormatException e) {
            throw new IOException(file + ": not what was written", e);
        }
    }

    private static String key(Kind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }

    private static GemmTimes measure() {
        Natives.load();
        Workers workers = new Workers(torch.get_num_threads());
        Gemm aten = new AtenGemm((x, sum) -> sum.add_(x));
        Gemm vector = new VectorGemm(workers, false);
        double dots;
        Map<Kind, Double> libtorch = new EnumMap<>(Kind.class);
        Map<Kind, Double> own = new EnumMap<>(Kind.class);
        try (PointerScope _ = new PointerScope()) {
            Operands small = new Operands(SMALL);
            Operands operands = new Operands(MEASURED);
            for (Kind kind : Kind.values()) {
                steadySeconds(vector, kind, small);
                own.put(kind, MEASURED.operations() / steadySeconds(vector, kind, operands));
                libtorch.put(kind, MEASURED.operations() / steadySeconds(aten, kind, operands));
            }
            Gemm asDots = new VectorGemm(workers, true);
            steadySeconds(asDots, Kind.FORWARD, small);
            dots = MEASURED.operations() / steadySeconds(asDots, Kind.FORWARD, operands);
        }
        return new GemmTimes(libtorch, own, dots);
    }

    /** The shortest time of a product, repeated until none has been shorter for a while. */
    private static double steadySeconds(Gemm gemm, Kind kind, Operands operands) {
        long best = Long.MAX_VALUE;
        long start = System.nanoTime();
        long found = start;
        int runs = 0;
        for (long now = start; (now - found < STEADY_NANOS || runs < STEADY_RUNS) && now - start < MOST_NANOS; runs++) {
            try (PointerScope _ = new PointerScope()) {
                operands.multiply(gemm, kind);
            }
            long end = System.nanoTime();
            if (end - now < best - best / 20) {
                best = end - now;
                found = end;
                runs = 0;
            }
            now = end;
        }
        return best / 1e9;
    }

    private record Shape(int rows, int features) {

        double operations() {
            return 2.0 * rows * features * features;
        }
    }

    private static final class Operands {
        private final Tensor x;
        private final Tensor y;
        private final Matrix w;
        private final Tensor sum;
        private final Tensor heads;
        private final Tensor keys;

        Operands(Shape shape) {
            x = zeros(shape.rows, shape.features);
            y = zeros(shape.rows, shape.features);
            w = Matrix.of(zeros(shape.features, shape.features));
            sum = DeviceType.CPU.zeros(DType.F32, shape.features, shape.features);
            heads = zeros(shape.features / 64, shape.rows, 64);
            keys = zeros(shape.features / 64, shape.features, 64).transpose(1, 2);
        }

        private static Tensor zeros(long... shape) {
            return DeviceType.CPU.zeros(DType.BF16, shape);
        }

        void multiply(Gemm gemm, Kind kind) {
            switch (kind) {
                case FORWARD -> gemm.forward(x, w, y);
                case INPUT_GRADIENT -> gemm.inputGradient(y, w, x, false);
                case WEIGHT_GRADIENT -> gemm.weightGradient(y, x, sum);
                case BATCHED -> gemm.batched(heads, keys);
            }
        }
    }
}
