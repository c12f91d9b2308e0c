package dev.skald.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;
import static org.assertj.core.data.Percentage.withPercentage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skald.InvalidInputException;
import dev.skald.evaluate.ForgettingGate.Drop;
import dev.skald.evaluate.ForgettingGate.Level;
import dev.skald.evaluate.ForgettingGate.Verdict;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Against gate_golden.py: drops with their errors and chances, and verdicts, in NumPy. */
class ForgettingGateTest {

    private static final ForgettingGate GATE = new ForgettingGate(new Level(2, 1), new Level(3, 3));
    private static final TaskRun.Options ALL = new TaskRun.Options(Optional.empty(), Integer.MAX_VALUE, 1234);
    private static JsonNode golden;

    @BeforeAll
    static void read() throws IOException {
        try (InputStream in = ForgettingGateTest.class.getResourceAsStream("gate_golden.json")) {
            golden = new ObjectMapper().readTree(Objects.requireNonNull(in));
        }
    }

    @Test
    void dropsAndTheirErrors() {
        Map<Metric, String> types = Map.of(
                Metric.ACC,
                "multiple_choice",
                Metric.MCC,
                "multiple_choice",
                Metric.BITS_PER_BYTE,
                "loglikelihood_rolling");
        for (JsonNode each : golden.get("drops")) {
            Metric metric = Metric.of(each.get("metric").textValue()).orElseThrow();
            Task task = TaskFile.parse(
                    "t.yaml",
                    "{task: t, test_split: test, output_type: " + types.get(metric)
                            + ", doc_to_text: q, doc_to_target: '0', doc_to_choice: ['a', 'b'], metric_list: [{metric: "
                            + metric.key() + "}]}",
                    new Task.Data().put("test", List.of(new Row(Map.of("q", "x"), "t.jsonl:1"))));
            Drop drop = Probe.of("t", task, Optional.empty(), ALL)
                    .drop(items(each.get("before")), items(each.get("after")));
            assertThat(drop.size()).isCloseTo(each.get("size").doubleValue(), withPercentage(1e-9));
            assertThat(drop.error()).isCloseTo(each.get("error").doubleValue(), withPercentage(1e-7));
            assertThat(drop.chance()).isCloseTo(each.get("chance").doubleValue(), offset(1e-11));
            assertThat(drop.low()).isLessThan(drop.size());
            assertThat(drop.high() - drop.size()).isCloseTo(drop.size() - drop.low(), offset(1e-9));
        }
    }

    private static List<double[]> items(JsonNode node) {
        List<double[]> items = new ArrayList<>();
        node.forEach(item -> items.add(IntStream.range(0, item.size())
                .mapToDouble(i -> item.get(i).doubleValue())
                .toArray()));
        return items;
    }

    @Test
    void verdictsAreHolms() {
        for (JsonNode each : golden.get("verdicts")) {
            List<Drop> drops = new ArrayList<>();
            List<Verdict> expected = new ArrayList<>();
            for (int i = 0; i < each.get("size").size(); i++) {
                double size = each.get("size").get(i).doubleValue();
                double error = each.get("error").get(i).doubleValue();
                double chance = each.get("chance").get(i).doubleValue();
                drops.add(new Drop(size, error, size - 2 * error, size + 2 * error, chance));
                expected.add(Verdict.valueOf(each.get("verdicts").get(i).textValue()));
            }
            assertThat(GATE.verdicts(drops)).as(each.toString()).isEqualTo(expected);
        }
    }

    @Test
    void aDropIsInPercentOfBitsAndInPointsOfTheRest() {
        Drop bits = Drop.of(Metric.BITS_PER_BYTE, 1.25, change(0.05, 0.01));
        assertThat(bits.size()).isCloseTo(4, offset(1e-9));
        assertThat(bits.error()).isCloseTo(0.8, offset(1e-9));
        assertThat(bits.low()).isCloseTo(2.4, offset(1e-9));
        Drop accuracy = Drop.of(Metric.ACC, 0.6, change(-0.05, 0.02));
        assertThat(accuracy.size()).isCloseTo(5, offset(1e-9));
        assertThat(accuracy.error()).isCloseTo(2, offset(1e-9));
        assertThat(accuracy.high()).isCloseTo(9, offset(1e-9));
        assertThat(accuracy.chance()).isEqualTo(0.005);
        Drop better = Drop.of(Metric.CHRF, 40, change(1, 0.5));
        assertThat(better.size()).isCloseTo(-1, offset(1e-9));
        assertThat(better.chance()).isEqualTo(0.995);
        assertThat(GATE.verdicts(List.of(better, new Drop(5, 0, 5, 5, 0)))).containsExactly(Verdict.KEPT, Verdict.STOP);
    }

