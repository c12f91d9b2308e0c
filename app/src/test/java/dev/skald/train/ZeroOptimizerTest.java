package dev.skald.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.skald.kernel.Workers;
import dev.skald.model.Parameter;
import dev.skald.tensor.Natives;
import dev.skald.tensor.TensorMemory;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every stage and number of ranks does what one process does that sees all micro-batches. */
class ZeroOptimizerTest {

    private static final long[][] SHAPES = {{37, 5}, {5}, {11, 5}, {3, 11}, {5}, {37, 5}};
    private static final int STEPS = 4;
    private static final int MICRO_BATCHES = 4;
    private static final AdamW.Options ADAM = new AdamW.Options(0.9, 0.95, 1e-8, 0.1);

    @BeforeAll
    static void load() {
        Natives.load();
    }

    private static List<Parameter> parameters() {
        List<Parameter> parameters = new ArrayList<>();
        long offset = 0;
        for (int i = 0; i < SHAPES.length; i++) {
            Parameter parameter = new Parameter("p" + i, SHAPES[i], offset, i);
            parameters.add(parameter);
            offset += parameter.numel();
        }
        return parameters;
    }

    private static long numel() {
        return parameters().stream().mapToLong(Parameter::numel).sum();
    }

    /** What the run leaves: the norms of all steps, and the parameters at the end. */
    private record Outcome(List<Double> norms, List<Float> weights) {}

    private static Outcome train(Collectives ranks, ZeroOptimizer.Options options, ScalarType type) {
        List<Parameter> parameters = parameters();
        List<Double> norms = new ArrayList<>();
        try (PointerScope _ = new PointerScope()) {
            Tensor flat = random(1, numel()).to(type);
            try (ZeroOptimizer optimizer = new ZeroOptimizer(parameters, flat, options, ranks, new Workers(2))) {
                for (int step = 0; step < STEPS; step++) {
                    for (int micro = ranks.rank(); micro < MICRO_BATCHES; micro += ranks.size()) {
                        optimizer.beginMicroBatch(micro + ranks.size() >= MICRO_BATCHES);
                        // The first is asked for before the others and completed last, as a tied embedding.
                        backward(optimizer, parameters, 0, 1000 * step + 10 * micro);
                        for (int p = parameters.size() - 1; p > 0; p--) {
                            backward(optimizer, parameters, p, 1000 * step + 10 * micro);
                            optimizer.complete(parameters.get(p));
                        }
                        optimizer.complete(parameters.getFirst());
                        optimizer.endMicroBatch();
                    }
                    double norm = optimizer.gradientNorm();
                    norms.add(norm);
                    optimizer.step(ADAM, 1e-2 / (step + 1), Math.max(1, norm));
                }
            }
            float[] weights = TensorMemory.of(flat.to(ScalarType.Float)).toArray(ValueLayout.JAVA_FLOAT);
            return new Outcome(
                    norms,
                    IntStream.range(0, weights.length).mapToObj(i -> weights[i]).toList());
        }
    }

    private static void backward(ZeroOptimizer optimizer, List<Parameter> parameters, int p, int seed) {
        try (PointerScope _ = new PointerScope()) {
            Parameter parameter = parameters.get(p);
            optimizer.of(parameter).add_(random(seed + p, parameter.numel()).view(parameter.shape()));
        }
    }

    private static Tensor random(int seed, long length) {
        Random random = new Random(seed);
        Tensor tensor = torch.zeros(new long[] {length}, new TensorOptions(ScalarType.Float));
        for (long i = 0; i < length; i++) {
            TensorMemory.of(tensor).setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextGaussian());
        }
        return tensor;
    }

    @ParameterizedTest
    @CsvSource({
        "1, 0, 100, true",
        "1, 2, 100, true",
        "2, 0, 100, true",
        "2, 1, 100, false",
        "2, 2, 100, true",
        "2, 2, 1, false",
        "4, 0, 1000000, false",
        "4, 1, 60, true",
        "4, 2, 60, true",
        "4, 2, 1000000, true"
    })
    void partitionsChangeNothing(int size, int stage, long bucket, boolean overlap) throws Exception {
        ZeroOptimizer.Options whole = new ZeroOptimizer.Options(0, 1000000, 1000000, false, false);
        ZeroOptimizer.Options options = new ZeroOptimizer.Options(stage, bucket, 33, overlap, size % 2 == 0);

        Outcome expected = train(new Collectives.SingleProcess(), whole, ScalarType.Float);
        List<Outcome> outcomes = Ranks.run(size, ranks -> train(ranks, options, ScalarType.Float));

        for (Outcome outcome : outcomes) {
            for (int step = 0; step < STEPS; step++) {
                // Sums over micro-batches in another order: f32 rounding.
                assertThat(outcome.norms().get(step)).isCloseTo(expected.norms().get(step), within(1e-5));
            }
            for (int i = 0; i < outcome.weights().size(); i++) {
                assertThat(outcome.weights().get(i))
                        .isCloseTo(expected.weights().get(i), within(2e-5f));
            }
            assertThat(outcome.weights()).isEqualTo(outcomes.getFirst().weights());
        }
    }

    @ParameterizedTest
    @CsvSource({"2, 1", "2, 2", "4, 2"})
    void bf16ParametersAreEqualOnAllRanks(int size, int stage) throws Exception {
        ZeroOptimizer.Options options = new ZeroOptimizer.Options(stage, 64, 1000000, true, false);

        List<Outcome> outcomes = Ranks.run(size, ranks -> train(ranks, options, ScalarType.BFloat16));
        List<Outcome> again = Ranks.run(size, ranks -> train(ranks, options, ScalarType.BFloat16));

        assertThat(outcomes.stream().map(Outcome::weights))
                .allSatisfy(weights ->
                        assertThat(weights).isEqualTo(again.getFirst().weights()));
    }

    @ParameterizedTest
    @CsvSource({"1, 0, 14", "1, 2, 14", "2, 0, 14", "2, 1, 9", "2, 2, 7", "4, 1, 6.5", "4, 2, 3.5"})
    void bytesPerParameterBesidesTheParameterItself(int size, int stage, double expected) throws Exception {
        ZeroOptimizer.Options options = new ZeroOptimizer.Options(stage, 1_000_000, 1_000_000, false, false);

        List<Double> bytes = Ranks.run(size, ranks -> {
            try (PointerScope _ = new PointerScope()) {
                Tensor flat = random(1, numel()).to(ScalarType.BFloat16);
                try (ZeroOptimizer optimizer = new ZeroOptimizer(parameters(), flat, options, ranks, new Workers(2))) {
                    return (double) optimizer.bytes() / numel();
                }
            }
        });

        // Buckets are padded to a multiple of the ranks.
        assertThat(bytes).allSatisfy(each -> assertThat(each).isCloseTo(expected, within(0.1)));
    }
}
