package dev.skald.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import dev.skald.kernel.AtenKernels;
import dev.skald.kernel.Kernels;
import dev.skald.kernel.VectorKernels;
import dev.skald.tensor.DType;
import dev.skald.tensor.DeviceType;
import dev.skald.tensor.Natives;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The gradients of a whole model against libtorch's autograd over the same model, written with plain operators in f32. */
class TrainableLlamaTest {

    private static final double SCALE = 1.0 / 32;

    @BeforeAll
    static void load() {
        Natives.load();
    }

    private static LlamaConfig config(boolean tied) {
        return new LlamaConfig(
                48,
                80,
                3,
                6,
                2,
                10,
                101,
                64,
                1e-5,
                10000,
                Optional.empty(),
                tied,
                Optional.of(0),
                List.of(1),
                Optional.of(DType.F32));
    }

    private static PackedRows rows() {
        int[] starts = {0, 7, 8, 20};
        int count = 37;
        Random random = new Random(5);
        int[] ids = random.ints(count, 0, 101).toArray();
        int[] targets = random.ints(count, 0, 101).toArray();
        int[] positions = new int[count];
        for (int start : starts) {
            targets[Math.max(0, start - 1)] = PackedRows.NOT_PREDICTED;
            for (int i = start; i < count; i++) {
                positions[i] = i - start;
            }
        }
        return new PackedRows(ids, targets, positions, starts);
    }

    /** A model whose attention and MLP matter: weights larger than the initial ones. */
    private static LlamaParameters parameters(LlamaConfig config, DType dtype) {
        LlamaParameters parameters = new LlamaParameters(config, dtype, DeviceType.CPU);
        parameters.initialize(11);
        for (Parameter parameter : parameters.list()) {
            if (parameter.index() > 0 && !parameter.isNorm()) {
                parameters.view(parameter).mul_(new Scalar(6.0));
            }
        }
        return parameters;
    }

    /** Gradients in one flat f32 tensor, and the order in which they were completed. */
    private static final class FlatSink implements Gradients {
        private final Tensor flat;
        private final List<Parameter> completed = new ArrayList<>();

        FlatSink(LlamaParameters parameters) {
            this.flat = torch.zeros(parameters.flat().numel());
        }

        @Override
        public Tensor of(Parameter p) {
            assertThat(completed).doesNotContain(p);
            return flat.narrow(0, p.offset(), p.numel()).view(p.shape());
        }

        @Override
        public void complete(Parameter parameter) {
            completed.add(parameter);
        }
    }

    @ParameterizedTest
    @CsvSource({"false,false", "true,false", "false,true", "true,true"})
    void gradientsEqualAutograd(boolean tied, boolean vector) {
        try (PointerScope _ = new PointerScope()) {
            LlamaConfig config = config(tied);
            LlamaParameters parameters = parameters(config, DType.F32);
            Reference reference = new Reference(config, parameters, rows());
            try (TrainableLlama training = training(config, parameters, vector, false)) {
                FlatSink sink = new FlatSink(parameters);
                double loss = training.forwardBackward(rows(), SCALE, sink);
                assertThat(loss).isCloseTo(reference.loss, offset(1e-5 * reference.loss));
                assertThat(training.loss(rows())).isEqualTo(loss);
                sink.completed.clear();
                for (Parameter parameter : parameters.list()) {
                    Tensor expected = reference.leaves.get(parameter.index()).grad();
                    assertThat(distance(sink.of(parameter), expected))
                            .as(parameter.name())
                            .isLessThan(1e-5);
                }
            }
        }
    }

