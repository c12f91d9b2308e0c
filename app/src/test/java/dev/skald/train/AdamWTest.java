package dev.skald.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skald.kernel.Workers;
import dev.skald.tensor.Natives;
import dev.skald.tensor.TensorMemory;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Objects;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Against PyTorch 1.13's AdamW; adamw_golden.py makes the values. */
class AdamWTest {

    private static final AdamW.Options OPTIONS = new AdamW.Options(0.9, 0.95, 1e-8, 0.1);
    private static JsonNode golden;

    @BeforeAll
    static void load() throws Exception {
        Natives.load();
        try (InputStream in = AdamWTest.class.getResourceAsStream("adamw_golden.json")) {
            golden = new ObjectMapper().readTree(Objects.requireNonNull(in));
        }
    }

    private static float[] floats(JsonNode array) {
        float[] floats = new float[array.size()];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = array.get(i).floatValue();
        }
        return floats;
    }

    private static float[] floats(Tensor tensor) {
        return TensorMemory.of(tensor.to(ScalarType.Float).contiguous()).toArray(ValueLayout.JAVA_FLOAT);
    }

    private static Tensor tensor(float[]... runs) {
        int length = 0;
        for (float[] run : runs) {
            length += run.length;
        }
        Tensor tensor = torch.zeros(new long[] {length}, new TensorOptions(ScalarType.Float));
        long at = 0;
        for (float[] run : runs) {
            MemorySegment.copy(
                    MemorySegment.ofArray(run),
                    0,
                    TensorMemory.of(tensor),
                    at * Float.BYTES,
                    (long) run.length * Float.BYTES);
            at += run.length;
        }
        return tensor;
    }

    private static Tensor initial() {
        return tensor(floats(golden.get("weight")), floats(golden.get("norm")));
    }

    /** The weight in two slices, as two buckets would cut it, and the norm; moments and gradients in an order of their own. */
    private static List<Slice> slices() {
        return List.of(
                new Slice(1, 0, 45, 0, 0, 11, false),
                new Slice(0, 0, 0, 11, 11, 20, true),
                new Slice(0, 20, 20, 31, 31, 25, true));
    }

    private static Tensor gradients(JsonNode step, float scale) {
        float[] weight = floats(step.get("gradients").get(0));
        float[] norm = floats(step.get("gradients").get(1));
        for (int i = 0; i < weight.length; i++) {
            weight[i] *= scale;
        }
        for (int i = 0; i < norm.length; i++) {
            norm[i] *= scale;
        }
        return tensor(norm, weight);
    }

    private static void close(float[] found, float[] expected) {
        for (int i = 0; i < expected.length; i++) {
            // f32 rounding of the same formula in another order of operations.
            assertThat(found[i]).isCloseTo(expected[i], within(2e-6f * Math.max(1, Math.abs(expected[i]))));
        }
    }

    private static void followsPyTorch(AdamW adamW, Tensor flat) {
        long t = 0;
        for (JsonNode step : golden.get("steps")) {
            adamW.step(AdamW.Update.of(OPTIONS, ++t, step.get("lr").doubleValue(), 8), gradients(step, 8));
            close(floats(flat.narrow(0, 0, 45)), floats(step.get("weight")));
            close(floats(flat.narrow(0, 45, 11)), floats(step.get("norm")));
            AdamW.State state = adamW.state(slices().get(2));
            close(floats(state.expAvg()), floats(step.get("exp_avg")), 20);
            close(floats(state.expAvgSq()), floats(step.get("exp_avg_sq")), 20);
        }
    }

    private static void close(float[] found, float[] expected, int from) {
        for (int i = 0; i < found.length; i++) {
            assertThat(found[i])
                    .isCloseTo(expected[from + i], within(2e-6f * Math.max(1, Math.abs(expected[from + i]))));
        }
    }

    @Test
    void vectorLoopsFollowPyTorch() {
        try (PointerScope _ = new PointerScope()) {
            Tensor flat = initial();
            followsPyTorch(new VectorAdamW(slices(), flat, new Workers(2)), flat);
        }
    }

    @Test
    void operatorsFollowPyTorch() {
        try (PointerScope _ = new PointerScope()) {
            Tensor flat = initial();
            followsPyTorch(new AtenAdamW(slices(), flat, false), flat);
        }
    }

    @Test
    void bf16ParametersHaveTheSameMasterWeightsBitForBit() {
        try (PointerScope _ = new PointerScope()) {
            Tensor f32 = initial();
            Tensor bf16 = initial().to(ScalarType.BFloat16);
            AdamW whole = new VectorAdamW(slices(), f32, new Workers(2));
            AdamW split = new VectorAdamW(slices(), bf16, new Workers(2));
            long t = 0;
            for (JsonNode step : golden.get("steps")) {
                AdamW.Update update =
                        AdamW.Update.of(OPTIONS, ++t, step.get("lr").doubleValue(), 1);
                whole.step(update, gradients(step, 1));
                split.step(update, gradients(step, 1));
                for (Slice slice : slices()) {
                    assertThat(floats(split.state(slice).master()))
                            .isEqualTo(floats(whole.state(slice).master()));
                }
                assertThat(floats(bf16)).isEqualTo(floats(f32.to(ScalarType.BFloat16)));
            }
        }
    }

    @Test
    void stateGoesIntoAnotherPartition() {
        try (PointerScope _ = new PointerScope()) {
            Tensor flat = initial().to(ScalarType.BFloat16);
            AdamW one = new VectorAdamW(slices(), flat, new Workers(2));
            one.step(
                    AdamW.Update.of(OPTIONS, 1, 0.1, 1),
                    gradients(golden.get("steps").get(0), 1));

            Tensor other = torch.zeros(new long[] {56}, new TensorOptions(ScalarType.BFloat16));
            Slice moved = new Slice(0, 20, 20, 0, 0, 25, true);
            AdamW resumed = new VectorAdamW(List.of(moved), other, new Workers(3));
            AdamW.State saved = one.state(slices().get(2));
            resumed.restore(moved, saved);

            assertThat(floats(other.narrow(0, 20, 25))).isEqualTo(floats(flat.narrow(0, 20, 25)));
            assertThat(floats(resumed.state(moved).master())).isEqualTo(floats(saved.master()));
            assertThat(floats(resumed.state(moved).expAvgSq())).isEqualTo(floats(saved.expAvgSq()));
        }
    }

    @Test
    void normOfGradientsIsPyTorchs() {
        try (PointerScope _ = new PointerScope()) {
            for (JsonNode step : golden.get("steps")) {
                double sum = GradientNorm.sumOfSquares(gradients(step, 1), 0, 56, new Workers(2));
                assertThat(Math.sqrt(sum))
                        .isCloseTo(step.get("norm_of_gradients").doubleValue(), within(1e-4));
            }
            Tensor bad = gradients(golden.get("steps").get(0), Float.NaN);
            assertThat(GradientNorm.sumOfSquares(bad, 0, 56, new Workers(2))).isNaN();
        }
    }
}