    private static Difference change(double value, double error) {
        return new Difference(value, error, value - 2 * error, value + 2 * error, 0.01, Difference.Test.PAIRED_T, 50);
    }

    /** 2,000 items of which 15 % change: a warning sees three points in nine runs of ten, and nothing in at most 2.5 of a hundred. */
    @Test
    void theWarningHasThePowerThatItIsSaidToHave() {
        SplittableRandom random = new SplittableRandom(5);
        int seen = 0;
        int falseAlarms = 0;
        int stops = 0;
        for (int run = 0; run < 4000; run++) {
            seen += verdict(random, 0.09) == Verdict.KEPT ? 0 : 1;
            Verdict unchanged = verdict(random, 0.075);
            falseAlarms += unchanged == Verdict.KEPT ? 0 : 1;
            stops += unchanged == Verdict.STOP ? 1 : 0;
        }
        assertThat(seen).isGreaterThanOrEqualTo(3600);
        assertThat(falseAlarms).isLessThanOrEqualTo(100);
        assertThat(stops).isLessThanOrEqualTo(8); // 0.135 % of 4,000 are 5
    }

    /** @param lost part of the items that are right before and wrong after; the rest of 15 % goes the other way */
    private static Verdict verdict(SplittableRandom random, double lost) {
        double[] before = new double[2000];
        double[] after = new double[2000];
        for (int item = 0; item < 2000; item++) {
            double drawn = random.nextDouble();
            boolean changes = drawn < 0.15;
            boolean right = changes ? drawn < lost : random.nextBoolean();
            before[item] = right ? 1 : 0;
            after[item] = right != changes ? 1 : 0;
        }
        Difference change = Difference.ofMeans(after, before);
        return GATE.verdicts(List.of(Drop.of(Metric.ACC, Statistics.mean(before), change)))
                .getFirst();
    }

    @Test
    void longTextsAreSeveralItems() {
        String line = "Det regnar på taket och i rännan. ".repeat(40) + "\n";
        List<String> pieces = Probe.pieces(line.repeat(6) + "Slut.");
        assertThat(String.join("", pieces)).isEqualTo(line.repeat(6) + "Slut.");
        assertThat(pieces).hasSizeGreaterThan(2).allMatch(piece -> piece.length() <= 4000);
        assertThat(pieces.subList(0, pieces.size() - 1)).allMatch(piece -> piece.endsWith("\n"));
        assertThat(Probe.pieces("kort")).containsExactly("kort");
        assertThat(Probe.pieces(" \n")).isEmpty();
        assertThat(String.join("", Probe.pieces("å".repeat(9001)))).hasSize(9001);
        assertThat(Probe.pieces("😀".repeat(5000))).allMatch(piece -> piece.startsWith("😀"));
    }

    @Test
    void aProbeIsOneMetricOfATask() {
        Map<String, String> texts = new LinkedHashMap<>();
        texts.put("a.jsonl:1", "En text.");
        texts.put("a.jsonl:2", "En till.");
        Probe probe = Probe.ofTexts("svenska", texts, ALL);
        assertThat(probe.metric()).isEqualTo(Metric.BITS_PER_BYTE);
        assertThat(probe.items()).isEqualTo(2);
        assertThat(probe.fingerprint())
                .isEqualTo(Probe.ofTexts("svenska", texts, ALL).fingerprint());
        texts.put("a.jsonl:2", "En annan.");
        assertThat(probe.fingerprint())
                .isNotEqualTo(Probe.ofTexts("svenska", texts, ALL).fingerprint());
        Task task = TaskFile.parse(
                "t.yaml",
                "{task: t, test_split: test, output_type: multiple_choice, doc_to_text: q, doc_to_target: '0', doc_to_choice: ['a', 'b']}",
                new Task.Data().put("test", List.of(new Row(Map.of("q", "x"), "t.jsonl:1"))));
        assertThat(Probe.of("t", task, Optional.empty(), ALL).metric()).isEqualTo(Metric.ACC);
        assertThat(Probe.of("t", task, Optional.of("acc_norm"), ALL).metric()).isEqualTo(Metric.ACC_NORM);
        assertThatThrownBy(() -> Probe.of("t", task, Optional.of("mcc"), ALL))
                .isInstanceOf(InvalidInputException.class)
                .hasMessage("metric: found 'mcc', expected one that task t is measured by: acc, acc_norm");
    }
}