    /** Activations and their gradients are rounded to 8 bits some ten times per block: each rounding moves a value by up to 2^-9. */
    @ParameterizedTest
    @CsvSource({"BF16,false", "BF16,true", "F16,false"})
    void gradientsInSixteenBitsAreNearAutograd(DType dtype, boolean vector) {
        try (PointerScope _ = new PointerScope()) {
            LlamaConfig config = config(false);
            LlamaParameters parameters = parameters(config, dtype);
            Reference reference = new Reference(config, parameters, rows());
            try (TrainableLlama training = training(config, parameters, vector, false)) {
                FlatSink sink = new FlatSink(parameters);
                double loss = training.forwardBackward(rows(), SCALE, sink);
                assertThat(loss).isCloseTo(reference.loss, offset(2e-3 * reference.loss));
                sink.completed.clear();
                for (Parameter parameter : parameters.list()) {
                    Tensor expected = reference.leaves.get(parameter.index()).grad();
                    assertThat(distance(sink.of(parameter), expected))
                            .as(parameter.name())
                            .isLessThan(0.05);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"F32,true", "BF16,true", "BF16,false"})
    void checkpointingAndRepetitionChangeNoBit(DType dtype, boolean vector) {
        try (PointerScope _ = new PointerScope()) {
            LlamaConfig config = config(false);
            LlamaParameters parameters = parameters(config, dtype);
            FlatSink once = new FlatSink(parameters);
            FlatSink again = new FlatSink(parameters);
            FlatSink recomputed = new FlatSink(parameters);
            double loss;
            try (TrainableLlama training = training(config, parameters, vector, false)) {
                loss = training.forwardBackward(rows(), SCALE, once);
                assertThat(training.forwardBackward(rows(), SCALE, again)).isEqualTo(loss);
            }
            try (TrainableLlama training = training(config, parameters, vector, true)) {
                assertThat(training.forwardBackward(rows(), SCALE, recomputed)).isEqualTo(loss);
            }
            assertThat(again.flat.equal(once.flat)).isTrue();
            assertThat(recomputed.flat.equal(once.flat)).isTrue();
        }
    }

    @Test
    void gradientsAreAddedAndCompletedFromTheLastToTheFirst() {
        try (PointerScope _ = new PointerScope()) {
            LlamaConfig config = config(true);
            LlamaParameters parameters = parameters(config, DType.F32);
            FlatSink sink = new FlatSink(parameters);
            try (TrainableLlama training = training(config, parameters, true, false)) {
                training.forwardBackward(rows(), SCALE, sink);
                assertThat(sink.completed).isEqualTo(parameters.list().reversed());
                Tensor once = sink.flat.clone();
                sink.completed.clear();
                training.forwardBackward(rows(), SCALE, sink);
                assertThat(distance(sink.flat, once.mul(new Scalar(2.0)))).isLessThan(1e-6);
            }
        }
    }

    @Test
    void slopeAlongARandomDirection() {
        try (PointerScope _ = new PointerScope()) {
            LlamaConfig config = config(false);
            LlamaParameters parameters = parameters(config, DType.F32);
            FlatSink sink = new FlatSink(parameters);
            try (TrainableLlama training = training(config, parameters, true, false)) {
                training.forwardBackward(rows(), 1, sink);
                torch.manual_seed(3);
                Tensor direction = torch.randn_like(parameters.flat());
                double h = 1e-4;
                parameters.flat().add_(direction, new Scalar(h));
                double above = training.loss(rows());
                parameters.flat().add_(direction, new Scalar(-2 * h));
                double below = training.loss(rows());
                double slope = direction.dot(sink.flat).item_double();
                assertThat((above - below) / (2 * h)).isCloseTo(slope, offset(0.01 * Math.abs(slope) + 1));
            }
        }
    }

    private static TrainableLlama training(
            LlamaConfig config, LlamaParameters parameters, boolean vector, boolean checkpointing) {
        Kernels kernels = vector ? new VectorKernels() : new AtenKernels();
        return new TrainableLlama(config, parameters, DeviceType.CPU, kernels, checkpointing);
    }

    /** Norm of the difference over the norm of the expected. */
    private static double distance(Tensor actual, Tensor expected) {
        return actual.sub(expected).norm().item_double() / expected.norm().item_double();
    }

    /** The model by plain operators and autograd, in f32, without caring for memory or speed. */
    private static final class Reference {
        private final List<Tensor> leaves;
        private final double loss;
        private final LlamaConfig config;
        private final PackedRows rows;

        Reference(LlamaConfig config, LlamaParameters parameters, PackedRows rows) {
            this.config = config;
            this.rows = rows;
            this.leaves = new ArrayList<>();
            Map<String, Tensor> w = new HashMap<>();
            for (Parameter parameter : parameters.list()) {
                Tensor leaf = parameters
                        .view(parameter)
                        .to(ScalarType.Float)
                        .clone()
                        .detach()
                        .set_requires_grad(true);
                leaves.add(leaf);
                w.put(parameter.name(), leaf);
            }
            Tensor embedding = w.get("model.embed_tokens.weight");
            Tensor x = embedding.index_select(0, longs(rows.ids()));
            for (int i = 0; i < config.num_hidden_layers(); i++) {
                String layer = "model.layers." + i + ".";
                Tensor normed = norm(x, w.get(layer + "input_layernorm.weight"));
                Tensor q = rotated(heads(torch.linear(normed, w.get(layer + "self_attn.q_proj.weight"))));
                Tensor k = rotated(heads(torch.linear(normed, w.get(layer + "self_attn.k_proj.weight"))));
                Tensor v = heads(torch.linear(normed, w.get(layer + "self_attn.v_proj.weight")));
                x = x.add(torch.linear(attention(q, k, v), w.get(layer + "self_attn.o_proj.weight")));
                Tensor again = norm(x, w.get(layer + "post_attention_layernorm.weight"));
                Tensor gated = torch.silu(torch.linear(again, w.get(layer + "mlp.gate_proj.weight")))
                        .mul(torch.linear(again, w.get(layer + "mlp.up_proj.weight")));
                x = x.add(torch.linear(gated, w.get(layer + "mlp.down_proj.weight")));
            }
            Tensor sum = torch.cross_entropy_loss(
                    torch.linear(norm(x, w.get("model.norm.weight")), w.getOrDefault("lm_head.weight", embedding)),
                    longs(rows.targets()),
                    new TensorOptional(),
                    torch.Reduction.Sum.value,
                    PackedRows.NOT_PREDICTED,
                    0);
            sum.mul(new Scalar(SCALE)).backward();
            this.loss = sum.item_double();
        }

        private Tensor norm(Tensor x, Tensor weight) {
            Tensor meanSquare = x.square().mean(new long[] {-1}, true, new ScalarTypeOptional());
            return x.mul(meanSquare.add(new Scalar(config.rms_norm_eps())).rsqrt())
                    .mul(weight);
        }

        private Tensor heads(Tensor x) {
            return x.view(x.size(0), x.size(1) / config.head_dim(), config.head_dim());
        }

        /** {@code x * cos + rotate_half(x) * sin}. */
        private Tensor rotated(Tensor x) {
            int half = config.head_dim() / 2;
            float[] angles = new float[rows.rows() * half];
            for (int r = 0; r < rows.rows(); r++) {
                for (int i = 0; i < half; i++) {
                    angles[r * half + i] =
                            (float) (rows.positions()[r] / Math.pow(config.rope_theta(), 2.0 * i / config.head_dim()));
                }
            }
            Tensor angle = torch.tensor(angles).view(rows.rows(), 1, half);
            Tensor twice = torch.cat(new TensorVector(angle, angle), 2);
            Tensor turned = torch.cat(new TensorVector(x.narrow(2, half, half).neg(), x.narrow(2, 0, half)), 2);
            return x.mul(twice.cos()).add(turned.mul(twice.sin()));
        }

        private Tensor attention(Tensor q, Tensor k, Tensor v) {
            long count = rows.rows();
            int[] document = new int[rows.rows()];
            for (int start : rows.documentStarts()) {
                for (int i = start; i < count; i++) {
                    document[i]++;
                }
            }
            Tensor of = longs(document);
            Tensor unseen = of.unsqueeze(0)
                    .ne(of.unsqueeze(1))
                    .logical_or(torch.ones(count, count).triu(1).to(ScalarType.Bool));
            return q.transpose(0, 1)
                    .matmul(repeated(k).transpose(1, 2))
                    .mul(new Scalar(1 / Math.sqrt(config.head_dim())))
                    .masked_fill(unseen, new Scalar(Double.NEGATIVE_INFINITY))
                    .softmax(-1)
                    .matmul(repeated(v))
                    .transpose(0, 1)
                    .reshape(count, (long) config.num_attention_heads() * config.head_dim());
        }

        private Tensor repeated(Tensor x) {
            return x.transpose(0, 1).repeat_interleave(config.groupSize(), new LongOptional(0), new LongOptional());
        }

        private static Tensor longs(int[] values) {
            long[] wide = Arrays.stream(values).asLongStream().toArray();
            return torch.from_blob(new LongPointer(wide), new long[] {wide.length}, new TensorOptions(ScalarType.Long))
                    .clone();
        }
    }
}
