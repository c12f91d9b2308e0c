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
import java.util.stream.StreamSupport;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Against comparison_golden.py: SciPy's tests, a jackknife in NumPy, Holm's procedure by its definition. */
class DifferenceTest {

    /** Of sums over 2000 items in another order. */
    private static final Offset<Double> SUMS = offset(1e-12);

    /** Of probabilities: two implementations of the incomplete beta function. */
    private static final Offset<Double> TAILS = offset(1e-11);

    private static JsonNode golden;

    @BeforeAll
    static void read() throws IOException {
        try (InputStream in = DifferenceTest.class.getResourceAsStream("comparison_golden.json")) {
            golden = new ObjectMapper().readTree(Objects.requireNonNull(in));
        }
    }

    private static double[] numbers(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false)
                .mapToDouble(JsonNode::doubleValue)
                .toArray();
    }

    @Test
    void means() {
        for (JsonNode each : golden.get("means")) {
            Difference found = Difference.ofMeans(numbers(each.get("model")), numbers(each.get("baseline")));
            same(found, each, SUMS);
            boolean truths = each.has("mcnemar");
            assertThat(found.test()).isEqualTo(truths ? Difference.Test.MCNEMAR : Difference.Test.PAIRED_T);
            assertThat(found.p())
                    .isCloseTo(each.get(truths ? "mcnemar" : "paired_t").doubleValue(), TAILS);
        }
    }

    private static void same(Difference found, JsonNode expected, Offset<Double> tolerance) {
        assertThat(found.value()).isCloseTo(expected.get("value").doubleValue(), tolerance);
        assertThat(found.standardError()).isCloseTo(expected.get("stderr").doubleValue(), tolerance);
        if (expected.has("low")) {
            assertThat(found.low()).isCloseTo(expected.get("low").doubleValue(), tolerance);
            assertThat(found.high()).isCloseTo(expected.get("high").doubleValue(), tolerance);
        }
    }

    @Test
    void aggregates() {
        golden.get("aggregates").properties().forEach(entry -> {
            JsonNode each = entry.getValue();
            boolean labels = entry.getKey().equals("mcc");
            Aggregation how = labels ? Aggregation.MCC : Aggregation.BITS_PER_BYTE;
            Difference found = Difference.ofAggregates(
                    items(each.get("model"), each.get("common"), labels),
                    items(each.get("baseline"), each.get("common"), labels),
                    how);
            same(found, each, offset(1e-10)); // the jackknife takes the spread of values that are nearly equal
            assertThat(found.p()).isCloseTo(each.get("p").doubleValue(), offset(1e-8));
            assertThat(found.standardError())
                    .as("as the bootstrap has it, but for chance and what is not linear")
                    .isCloseTo(
                            each.get("bootstrap").doubleValue(),
                            offset(0.06 * each.get("bootstrap").doubleValue()));
        });
    }

    /** Right and found classes, or log-likelihoods and bytes. */
    private static List<double[]> items(JsonNode found, JsonNode common, boolean commonFirst) {
        List<double[]> items = new ArrayList<>();
        for (int i = 0; i < found.size(); i++) {
            double own = found.get(i).doubleValue();
            double shared = common.get(i).doubleValue();
            items.add(commonFirst ? new double[] {shared, own} : new double[] {own, shared});
        }
        return items;
    }

    @Test
    void unpaired() {
        for (JsonNode each : golden.get("unpaired")) {
            double[] model = numbers(each.get("model"));
            double[] baseline = numbers(each.get("baseline"));
            Difference found = Difference.unpaired(model[0], model[1], baseline[0], baseline[1]);
            same(found, each, SUMS);
            assertThat(found.p()).isCloseTo(each.get("p").doubleValue(), TAILS);
            assertThat(found.high() - found.low()).isCloseTo(2 * 1.96 * found.standardError(), SUMS);
        }
    }

    @Test
    void manyTestsAtOnce() {
        for (JsonNode each : golden.get("holm")) {
            assertThat(Statistics.holm(numbers(each.get("p"))))
                    .containsExactly(numbers(each.get("adjusted")), offset(1e-15));
        }
        assertThat(Statistics.holm(new double[] {0.04, Double.NaN, 0.01}))
                .as("what is no test does not count")
                .containsExactly(0.04, Double.NaN, 0.02);
    }

    @Test
    void intervalsOfShares() {
        for (JsonNode each : golden.get("shares")) {
            int items = each.get("items").intValue();
            assertThat(Statistics.wilson(each.get("right").doubleValue() / items, items))
                    .as("SciPy has 1.95996 for 1.96")
                    .containsExactly(numbers(each.get("ends")), offset(1e-5));
        }
    }

    @Test
    void tails() {
        for (JsonNode each : golden.get("student")) {
            double freedom = each.get("freedom").doubleValue();
            assertThat(Distributions.studentTails(each.get("t").doubleValue(), freedom))
                    .isCloseTo(each.get("tails").doubleValue(), TAILS);
            assertThat(Distributions.studentBound(0.05, freedom))
                    .isCloseTo(each.get("bound").doubleValue(), offset(1e-9));
        }
        for (JsonNode each : golden.get("normal")) {
            double expected = each.get("tails").doubleValue();
            assertThat(Distributions.normalTails(each.get("z").doubleValue()))
                    .isCloseTo(expected, offset(1e-12 * expected + 1e-15));
        }
        for (JsonNode each : golden.get("coins")) {
            assertThat(Distributions.coinTails(
                            each.get("heads").longValue(), each.get("throws").longValue()))
                    .isCloseTo(each.get("tails").doubleValue(), TAILS);
        }
    }

    @Test
    void nothingChangedIsNoDifference() {
        Difference none = Difference.ofMeans(new double[] {1, 0, 1}, new double[] {1, 0, 1});
        assertThat(none).isEqualTo(new Difference(0, 0, 0, 0, 1, Difference.Test.MCNEMAR, 3));
        Difference single = Difference.ofMeans(new double[] {0.5}, new double[] {0.25});
        assertThat(single.value()).isEqualTo(0.25);
        assertThat(single.p()).as("one item tells nothing").isNaN();
        assertThat(single.low()).isNaN();
        assertThat(Difference.unpaired(2, Double.NaN, 1, 0.1).p()).isNaN();
        List<double[]> items = List.of(new double[] {-1, 4}, new double[] {-2, 3});
        assertThat(Difference.ofAggregates(items, items, Aggregation.BITS_PER_BYTE)
                        .p())
                .isEqualTo(1);
    }
}
