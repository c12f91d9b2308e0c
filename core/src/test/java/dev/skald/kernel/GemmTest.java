package dev.skald.kernel;

import static dev.skald.kernel.TensorChecks.assertClose;
import static dev.skald.kernel.TensorChecks.random;
import static dev.skald.kernel.TensorChecks.zeros;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.kernel.GemmTimes.Kind;
import dev.skald.tensor.DType;
import dev.skald.tensor.Matrix;
import dev.skald.tensor.Natives;
import dev.skald.tensor.TensorMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Matrix products against libtorch's in double precision over the same (rounded) operands. */
class GemmTest {

    @BeforeAll
    static void load() {
        Natives.load();
    }

    private static Gemm vector(int threads) {
        return new VectorGemm(new Workers(threads), false);
    }

    private static Gemm dots(int threads) {
        return new VectorGemm(new Workers(threads), true);
    }

    private static List<Gemm> all() {
        return List.of(
                new AtenGemm((x, sum) -> sum.add_(x)), vector(1), vector(3), dots(2), new VectorKernels().gemm());
    }

    /** Largest error, relative to the largest value, of sums in f32 whose result is rounded once or twice to the dtype. */
    private static double tolerance(ScalarType dtype) {
        return dtype == ScalarType.Float ? 1e-5 : 1.0 / 128;
    }

    private static double[] product(Tensor a, Tensor b) {
        Tensor exact = a.to(ScalarType.Double).matmul(b.to(ScalarType.Double)).contiguous();
        double[] values = new double[(int) exact.numel()];
        new DoublePointer(exact.data_ptr()).get(values);
        return values;
    }

    private static Tensor forward(Gemm gemm, Tensor x, Tensor w) {
        Tensor out = x.new_empty(x.size(0), w.size(0));
        gemm.forward(x, Matrix.of(w), out);
        return out;
    }

    private static Tensor fewRows(Gemm gemm, Tensor x, Tensor w) {
        Tensor out = x.new_empty(x.size(0), w.size(0));
        gemm.fewRows(x, Matrix.of(w), out);
        return out;
    }

    @ParameterizedTest
    @CsvSource({
        "Float,1,8,8",
        "Float,5,33,7",
        "Float,40,64,96",
        "Float,130,700,530",
        "BFloat16,1,8,8",
        "BFloat16,5,33,7",
        "BFloat16,2,1,3",
        "BFloat16,40,64,96",
        "BFloat16,9,2100,10",
        "BFloat16,400,530,700"
    })
    void products(ScalarType dtype, int rows, int in, int out) {
        try (PointerScope _ = new PointerScope()) {
            Tensor x = random(dtype, rows, in);
            Tensor w = random(dtype, out, in);
            Tensor dy = random(dtype, rows, out);
            double[] y = product(x, w.t());
            double[] dx = product(dy, w);
            double[] dw = product(dy.t(), x);
            for (Gemm gemm : all()) {
                assertClose("y", forward(gemm, x, w), y, tolerance(dtype));
                assertClose("y, few rows", fewRows(gemm, x, w), y, tolerance(dtype));
                Tensor once = dy.new_empty(rows, in);
                gemm.inputGradient(dy, Matrix.of(w), once, false);
                assertClose("dx", once, dx, tolerance(dtype));
                Tensor more = torch.ones_like(once);
                gemm.inputGradient(dy, Matrix.of(w), more, true);
                assertClose("1 + dx", more.sub(new Scalar(1.0)), dx, tolerance(dtype));
                Tensor sum = zeros(out, in).fill_(new Scalar(1.0));
                gemm.weightGradient(dy, x, sum);
                assertClose("dw", sum.sub(new Scalar(1.0)), dw, tolerance(dtype));
            }
        }
    }

    /** Views as attention has them: keys transposed, and parts of longer tensors. */
    @ParameterizedTest
    @CsvSource({"Float,3,5,7,9", "BFloat16,3,5,7,9", "Float,2,128,64,300", "BFloat16,2,128,64,300"})
    void batched(ScalarType dtype, int count, int rows, int inner, int columns) {
        try (PointerScope _ = new PointerScope()) {
            Tensor a = random(dtype, count, rows + 4, inner).narrow(1, 2, rows);
            Tensor keys = random(dtype, count, columns + 6, inner).narrow(1, 3, columns);
            Tensor b = random(dtype, count, rows, columns);
            for (Gemm gemm : all()) {
                assertClose(
                        "a k'",
                        gemm.batched(a, keys.transpose(1, 2)),
                        product(a, keys.transpose(1, 2)),
                        tolerance(dtype));
                assertClose("b k", gemm.batched(b, keys), product(b, keys), tolerance(dtype));
                assertClose(
                        "b' a", gemm.batched(b.transpose(1, 2), a), product(b.transpose(1, 2), a), tolerance(dtype));
            }
        }
    }

