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
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
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
            AutogradLlama reference = new AutogradLlama(config, parameters, rows(), SCALE);
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
            AutogradLlama reference = new AutogradLlama(config, parameters, rows(), SCALE);
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
}
