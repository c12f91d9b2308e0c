package dev.skald.cli;

import dev.skald.base.HostMemory;
import dev.skald.base.HostProcessor;
import dev.skald.corpus.SparkProbe;
import dev.skald.kernel.GemmTimes;
import dev.skald.kernel.GemmTimes.Kind;
import dev.skald.kernel.Kernels;
import dev.skald.kernel.MatmulRate;
import dev.skald.tensor.DType;
import dev.skald.tensor.DeviceType;
import dev.skald.tensor.MemoryReadRate;
import dev.skald.tensor.Natives;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import jdk.incubator.vector.FloatVector;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.global.torch;

/**
 * One finding of {@code skald doctor}.
 *
 * @param name of what was looked at, one word
 * @param found what is there
 * @param hint how to mend it; "" where there is nothing to mend
 * @param figures for scripts, by key
 */
record HealthCheck(String name, Status status, String found, String hint, Map<String, Double> figures) {

    /** {@code WARNING} costs speed, {@code ERROR} is something that does not work. */
    enum Status {
        OK,
        WARNING,
        ERROR
    }

    private static final long GIB = 1L << 30;

    /** A model of some hundred million parameters trains in it. */
    private static final long LITTLE_MEMORY = 4 * GIB;

    /** A checkpoint of a small model takes less. */
    private static final long LITTLE_DISK = 2 * GIB;

    private static final int LONGEST_REASON = 160;

    private static final int WRITTEN_BYTES = 64 << 20;

    /** Makes all checks, in an order in which each may use what those before it found; a few seconds. */
    static void all(Consumer<HealthCheck> to) {
        to.accept(java());
        HealthCheck natives =
                guarded("libtorch", "build again with ./skald, or look at the reason", HealthCheck::libtorch);
        to.accept(natives);
        if (natives.status != Status.ERROR) {
            DeviceType device = DeviceType.choose("auto");
            to.accept(device(device));
            to.accept(matmul(device));
            to.accept(memoryRate(device));
        }
        to.accept(memory());
        to.accept(guarded("disk", "run Skald where you may write", HealthCheck::disk));
        to.accept(spark());
    }

    private static HealthCheck ok(String name, String found, Map<String, Double> figures) {
        return new HealthCheck(name, Status.OK, found, "", figures);
    }

    /** A check that says why when it fails. */
    private static HealthCheck guarded(String name, String hint, Supplier<HealthCheck> check) {
        try {
            return check.get();
        } catch (RuntimeException | LinkageError e) {
            return new HealthCheck(name, Status.ERROR, reason(e), hint, Map.of());
        }
    }

    /** The first line of the innermost cause. */
    private static String reason(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        String line = cause.toString().lines().findFirst().orElse("");
        return line.length() <= LONGEST_REASON ? line : line.substring(0, LONGEST_REASON) + " ...";
    }

    private static HealthCheck java() {
        int bits = FloatVector.SPECIES_PREFERRED.vectorBitSize();
        String found = String.format(
                Locale.ROOT,
                "%s of %s, vectors of %d bits",
                Runtime.version(),
                System.getProperty("java.vendor"),
                bits);
        Map<String, Double> figures = Map.of("vector_bits", (double) bits);
        return bits >= 256
                ? ok("java", found, figures)
                : new HealthCheck(
                        "java",
                        Status.WARNING,
                        found,
                        "the JVM uses short vectors here: attention and decoding are slower than on AVX2 or AVX-512",
                        figures);
    }

