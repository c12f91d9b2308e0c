package dev.skald.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skald.tensor.Natives;
import dev.skald.tensor.TensorMemory;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Weights in few bits against nf4_golden.py. */
class QuantisedWeightTest {

    @BeforeAll
    static void load() {
        Natives.load();
    }

    private static float[] floats(JsonNode text) {
        ByteBuffer bytes =
                ByteBuffer.wrap(Base64.getDecoder().decode(text.asText())).order(ByteOrder.LITTLE_ENDIAN);
        float[] floats = new float[bytes.remaining() / Float.BYTES];
        bytes.asFloatBuffer().get(floats);
        return floats;
    }

    private static float[] left(QuantisedWeight weight, ScalarType dtype) {
        try (weight) {
            Tensor out = torch.empty(weight.rows(), weight.columns()).to(dtype);
            weight.dequantise(out);
            return TensorMemory.of(out.to(ScalarType.Float)).toArray(ValueLayout.JAVA_FLOAT);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void whatIsLeftIsTheOracles(int threads) throws IOException {
        JsonNode golden;
        try (InputStream in = QuantisedWeightTest.class.getResourceAsStream("nf4_golden.json")) {
            golden = new ObjectMapper().readTree(in);
        }
        Workers workers = new Workers(threads);
        for (JsonNode each : golden.get("cases")) {
            try (PointerScope _ = new PointerScope()) {
                String name = each.get("name").asText();
                Tensor weight = torch.tensor(floats(each.get("weight")))
                        .view(each.get("rows").asLong(), each.get("columns").asLong());
                assertNear(
                        name + " nf4", left(new Nf4Weight(weight, workers), ScalarType.Float), floats(each.get("nf4")));
                assertNear(
                        name + " int8",
                        left(new Int8Weight(weight, workers), ScalarType.Float),
                        floats(each.get("int8")));
            }
        }
    }

    /** Whole blocks and a part of one, blocks of zeros and of large and tiny numbers: every bit is the plain loop's. */
    @ParameterizedTest
    @CsvSource({"37, 61", "64, 128", "1, 7"})
    void vectorsHaveTheBitsOfThePlainLoop(int rows, int columns) {
        try (PointerScope _ = new PointerScope()) {
            torch.manual_seed(6);
            Tensor weight = torch.randn(rows, columns);
            weight.narrow(0, 0, Math.max(1, rows / 4)).mul_(new Scalar(1e-30));
            weight.narrow(0, rows / 2, 1).zero_();
            try (Nf4Weight nf4 = new Nf4Weight(weight, new Workers(2))) {
                for (ScalarType dtype : List.of(ScalarType.Float, ScalarType.BFloat16)) {
                    Tensor plain = torch.empty(rows, columns).to(dtype);
                    Tensor vectors = torch.empty(rows, columns).to(dtype);
                    nf4.dequantise(plain, false);
                    nf4.dequantise(vectors, true);
                    assertThat(TensorMemory.of(vectors).mismatch(TensorMemory.of(plain)))
                            .as("%s", dtype)
                            .isEqualTo(-1);
                }
            }
        }
    }

    /** The 16 values are written with eight digits; a weight half way between two of them may go either way. */
    private static void assertNear(String name, float[] actual, float[] expected) {
        assertThat(actual).as(name).hasSize(expected.length);
        int other = 0;
        for (int i = 0; i < actual.length; i++) {
            if (Math.abs(actual[i] - expected[i]) > 1e-6 * Math.max(1e-9, Math.abs(expected[i]))) {
                other++;
            }
        }
        assertThat(other).as(name).isLessThanOrEqualTo(expected.length / 10_000);
    }

    @Test
    void ofBfloatsAndToBfloats() {
        try (PointerScope _ = new PointerScope()) {
            torch.manual_seed(4);
            Workers workers = new Workers(2);
            Tensor weight = torch.randn(40, 64).to(ScalarType.BFloat16);
            Tensor wide = weight.to(ScalarType.Float);
            for (boolean four : new boolean[] {true, false}) {
                float[] fromBfloats =
                        left(four ? new Nf4Weight(weight, workers) : new Int8Weight(weight, workers), ScalarType.Float);
                float[] fromFloats =
                        left(four ? new Nf4Weight(wide, workers) : new Int8Weight(wide, workers), ScalarType.Float);
                assertThat(fromBfloats).isEqualTo(fromFloats);
                float[] rounded =
                        left(four ? new Nf4Weight(wide, workers) : new Int8Weight(wide, workers), ScalarType.BFloat16);
                Tensor expected =
                        torch.tensor(fromFloats).to(ScalarType.BFloat16).to(ScalarType.Float);
                assertThat(rounded).isEqualTo(TensorMemory.of(expected).toArray(ValueLayout.JAVA_FLOAT));
                double error =
                        torch.tensor(fromFloats).view(40, 64).sub(wide).norm().item_double()
                                / wide.norm().item_double();
                assertThat(error).isLessThan(four ? 0.11 : 0.01);
            }
        }
    }

    @Test
    void memoryIsFourBitsAndALittle() {
        try (PointerScope _ = new PointerScope();
                Nf4Weight four = new Nf4Weight(torch.ones(512, 512), new Workers(1));
                Int8Weight eight = new Int8Weight(torch.ones(512, 512), new Workers(1))) {
            assertThat(8.0 * four.bytes() / (512 * 512)).isCloseTo(4.127, within(0.001));
            assertThat(8.0 * eight.bytes() / (512 * 512)).isCloseTo(8.06, within(0.01));
        }
    }

    @Test
    void whatIsNotFiniteIsRefused() {
        try (PointerScope _ = new PointerScope()) {
            Tensor weight = torch.tensor(new float[] {1, Float.NaN}).view(1, 2);
            assertThatThrownBy(() -> new Nf4Weight(weight, new Workers(1)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("NaN");
        }
    }
}
