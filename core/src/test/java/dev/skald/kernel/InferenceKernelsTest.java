package dev.skald.kernel;

import static dev.skald.kernel.TensorChecks.assertClose;
import static dev.skald.kernel.TensorChecks.doubles;
import static dev.skald.kernel.TensorChecks.floats;
import static dev.skald.kernel.TensorChecks.random;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.cache.KvBlocks;
import dev.skald.cache.KvLayout;
import dev.skald.cache.KvSequence;
import dev.skald.cache.KvSpan;
import dev.skald.tensor.DType;
import dev.skald.tensor.DeviceType;
import dev.skald.tensor.Matrix;
import dev.skald.tensor.Natives;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The operations of inference against plain loops in double precision over the same (rounded) inputs. */
class InferenceKernelsTest {

    @BeforeAll
    static void load() {
        Natives.load();
    }

    /** Largest error, relative to the largest value, of a result rounded once or twice to the dtype. */
    private static double tolerance(ScalarType dtype) {
        return dtype == ScalarType.Float ? 1e-5 : 1.0 / 64;
    }

    @ParameterizedTest
    @CsvSource({
        "Float,1,1,1,16,1",
        "Float,5,4,2,16,5",
        "Float,3,6,2,20,40",
        "Float,130,4,1,8,150",
        "Float,1,8,2,64,300",
        "BFloat16,1,8,2,64,300",
        "BFloat16,130,4,2,32,150",
        "BFloat16,7,3,3,10,7",
        "BFloat16,4,8,2,128,77"
    })
    void attention(ScalarType dtype, int time, int heads, int kvHeads, int headDim, int length) {
        KvLayout layout = new KvLayout(2, kvHeads, headDim, DType.of(dtype));
        try (PointerScope _ = new PointerScope();
                KvBlocks caches = new KvBlocks(layout, DeviceType.CPU, 100)) {
            Tensor q = random(dtype, time, heads, headDim);
            Tensor k = random(dtype, length, kvHeads, headDim);
            Tensor v = random(dtype, length, kvHeads, headDim);
            double[] expected = new double[time * heads * headDim];
            float[] query = floats(q);
            float[] keys = floats(k);
            float[] values = floats(v);
            for (int t = 0; t < time; t++) {
                int seen = length - time + t + 1;
                for (int h = 0; h < heads; h++) {
                    int kvHead = h / (heads / kvHeads);
                    double[] weight = new double[seen];
                    double sum = 0;
                    for (int p = 0; p < seen; p++) {
                        double dot = 0;
                        for (int d = 0; d < headDim; d++) {
                            dot += query[(t * heads + h) * headDim + d] * keys[(p * kvHeads + kvHead) * headDim + d];
                        }
                        weight[p] = Math.exp(dot / Math.sqrt(headDim));
                        sum += weight[p];
                    }
                    for (int p = 0; p < seen; p++) {
                        for (int d = 0; d < headDim; d++) {
                            expected[(t * heads + h) * headDim + d] +=
                                    weight[p] / sum * values[(p * kvHeads + kvHead) * headDim + d];
                        }
                    }
                }
            }
            for (Kernels kernels : List.of(new AtenKernels(), new VectorKernels())) {
                for (boolean many : new boolean[] {true, false}) {
                    KvSequence other = filled(caches, kernels, k.narrow(0, 0, 1), v.narrow(0, 0, 1));
                    KvSequence cache = filled(caches, kernels, k, v);
                    List<KvSpan> spans =
                            List.of(new KvSpan(cache, length - time, time, many), new KvSpan(other, 0, 1, false));
                    Tensor rows = torch.cat(new TensorVector(q, q.narrow(0, 0, 1)), 0);
                    Tensor out = kernels.attention(1, spans, rows);
                    assertClose("out", out.narrow(0, 0, time), expected, tolerance(dtype));
                    // Who sees one position has its value.
                    assertClose(
                            "out of one",
                            out.narrow(0, time, 1),
                            doubles(v.narrow(0, 0, 1)
                                    .repeat_interleave(heads / kvHeads, new LongOptional(1), new LongOptional())),
                            tolerance(dtype));
                    cache.close();
                    other.close();
                }
            }
            assertThat(caches.free()).isEqualTo(caches.capacity());
        }
    }

    /** A cache whose layer 1 has these keys and values; the last row is added by itself. */
    private static KvSequence filled(KvBlocks caches, Kernels kernels, Tensor k, Tensor v) {
        KvSequence cache = caches.newSequence();
        int rows = (int) k.size(0);
        int whole = Math.max(1, rows - 1);
        assertThat(cache.reserve(rows)).isTrue();
        cache.append(whole);
        kernels.store(1, List.of(new KvSpan(cache, 0, whole, true)), k.narrow(0, 0, whole), v.narrow(0, 0, whole));
        if (whole < rows) {
            cache.append(1);
            kernels.store(1, List.of(new KvSpan(cache, whole, 1, false)), k.narrow(0, whole, 1), v.narrow(0, whole, 1));
        }
        return cache;
    }

    /** Once interpreted, then compiled, by whichever thread: no bit changes. */
    @Test
    void repetitionChangesNoBit() {
        try (PointerScope _ = new PointerScope()) {
            Kernels kernels = new VectorKernels();
            Tensor x = random(ScalarType.BFloat16, 2, 512);
            Tensor weight = random(ScalarType.BFloat16, 1500, 512);
            Tensor norm = random(ScalarType.BFloat16, 512);
            Tensor q = random(ScalarType.BFloat16, 1, 8, 64);
            KvBlocks caches = new KvBlocks(new KvLayout(2, 4, 64, DType.BF16), DeviceType.CPU, 100);
            Tensor keys = random(ScalarType.BFloat16, 200, 4, 64);
            List<KvSpan> spans = List.of(new KvSpan(filled(caches, kernels, keys, keys), 199, 1, false));
            Tensor product = linear(kernels, x, weight);
            Tensor normed = kernels.rmsNorm(x, norm, 1e-5);
            Tensor attended = kernels.attention(1, spans, q);
            for (int i = 0; i < 2000; i++) {
                try (PointerScope _ = new PointerScope()) {
                    assertThat(linear(kernels, x, weight).equal(product)).isTrue();
                    assertThat(kernels.rmsNorm(x, norm, 1e-5).equal(normed)).isTrue();
                    assertThat(kernels.attention(1, spans, q).equal(attended)).isTrue();
                }
            }
            caches.close();
        }
    }

    private static Tensor linear(Kernels kernels, Tensor x, Tensor weight) {
        Tensor out = x.new_empty(x.size(0), weight.size(0));
        kernels.gemm().fewRows(x, Matrix.of(weight), out);
        return out;
    }
}