    private static HealthCheck libtorch() {
        Natives.loadGloo();
        try (BytePointer capability = torch.get_cpu_capability()) {
            return ok(
                    "libtorch",
                    String.format(
                            Locale.ROOT,
                            "%s, %s kernels, %s, from %s",
                            Natives.version(),
                            capability.getString(),
                            torch.hasMKLDNN() ? "oneDNN" : "no oneDNN",
                            Natives.folder().map(Path::toString).orElse("JavaCPP's cache")),
                    Map.of());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static HealthCheck device(DeviceType device) {
        int cores = HostProcessor.cores();
        int threads = torch.get_num_threads();
        String found = switch (device) {
            case CPU ->
                String.format(Locale.ROOT, "CPU, %s, %d cores, %d threads", HostProcessor.name(), cores, threads);
            case CUDA -> torch.cuda_device_count() + " CUDA";
        };
        Map<String, Double> figures = Map.of("cores", (double) cores, "threads", (double) threads);
        return device == DeviceType.CUDA || threads == cores
                ? ok("device", found, figures)
                : new HealthCheck(
                        "device",
                        Status.WARNING,
                        found,
                        "libtorch computes with " + threads + " threads on " + cores
                                + " cores: set or unset OMP_NUM_THREADS",
                        figures);
    }

    /** Matrix products as the program does them: in bf16 by libtorch or by our own loops, whichever is faster here. */
    private static HealthCheck matmul(DeviceType device) {
        Kernels kernels = Kernels.on(device);
        double bf16 = MatmulRate.measure(kernels, DType.BF16, device) / 1e9;
        double f32 = MatmulRate.measure(kernels, DType.F32, device) / 1e9;
        boolean libtorch = device != DeviceType.CPU || GemmTimes.ofThisMachine().libtorchIsFaster(Kind.FORWARD);
        return ok(
                "matmul",
                String.format(
                        Locale.ROOT,
                        "bf16 %.0f GFLOPS (%s), f32 %.0f GFLOPS",
                        bf16,
                        libtorch ? "libtorch's product" : "in f32: the processor has no units for bf16",
                        f32),
                Map.of("bf16_gflops", bf16, "f32_gflops", f32));
    }

    private static HealthCheck memoryRate(DeviceType device) {
        if (device == DeviceType.CPU && HostMemory.available() < GIB) {
            return new HealthCheck("reading", Status.WARNING, "not measured", "less than 1 GiB is available", Map.of());
        }
        double rate = MemoryReadRate.measure(device) / 1e9;
        return ok(
                "reading",
                String.format(Locale.ROOT, "%.1f GB/s from memory", rate),
                Map.of("megabytes_per_second", rate * 1000));
    }

    private static HealthCheck memory() {
        long total = HostMemory.total();
        long available = HostMemory.available();
        String found =
                String.format(Locale.ROOT, "%.1f GiB, %.1f available", total / (double) GIB, available / (double) GIB);
        Map<String, Double> figures = Map.of("bytes", (double) total, "available_bytes", (double) available);
        return available >= LITTLE_MEMORY
                ? ok("memory", found, figures)
                : new HealthCheck(
                        "memory",
                        Status.WARNING,
                        found,
                        "end other programs, or give the container more, before training",
                        figures);
    }

    private static HealthCheck disk() {
        Path here = Path.of("").toAbsolutePath();
        try {
            double rate = writeRate(here) / 1e6;
            long free = Files.getFileStore(here).getUsableSpace();
            String found = String.format(
                    Locale.ROOT, "%s: %.1f GiB free, %.0f MB/s written and forced", here, free / (double) GIB, rate);
            Map<String, Double> figures = Map.of("free_bytes", (double) free, "megabytes_per_second", rate);
            return free >= LITTLE_DISK
                    ? ok("disk", found, figures)
                    : new HealthCheck(
                            "disk", Status.WARNING, found, "make room: corpora and checkpoints go here", figures);
        } catch (IOException e) {
            return new HealthCheck(
                    "disk", Status.ERROR, here + ": " + reason(e), "run Skald where you may write", Map.of());
        }
    }

    private static double writeRate(Path folder) throws IOException {
        Path file = Files.createTempFile(folder, ".skald-doctor-", ".tmp");
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE)) {
            ByteBuffer bytes = ByteBuffer.allocateDirect(1 << 20);
            long start = System.nanoTime();
            for (int written = 0; written < WRITTEN_BYTES; written += bytes.capacity()) {
                bytes.clear();
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
            }
            channel.force(true);
            return WRITTEN_BYTES / ((System.nanoTime() - start) / 1e9);
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private static HealthCheck spark() {
        try {
            return ok("spark", SparkProbe.version() + ", a job ran", Map.of());
        } catch (NoClassDefFoundError e) {
            return new HealthCheck(
                    "spark",
                    Status.ERROR,
                    "not on the class path",
                    "start Skald with ./skald, or add spark-sql to the class path: `corpus` needs it",
                    Map.of());
        } catch (RuntimeException | LinkageError e) {
            return new HealthCheck(
                    "spark",
                    Status.ERROR,
                    reason(e),
                    "start the JVM with the options of jvm-spark.options: `corpus` needs Spark",
                    Map.of());
        }
    }
}