    /** f16 weights are multiplied in f32 where they lie. */
    @ParameterizedTest
    @CsvSource({"1,64,7", "3,70,130", "70,2100,33"})
    void halvesWithFloats(int rows, int in, int out) {
        try (PointerScope _ = new PointerScope()) {
            Tensor x = random(ScalarType.Float, rows, in);
            Tensor w = random(ScalarType.Half, out, in).mul(new Scalar(1e-3)).contiguous();
            w.narrow(0, 0, 1).mul_(new Scalar(1e-4)); // subnormal numbers
            double[] y = product(x, w.t());
            assertClose("y", forward(vector(2), x, w), y, 1e-5);
            assertClose("y", fewRows(vector(2), x, w), y, 1e-5);
        }
    }

    /** Weights lie anywhere in a mapped file: at any even address for bf16. */
    @ParameterizedTest
    @CsvSource({
        "Float,1,64,7",
        "Float,3,70,130",
        "BFloat16,1,64,7",
        "BFloat16,1,4096,1030",
        "BFloat16,3,70,129",
        "BFloat16,8,77,10",
        "BFloat16,90,77,10"
    })
    void unalignedWeights(ScalarType dtype, int rows, int in, int out) {
        try (PointerScope _ = new PointerScope();
                Arena arena = Arena.ofConfined()) {
            Tensor x = random(dtype, rows, in);
            Tensor source = random(dtype, out, in);
            DType type = DType.of(dtype);
            long bytes = (long) out * in * type.bytes();
            MemorySegment memory = arena.allocate(bytes + 64, 64).asSlice(type.bytes(), bytes);
            memory.copyFrom(TensorMemory.of(source));
            Tensor w = TensorMemory.wrap(memory, type, out, in);
            double[] y = product(x, source.t());
            for (Gemm gemm : all()) {
                assertClose("y", forward(gemm, x, w), y, tolerance(dtype));
                assertClose("y, few rows", fewRows(gemm, x, w), y, tolerance(dtype));
            }
        }
    }

    /** A row comes out the same whatever the other rows are, wherever its run is, and however many rows and threads there are. */
    @ParameterizedTest
    @CsvSource({"Float,320,900", "BFloat16,320,900", "BFloat16,2304,130", "BFloat16,77,10", "Float,1100,1000"})
    void aRowDoesNotDependOnTheOthers(ScalarType dtype, int in, int out) {
        try (PointerScope _ = new PointerScope()) {
            Tensor x = random(dtype, 600, in);
            Tensor w = random(dtype, out, in);
            for (Gemm gemm : List.of(vector(1), dots(3), new VectorKernels().gemm())) {
                Tensor many = forward(gemm, x, w);
                for (int rows : new int[] {64, 96, 97, 192, 300}) {
                    for (int first = 0; first + rows <= 600; first += Gemm.RUN) {
                        assertThat(forward(gemm, x.narrow(0, first, rows), w).equal(many.narrow(0, first, rows)))
                                .as("%d of 600 rows from %d on", rows, first)
                                .isTrue();
                    }
                }
                Tensor few = fewRows(vector(3), x, w);
                for (int rows : new int[] {1, 2, 3, 4, 5, 8, 16, 33, 64, 95}) {
                    assertThat(fewRows(gemm, x.narrow(0, 7, rows), w).equal(few.narrow(0, 7, rows)))
                            .as("%d rows from the eighth on", rows)
                            .isTrue();
                }
            }
        }
    }

    @Test
    void gradientsDoNotDependOnTheNumberOfThreads() {
        try (PointerScope _ = new PointerScope()) {
            Tensor x = random(ScalarType.BFloat16, 700, 520);
            Tensor dy = random(ScalarType.BFloat16, 700, 1100);
            Tensor w = random(ScalarType.BFloat16, 1100, 520);
            Tensor dx = x.new_empty(700, 520);
            Tensor dw = zeros(1100, 520);
            vector(1).inputGradient(dy, Matrix.of(w), dx, false);
            vector(1).weightGradient(dy, x, dw);
            for (int threads : new int[] {2, 3, 5}) {
                Tensor again = x.new_empty(700, 520);
                Tensor sum = zeros(1100, 520);
                vector(threads).inputGradient(dy, Matrix.of(w), again, false);
                vector(threads).weightGradient(dy, x, sum);
                assertThat(again.equal(dx)).isTrue();
                assertThat(sum.equal(dw)).isTrue();
            }
        }
    }

    /** f32 goes to our own products whatever is faster in bf16, and few rows always do. */
    @Test
    void timesChooseForBfloats() {
        GemmTimes times = GemmTimes.ofThisMachine();
        for (Kind kind : Kind.values()) {
            assertThat(times.libtorch().get(kind)).isPositive();
            assertThat(times.own().get(kind)).isPositive();
        }
        try (PointerScope _ = new PointerScope()) {
            Tensor x = random(ScalarType.Float, 100, 330);
            Tensor w = random(ScalarType.Float, 50, 330);
            Gemm chosen = new VectorKernels().gemm();
            Gemm own = times.dotsAreFaster() ? dots(1) : vector(1);
            assertThat(forward(chosen, x, w).equal(forward(own, x, w))).isTrue();
            assertThat(fewRows(chosen, x, w).equal(fewRows(vector(1), x, w))).isTrue();
        }
    }
}
