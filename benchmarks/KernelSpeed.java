import dev.skald.kernel.AtenKernels;
import dev.skald.kernel.Kernels;
import dev.skald.kernel.VectorKernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The operations of generation at the shapes of Llama-3-8B, in bf16: products of few rows against the speed at which the same threads read
 * memory and against libtorch's; one layer's prefill of 512 tokens, and what share of it is libtorch's matrix products.
 *
 * <pre>java @jvm.options -cp app/target/skald.jar:$(cat app/target/class-path) benchmarks/KernelSpeed.java</pre>
 */
public final class KernelSpeed {

    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final VectorSpecies<Long> LONGS = LongVector.SPECIES_PREFERRED;

    private static volatile long read;

    public static void main(String[] arguments) throws Exception {
        double limit = readLimit();
        System.out.printf("memory read, %d threads: %.1f GB/s%n", torch.get_num_threads(), limit);
        for (int[] shape : new int[][] {{4096, 4096}, {14336, 4096}, {4096, 14336}, {128256, 4096}}) {
            for (int rows : new int[] {1, 2, 4, 8}) {
                product(shape[0], shape[1], rows, limit);
            }
        }
        System.out.printf("memory read again: %.1f GB/s%n", readLimit());
        layer(512);
    }

    private static void product(int out, int in, int rows, double limit) {
        try (PointerScope _ = new PointerScope()) {
            double bytes = 2.0 * out * in;
            List<Tensor> weights = new ArrayList<>();
            for (int i = 0; i < Math.max(1, (int) (3e8 / bytes)); i++) {
                weights.add(torch.zeros(new long[] {out, in})
                        .to(ScalarType.BFloat16)
                        .fill_(new Scalar(0.01)));
            }
            Tensor x = torch.randn(rows, in).to(ScalarType.BFloat16);
            double vector = bytes / milliseconds(30, i -> new Step(VECTOR, x, weights).run(i)) / 1e6;
            double aten = bytes / milliseconds(8, i -> new Step(ATEN, x, weights).run(i)) / 1e6;
            System.out.printf(
                    "%6d x %5d, %d rows: %5.1f GB/s, %3.0f %% of the read limit; libtorch %5.1f GB/s%n",
                    out, in, rows, vector, 100 * vector / limit, aten);
        }
    }

    private static final Kernels VECTOR = new VectorKernels();
    private static final Kernels ATEN = new AtenKernels();

    private record Step(Kernels kernels, Tensor x, List<Tensor> weights) {
        void run(int i) {
            kernels.linear(x, weights.get(i % weights.size()));
        }
    }

    private static void layer(int time) {
        try (PointerScope _ = new PointerScope()) {
            Tensor x = random(time, 4096);
            Tensor wide = random(time, 14336);
            Tensor q = random(4096, 4096);
            Tensor k = random(1024, 4096);
            Tensor gate = random(14336, 4096);
            Tensor down = random(4096, 14336);
            Tensor norm = random(4096);
            Tensor cos = torch.randn(time, 64);
            List<Tensor> cache = new ArrayList<>();
            for (int i = 0; i < time; i += 256) {
                cache.add(random(8, 256, 128));
            }
            int[] positions = new int[time];
            double products = 2 * milliseconds(5, i -> VECTOR.linear(x, q))
                    + 2 * milliseconds(5, i -> VECTOR.linear(x, k))
                    + 2 * milliseconds(5, i -> VECTOR.linear(x, gate))
                    + milliseconds(5, i -> VECTOR.linear(wide, down));
            double attention = milliseconds(5, i -> VECTOR.attention(x.view(time, 32, 128), cache, cache, time));
            double rest = 2 * milliseconds(5, i -> VECTOR.rmsNorm(x, norm, 1e-5))
                    + milliseconds(5, i -> VECTOR.swiGlu(wide, wide))
                    + 1.25 * milliseconds(5, i -> VECTOR.rope(x.view(time, 32, 128), cos, cos, positions))
                    + 2 * milliseconds(5, i -> x.add_(x));
            System.out.printf(
                    "a layer's prefill of %d: matrix products %.0f ms, attention %.0f ms, the rest %.0f ms: products are %.0f %%%n",
                    time, products, attention, rest, 100 * products / (products + attention + rest));
        }
    }

    private static Tensor random(long... shape) {
        return torch.randn(shape).to(ScalarType.BFloat16);
    }

    private interface Body {
        void run(int i);
    }

    /** The best of {@code times} runs, after two more. */
    private static double milliseconds(int times, Body body) {
        double best = Double.MAX_VALUE;
        for (int i = 0; i < times + 2; i++) {
            try (PointerScope _ = new PointerScope()) {
                long start = System.nanoTime();
                body.run(i);
                if (i >= 2) {
                    best = Math.min(best, (System.nanoTime() - start) / 1e6);
                }
            }
        }
        return best;
    }

    /** Plain loads of 512 MB by as many threads as the operations have. */
    private static double readLimit() throws InterruptedException {
        int threads = torch.get_num_threads();
        try (Arena arena = Arena.ofShared()) {
            long size = 512L << 20;
            MemorySegment memory = arena.allocate(size, 64);
            memory.fill((byte) 1);
            double best = 0;
            for (int i = 0; i < 10; i++) {
                List<Thread> readers = new ArrayList<>();
                long start = System.nanoTime();
                for (int t = 0; t < threads; t++) {
                    MemorySegment part = memory.asSlice(size / threads * t, size / threads);
                    readers.add(Thread.ofPlatform().start(() -> read += sum(part)));
                }
                for (Thread reader : readers) {
                    reader.join();
                }
                best = Math.max(best, size / ((System.nanoTime() - start) / 1e9) / 1e9);
            }
            return best;
        }
    }

    private static long sum(MemorySegment memory) {
        int step = LONGS.vectorByteSize();
        LongVector a = LongVector.zero(LONGS);
        LongVector b = a;
        LongVector c = a;
        LongVector d = a;
        for (long i = 0; i + 4L * step <= memory.byteSize(); i += 4L * step) {
            a = a.add(LongVector.fromMemorySegment(LONGS, memory, i, ORDER));
            b = b.add(LongVector.fromMemorySegment(LONGS, memory, i + step, ORDER));
            c = c.add(LongVector.fromMemorySegment(LONGS, memory, i + 2L * step, ORDER));
            d = d.add(LongVector.fromMemorySegment(LONGS, memory, i + 3L * step, ORDER));
        }
        return a.add(b).add(c).add(d).reduceLanes(VectorOperators.ADD);
    }
}
