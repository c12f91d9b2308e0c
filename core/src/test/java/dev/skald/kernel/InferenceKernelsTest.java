package dev.skald.kernel;

import static dev.skald.kernel.TensorChecks.assertClose;
import static dev.skald.kernel.TensorChecks.floats;
import static dev.skald.kernel.TensorChecks.random;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.tensor.Matrix;
import dev.skald.tensor.Natives;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
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
        try (PointerScope _ = new PointerScope()) {
            Tensor q = random(dtype, time, heads, headDim);
            int blockLength = 32;
            List<Tensor> keys = new ArrayList<>();
            List<Tensor> values = new ArrayList<>();
            for (int p = 0; p < length; p += blockLength) {
                keys.add(random(dtype, kvHeads, blockLength, headDim));
                values.add(random(dtype, kvHeads, blockLength, headDim));
            }
            double[] expected = new double[time * heads * headDim];
            float[] query = floats(q);
            for (int t = 0; t < time; t++) {
                int seen = length - time + t + 1;
                for (int h = 0; h < heads; h++) {
                    int kvHead = h / (heads / kvHeads);
                    double[] weight = new double[seen];
                    double sum = 0;
                    for (int p = 0; p < seen; p++) {
                        float[] block = floats(keys.get(p / blockLength));
                        double dot = 0;
                        for (int d = 0; d < headDim; d++) {
                            dot += query[(t * heads + h) * headDim + d]
                                    * block[(kvHead * blockLength + p % blockLength) * headDim + d];
                        }
                        weight[p] = Math.exp(dot / Math.sqrt(headDim));
                        sum += weight[p];
                    }
                    for (int p = 0; p < seen; p++) {
                        float[] block = floats(values.get(p / blockLength));
                        for (int d = 0; d < headDim; d++) {
                            expected[(t * heads + h) * headDim + d] +=
                                    weight[p] / sum * block[(kvHead * blockLength + p % blockLength) * headDim + d];
                        }
                    }
                }
            }
            for (Kernels kernels : List.of(new AtenKernels(), new VectorKernels())) {
                assertClose("out", kernels.attention(q, keys, values, length), expected, tolerance(dtype));
            }
        }
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
            List<Tensor> keys = List.of(random(ScalarType.BFloat16, 4, 256, 64));
            Tensor product = linear(kernels, x, weight);
            Tensor normed = kernels.rmsNorm(x, norm, 1e-5);
            Tensor attended = kernels.attention(q, keys, keys, 200);
            for (int i = 0; i < 2000; i++) {
                try (PointerScope _ = new PointerScope()) {
                    assertThat(linear(kernels, x, weight).equal(product)).isTrue();
                    assertThat(kernels.rmsNorm(x, norm, 1e-5).equal(normed)).isTrue();
                    assertThat(kernels.attention(q, keys, keys, 200).equal(attended))
                            .isTrue();
                }
            }
        }
    }

    private static Tensor linear(Kernels kernels, Tensor x, Tensor weight) {
        Tensor out = x.new_empty(x.size(0), weight.size(0));
        kernels.gemm().fewRows(x, Matrix.of(weight), out);
        return out;
    }
}
