package dev.skald.kernel;

import static dev.skald.kernel.TensorChecks.assertClose;
import static dev.skald.kernel.TensorChecks.doubles;
import static dev.skald.kernel.TensorChecks.random;
import static dev.skald.kernel.TensorChecks.zeros;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import dev.skald.kernel.Kernels.AttentionGradients;
import dev.skald.kernel.Kernels.DocumentAttention;
import dev.skald.tensor.Natives;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The backward operations against libtorch's autograd, in f32 and over the same inputs, and against differences of the forward operation.
 * In f32 sums in another order differ by 1e-6 or so. In bf16 each result is rounded once, and what it is computed from (probabilities,
 * their gradients, logits) once or twice more, each time by up to 2^-9: the bound is 2^-6 of the largest value.
 */
class TrainingKernelsTest {

    private static final double EPS = 1e-5;

    @BeforeAll
    static void load() {
        Natives.load();
        torch.manual_seed(7);
    }

    private static double tolerance(ScalarType dtype) {
        return dtype == ScalarType.Float ? 1e-5 : 1.0 / 64;
    }

    private static List<Kernels> kernels() {
        return List.of(new AtenKernels(), new VectorKernels());
    }

    @ParameterizedTest
    @CsvSource({
        "Float,1,8",
        "Float,7,33",
        "Float,65,512",
        "BFloat16,1,8",
        "BFloat16,7,34",
        "BFloat16,5,33",
        "BFloat16,65,512"
    })
    void rmsNorm(ScalarType dtype, int rows, int features) {
        try (PointerScope _ = new PointerScope()) {
            Tensor x = random(dtype, rows, features);
            Tensor weight = random(dtype, features);
            Tensor dy = random(dtype, rows, features);
            Tensor xLeaf = leaf(x);
            Tensor weightLeaf = leaf(weight);
            Tensor y = xLeaf.mul(xLeaf.square()
                            .mean(new long[] {-1}, true, new ScalarTypeOptional())
                            .add(new Scalar(EPS))
                            .rsqrt())
                    .mul(weightLeaf);
            backward(y, dy);
            for (Kernels kernels : kernels()) {
                Tensor weightGradient = zeros(features).fill_(new Scalar(1.0));
                Tensor dx = kernels.rmsNormBackward(dy, x, weight, EPS, weightGradient);
                assertClose("y", kernels.rmsNorm(x, weight, EPS), doubles(y), tolerance(dtype));
                assertClose("dx", dx, doubles(xLeaf.grad()), tolerance(dtype));
                assertClose("dw", weightGradient.sub(new Scalar(1.0)), doubles(weightLeaf.grad()), tolerance(dtype));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"Float,1,8", "Float,7,33", "Float,65,352", "BFloat16,1,8", "BFloat16,7,33", "BFloat16,65,352"})
    void swiGlu(ScalarType dtype, int rows, int features) {
        try (PointerScope _ = new PointerScope()) {
            Tensor gate = random(dtype, rows, features).mul(new Scalar(3.0)).to(dtype);
            Tensor up = random(dtype, rows, features);
            Tensor dy = random(dtype, rows, features);
            Tensor gateLeaf = leaf(gate);
            Tensor upLeaf = leaf(up);
            Tensor y = torch.silu(gateLeaf).mul(upLeaf);
            backward(y, dy);
            for (Kernels kernels : kernels()) {
                assertClose("y", kernels.swiGlu(gate, up), doubles(y), tolerance(dtype));
                Tensor dGate = gate.clone();
                Tensor dUp = up.clone();
                kernels.swiGluBackward(dy, dGate, dUp);
                assertClose("dGate", dGate, doubles(gateLeaf.grad()), tolerance(dtype));
                assertClose("dUp", dUp, doubles(upLeaf.grad()), tolerance(dtype));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"Float,1,1,2", "Float,9,3,10", "Float,5,2,64", "BFloat16,9,3,10", "BFloat16,5,2,64", "BFloat16,5,2,66"})
    void rope(ScalarType dtype, int rows, int heads, int headDim) {
        try (PointerScope _ = new PointerScope()) {
            int half = headDim / 2;
            Tensor angles = random(ScalarType.Float, 40, half);
            Tensor cos = angles.cos();
            Tensor sin = angles.sin();
            int[] positions = new Random(1).ints(rows, 0, 40).toArray();
            Tensor x = random(dtype, rows, heads, headDim);
            Tensor dy = random(dtype, rows, heads, headDim);
            Tensor xLeaf = leaf(x);
            Tensor c = cos.index_select(0, longs(positions)).unsqueeze(1);
            Tensor s = sin.index_select(0, longs(positions)).unsqueeze(1);
            Tensor first = xLeaf.narrow(2, 0, half);
            Tensor second = xLeaf.narrow(2, half, half);
            Tensor y = torch.cat(
                    new TensorVector(
                            first.mul(c).sub(second.mul(s)), second.mul(c).add(first.mul(s))),
                    2);
            backward(y, dy);
            for (Kernels kernels : kernels()) {
                Tensor rotated = x.clone();
                kernels.rope(rotated, cos, sin, positions);
                assertClose("y", rotated, doubles(y), tolerance(dtype));
                Tensor dx = dy.clone();
                kernels.ropeBackward(dx, cos, sin, positions);
                assertClose("dx", dx, doubles(xLeaf.grad()), tolerance(dtype));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"Float,1,8", "Float,50,33", "BFloat16,50,33", "BFloat16,50,64"})
    void embedding(ScalarType dtype, int rows, int features) {
        try (PointerScope _ = new PointerScope()) {
            Tensor table = random(dtype, 11, features);
            Tensor dy = random(dtype, rows, features);
            int[] ids = new Random(2).ints(rows, 0, 11).toArray();
            Tensor tableLeaf = leaf(table);
            Tensor y = tableLeaf.index_select(0, longs(ids));
            backward(y, dy);
            for (Kernels kernels : kernels()) {
                assertClose("y", kernels.embedding(table, ids), doubles(y), 0);
                Tensor tableGradient = zeros(11, features).fill_(new Scalar(1.0));
                kernels.embeddingBackward(dy, ids, tableGradient);
                assertClose("dTable", tableGradient.sub(new Scalar(1.0)), doubles(tableLeaf.grad()), 1e-5);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "Float,1,1,1,8,0", "Float,13,4,2,10,0 1 2 9", "Float,300,4,1,16,0", "Float,300,6,3,16,0 1 130 299",
        "Float,140,2,2,64,0 128", "BFloat16,9,2,1,8,0 4", "BFloat16,13,4,2,10,0 1 2 9",
                "BFloat16,300,6,3,16,0 1 130 299",
        "BFloat16,300,8,2,64,0"
    })
    void attention(ScalarType dtype, int rows, int heads, int kvHeads, int headDim, String starts) {
        try (PointerScope _ = new PointerScope()) {
            int[] documentStarts = Arrays.stream(starts.split(" ", -1))
                    .mapToInt(Integer::parseInt)
                    .toArray();
            Tensor q = random(dtype, rows, heads, headDim);
            Tensor k = random(dtype, rows, kvHeads, headDim);
            Tensor v = random(dtype, rows, kvHeads, headDim);
            Tensor dOut = random(dtype, rows, (long) heads * headDim);
            Tensor qLeaf = leaf(q);
            Tensor kLeaf = leaf(k);
            Tensor vLeaf = leaf(v);
            Tensor out = eagerAttention(qLeaf, kLeaf, vLeaf, documentStarts);
            backward(out, dOut);
            for (Kernels kernels : kernels()) {
                DocumentAttention forward = kernels.attention(q, k, v, documentStarts);
                AttentionGradients gradients = kernels.attentionBackward(dOut, forward, q, k, v, documentStarts);
                assertClose("out", forward.out(), doubles(out), tolerance(dtype));
                assertClose("dq", gradients.dq(), doubles(qLeaf.grad()), tolerance(dtype));
                assertClose("dk", gradients.dk(), doubles(kLeaf.grad()), tolerance(dtype));
                assertClose("dv", gradients.dv(), doubles(vLeaf.grad()), tolerance(dtype));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"Float,1,8,5", "Float,30,20,101", "Float,600,8,9", "BFloat16,30,20,101", "BFloat16,600,16,64"})
    void crossEntropy(ScalarType dtype, int rows, int features, int vocab) {
        try (PointerScope _ = new PointerScope()) {
            Tensor hidden = random(dtype, rows, features);
            Tensor weight = random(dtype, vocab, features);
            int[] targets = new Random(3).ints(rows, 0, vocab).toArray();
            for (int i = 1; i < rows; i += 4) {
                targets[i] = Kernels.IGNORED;
            }
            Tensor hiddenLeaf = leaf(hidden);
            Tensor weightLeaf = leaf(weight);
            Tensor loss = torch.cross_entropy_loss(
                    torch.linear(hiddenLeaf, weightLeaf),
                    longs(targets),
                    new TensorOptional(),
                    torch.Reduction.Sum.value,
                    Kernels.IGNORED,
                    0);
            double scale = 0.25;
            loss.mul(new Scalar(scale)).backward();
            for (Kernels kernels : kernels()) {
                double expected = loss.item_double();
                assertThat(kernels.crossEntropy(hidden, weight, targets))
                        .isCloseTo(expected, offset(tolerance(dtype) * expected));
                Tensor hiddenGradient = torch.empty_like(hidden);
                Tensor weightGradient = zeros(vocab, features).fill_(new Scalar(1.0));
                assertThat(kernels.crossEntropyBackward(
                                hidden,
                                weight,
                                targets,
                                scales(rows, scale),
                                hiddenGradient,
                                Optional.of(weightGradient)))
                        .isEqualTo(kernels.crossEntropy(hidden, weight, targets));
                assertClose("dHidden", hiddenGradient, doubles(hiddenLeaf.grad()), tolerance(dtype));
                assertClose(
                        "dWeight", weightGradient.sub(new Scalar(1.0)), doubles(weightLeaf.grad()), tolerance(dtype));
            }
        }
    }

    /** The slope of the weighted sum of an operation's result along a random direction, from differences and from the gradients. */
    @ParameterizedTest
    @CsvSource({"0", "1"})
    void finiteDifferences(int which) {
        try (PointerScope _ = new PointerScope()) {
            Kernels kernels = kernels().get(which);
            int[] starts = {0, 1, 6};
            Tensor q = random(ScalarType.Float, 20, 4, 16);
            Tensor k = random(ScalarType.Float, 20, 2, 16);
            Tensor v = random(ScalarType.Float, 20, 2, 16);
            Tensor dOut = random(ScalarType.Float, 20, 64);
            AttentionGradients gradients =
                    kernels.attentionBackward(dOut, kernels.attention(q, k, v, starts), q, k, v, starts);
            assertSlope(
                    q,
                    gradients.dq(),
                    dOut,
                    x -> kernels.attention(x, k, v, starts).out());
            assertSlope(
                    k,
                    gradients.dk(),
                    dOut,
                    x -> kernels.attention(q, x, v, starts).out());
            assertSlope(
                    v,
                    gradients.dv(),
                    dOut,
                    x -> kernels.attention(q, k, x, starts).out());

            Tensor x = random(ScalarType.Float, 9, 40);
            Tensor weight = random(ScalarType.Float, 40);
            Tensor dy = random(ScalarType.Float, 9, 40);
            Tensor dWeight = zeros(40);
            Tensor dx = kernels.rmsNormBackward(dy, x, weight, EPS, dWeight);
            assertSlope(x, dx, dy, moved -> kernels.rmsNorm(moved, weight, EPS));
            assertSlope(weight, dWeight, dy, moved -> kernels.rmsNorm(x, moved, EPS));

            Tensor up = random(ScalarType.Float, 9, 40);
            Tensor dGate = x.clone();
            Tensor dUp = up.clone();
            kernels.swiGluBackward(dy, dGate, dUp);
            assertSlope(x, dGate, dy, moved -> kernels.swiGlu(moved, up));
            assertSlope(up, dUp, dy, moved -> kernels.swiGlu(x, moved));

            Tensor table = random(ScalarType.Float, 30, 40);
            int[] targets = IntStream.range(0, 9).map(i -> 3 * i).toArray();
            Tensor dHidden = torch.empty_like(x);
            Tensor dTable = zeros(30, 40);
            kernels.crossEntropyBackward(x, table, targets, scales(targets.length, 1), dHidden, Optional.of(dTable));
            Tensor one = torch.ones(1);
            assertSlope(x, dHidden, one, moved -> scalar(kernels.crossEntropy(moved, table, targets)));
            assertSlope(table, dTable, one, moved -> scalar(kernels.crossEntropy(x, moved, targets)));
        }
    }

    private interface Operation {
        Tensor apply(Tensor x);
    }

    private static void assertSlope(Tensor x, Tensor gradient, Tensor dy, Operation operation) {
        double h = 1e-2;
        Tensor direction = torch.randn_like(x);
        Tensor step = direction.mul(new Scalar(h));
        double above = dot(operation.apply(x.add(step)), dy);
        double below = dot(operation.apply(x.sub(step)), dy);
        double slope = dot(gradient, direction);
        double scale = dot(gradient, gradient);
        assertThat((above - below) / (2 * h)).isCloseTo(slope, offset(5e-3 * Math.max(1, Math.sqrt(scale))));
    }

    private static Tensor scalar(double value) {
        return torch.ones(1).to(ScalarType.Double).mul(new Scalar(value));
    }

    private static double dot(Tensor a, Tensor b) {
        return a.to(ScalarType.Double)
                .flatten()
                .dot(b.to(ScalarType.Double).flatten())
                .item_double();
    }

    private static Tensor eagerAttention(Tensor q, Tensor k, Tensor v, int[] documentStarts) {
        long rows = q.size(0);
        long group = q.size(1) / k.size(1);
        int[] document = new int[(int) rows];
        for (int start : documentStarts) {
            for (int i = start; i < rows; i++) {
                document[i]++;
            }
        }
        Tensor of = longs(document);
        Tensor hidden = of.unsqueeze(0)
                .ne(of.unsqueeze(1))
                .logical_or(torch.ones(rows, rows).triu(1).to(ScalarType.Bool));
        Tensor q_HTD = q.transpose(0, 1);
        Tensor k_HTD = k.transpose(0, 1).repeat_interleave(group, new LongOptional(0), new LongOptional());
        Tensor v_HTD = v.transpose(0, 1).repeat_interleave(group, new LongOptional(0), new LongOptional());
        return q_HTD.matmul(k_HTD.transpose(1, 2))
                .mul(new Scalar(1 / Math.sqrt((double) q.size(2))))
                .masked_fill(hidden, new Scalar(Double.NEGATIVE_INFINITY))
                .softmax(-1)
                .matmul(v_HTD)
                .transpose(0, 1)
                .reshape(rows, q.size(1) * q.size(2));
    }

    private static Tensor leaf(Tensor x) {
        return x.to(ScalarType.Float).clone().detach().set_requires_grad(true);
    }

    private static void backward(Tensor y, Tensor dy) {
        y.mul(dy.to(ScalarType.Float)).sum().backward();
    }

    private static Tensor longs(int[] values) {
        long[] wide = Arrays.stream(values).asLongStream().toArray();
        return torch.from_blob(new LongPointer(wide), new long[] {wide.length}, new TensorOptions(ScalarType.Long))
                .clone();
    }

    private static double[] scales(int rows, double scale) {
        double[] scales = new double[rows];
        Arrays.fill(scales, scale);
        return scales;
    }
}
