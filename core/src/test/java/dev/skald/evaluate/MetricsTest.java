package dev.skald.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Against metrics_golden.py: Python's random numbers, and metrics in NumPy by other formulas. */
class MetricsTest {

    /** Sums of some dozens of doubles in another order. */
    private static final double TOLERANCE = 1e-12;

    private static final ObjectMapper JSON = new ObjectMapper();
    private static JsonNode golden;

    @BeforeAll
    static void read() throws IOException {
        try (InputStream in = MetricsTest.class.getResourceAsStream("metrics_golden.json")) {
            golden = JSON.readTree(Objects.requireNonNull(in));
        }
    }

    @Test
    void drawsAsPython() {
        for (JsonNode each : golden.get("draws")) {
            PythonRandom random = new PythonRandom(each.get("seed").longValue());
            List<Integer> items =
                    IntStream.range(0, each.get("n").intValue()).boxed().toList();
            for (JsonNode expected : each.get("sample")) {
                JsonNode drawn =
                        JSON.valueToTree(random.sample(items, each.get("k").intValue()));
                assertThat(drawn)
                        .as("seed %s, %s", each.get("seed"), each.get("n"))
                        .isEqualTo(expected);
            }
            assertThat(random.nextDouble()).isEqualTo(each.get("random").doubleValue());
        }
        List<Integer> items = new ArrayList<>(IntStream.range(0, 30).boxed().toList());
        new PythonRandom(4242).shuffle(items);
        JsonNode shuffled = JSON.valueToTree(items);
        assertThat(shuffled).isEqualTo(golden.get("shuffled"));
    }

    @Test
    void classes() {
        for (JsonNode each : golden.get("labels")) {
            List<double[]> items = new ArrayList<>();
            for (int i = 0; i < each.get("gold").size(); i++) {
                items.add(new double[] {
                    each.get("gold").get(i).doubleValue(),
                    each.get("pred").get(i).doubleValue()
                });
            }
            assertThat(Aggregation.MCC.of(items)).isCloseTo(each.get("mcc").doubleValue(), offset(TOLERANCE));
            assertThat(Aggregation.F1.of(items)).isCloseTo(each.get("f1").doubleValue(), offset(TOLERANCE));
            assertThat(Aggregation.F1_MACRO.of(items))
                    .isCloseTo(each.get("f1_macro").doubleValue(), offset(TOLERANCE));
        }
    }

    @Test
    void chrf() {
        for (JsonNode each : golden.get("chrf")) {
            List<double[]> items = new ArrayList<>();
            each.get("pairs")
                    .forEach(pair -> items.add(
                            ChrF.counts(pair.get(0).textValue(), pair.get(1).textValue())));
            assertThat(Aggregation.CHRF.of(items)).isCloseTo(each.get("chrf").doubleValue(), offset(1e-10));
        }
    }

    @Test
    void literalsOfPython() {
        for (JsonNode each : golden.get("literals")) {
            JsonNode value = JSON.valueToTree(
                    PythonLiteral.parse(each.get("source").textValue()).orElseThrow());
            assertThat(value.toString()).isEqualTo(each.get("value").toString());
        }
        assertThat(PythonLiteral.parse("[1, ")).isEmpty();
        assertThat(PythonLiteral.parse("Fråga: [1]")).isEmpty();
    }

    @Test
    void perplexities() {
        List<double[]> items = List.of(new double[] {-10, 4}, new double[] {-20, 8});
        assertThat(Aggregation.WEIGHTED_PERPLEXITY.of(items)).isCloseTo(Math.exp(2.5), offset(TOLERANCE));
        assertThat(Aggregation.BITS_PER_BYTE.of(items)).isCloseTo(2.5 / Math.log(2), offset(TOLERANCE));
        assertThat(Aggregation.PERPLEXITY.of(List.of(new double[] {-1}, new double[] {-3})))
                .isCloseTo(Math.exp(2), offset(TOLERANCE));
    }

    @Test
    void squadIgnoresCasePunctuationAndEnglishArticles() {
        assertThat(Answers.f1("The cat, sat", List.of("a cat sat down"))).isCloseTo(0.8, offset(TOLERANCE));
        assertThat(Answers.f1("", List.of(""))).isEqualTo(1);
        assertThat(Answers.f1("Oslo", List.of("Bergen", "oslo."))).isEqualTo(1);
        assertThat(Answers.exactMatch("Oslo.", List.of("oslo"), new Answers.Ignored(true, true, false)))
                .isTrue();
        assertThat(Answers.exactMatch("Oslo.", List.of("oslo"), Answers.Ignored.NOTHING))
                .isFalse();
    }

    /** By formula for a mean; the bootstrap of a mean comes to the same, but for the factor of n - 1 and chance. */
    @Test
    void standardErrors() {
        List<double[]> items = IntStream.range(0, 200)
                .mapToObj(i -> new double[] {i % 4 == 0 ? 1 : 0})
                .toList();
        double formula = Aggregation.MEAN.standardError(items, 1).orElseThrow();
        assertThat(formula).isCloseTo(Math.sqrt(0.25 * 0.75 / 199), offset(TOLERANCE));
        assertThat(Statistics.deviation(Aggregation.MEAN.draws(items, 1))).isCloseTo(formula, offset(0.03 * formula));
        assertThat(Aggregation.MEAN.standardError(items.subList(0, 1), 1)).isEmpty();
    }
}
