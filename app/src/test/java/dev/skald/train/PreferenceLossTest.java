package dev.skald.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skald.InvalidInputException;
import dev.skald.train.PreferenceLoss.Answer;
import dev.skald.train.PreferenceLoss.Outcome;
import dev.skald.train.PreferenceLoss.Pair;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Losses of preferences against preference_golden.py, which has PyTorch's autograd for the gradients. */
class PreferenceLossTest {

    private static final Pair PAIR = new Pair(new Answer(-41, -44, 13), new Answer(-60, -57, 21));

    static List<PreferenceLoss> losses() {
        return List.of(
                new PreferenceLoss.Sigmoid(0.1, 0),
                new PreferenceLoss.Sigmoid(0.1, 0.2),
                new PreferenceLoss.Robust(0.1, 0.2),
                new PreferenceLoss.Hinge(0.1),
                new PreferenceLoss.Ipo(0.1),
                new PreferenceLoss.SigmoidNorm(2),
                new PreferenceLoss.Orpo(0.1),
                new PreferenceLoss.SimPo(2, 0.5, 0));
    }

    private static JsonNode golden() throws IOException {
        try (InputStream in = PreferenceLossTest.class.getResourceAsStream("preference_golden.json")) {
            return new ObjectMapper().readTree(in);
        }
    }

    private static PreferenceLoss loss(JsonNode of) {
        double beta = of.get("beta").doubleValue();
        String type = of.get("loss_type").textValue();
        return switch (type) {
            case "sigmoid" ->
                new PreferenceLoss.Sigmoid(beta, of.get("smoothing").doubleValue());
            case "robust" -> new PreferenceLoss.Robust(beta, of.get("smoothing").doubleValue());
            case "hinge" -> new PreferenceLoss.Hinge(beta);
            case "ipo" -> new PreferenceLoss.Ipo(beta);
            case "sigmoid_norm" -> new PreferenceLoss.SigmoidNorm(beta);
            case "orpo" -> new PreferenceLoss.Orpo(beta);
            case "simpo" -> new PreferenceLoss.SimPo(beta, of.get("gamma").doubleValue(), 0);
            default -> throw new IllegalStateException(type);
        };
    }

    private static Answer answer(JsonNode of) {
        return new Answer(
                of.get(0).doubleValue(), of.get(1).doubleValue(), of.get(2).longValue());
    }

    /** Rounding of float64, of numbers up to 1e5 that nearly cancel. */
    private static Offset<Double> rounding(double expected) {
        return within(1e-11 * Math.max(1e-3, Math.abs(expected)));
    }

    @Test
    void lossesAndGradientsAreAutogradsAtAnyMargin() throws IOException {
        JsonNode pairs = golden().get("pairs");
        assertThat(pairs).hasSize(9 * 17);
        for (JsonNode each : pairs) {
            Outcome outcome = loss(each).of(new Pair(answer(each.get("chosen")), answer(each.get("rejected"))));
            double expected = each.get("loss").doubleValue();
            assertThat(outcome.loss()).as("%s", each).isEqualTo(expected, rounding(expected));
            double byChosen = each.get("by_chosen").doubleValue();
            assertThat(outcome.byChosen()).as("chosen of %s", each).isEqualTo(byChosen, rounding(byChosen));
            double byRejected = each.get("by_rejected").doubleValue();
            assertThat(outcome.byRejected()).as("rejected of %s", each).isEqualTo(byRejected, rounding(byRejected));
        }
    }

    @Test
    void singleAnswersAreAutogradsToo() throws IOException {
        for (JsonNode each : golden().get("kto")) {
            KtoLoss loss = new KtoLoss(
                    each.get("beta").doubleValue(),
                    each.get("desirable").doubleValue(),
                    each.get("undesirable").doubleValue());
            double divergence = KtoLoss.divergence(each.get("mismatched").doubleValue(), 1);
            KtoLoss.Outcome outcome =
                    loss.of(answer(each.get("answer")), each.get("wanted").booleanValue(), divergence);
            double expected = each.get("loss").doubleValue();
            assertThat(outcome.loss()).as("%s", each).isEqualTo(expected, rounding(expected));
            double byAnswer = each.get("by_answer").doubleValue();
            assertThat(outcome.byAnswer()).as("answer of %s", each).isEqualTo(byAnswer, rounding(byAnswer));
        }
    }

    @ParameterizedTest
    @MethodSource("losses")
    void gradientsAreFiniteDifferences(PreferenceLoss loss) {
        double h = 1e-5;
        Outcome outcome = loss.of(PAIR);
        double byChosen = (loss.of(moved(h, 0)).loss() - loss.of(moved(-h, 0)).loss()) / (2 * h);
        double byRejected = (loss.of(moved(0, h)).loss() - loss.of(moved(0, -h)).loss()) / (2 * h);
        // A difference of losses about 1 has 1e-16 / 1e-5 of rounding, and h squared of curvature.
        assertThat(outcome.byChosen()).isEqualTo(byChosen, within(1e-9));
        assertThat(outcome.byRejected()).isEqualTo(byRejected, within(1e-9));
        assertThat(outcome.byChosen()).isNegative();
        assertThat(outcome.byRejected()).isPositive();
    }

    private static Pair moved(double chosen, double rejected) {
        return new Pair(
                new Answer(
                        PAIR.chosen().logp() + chosen,
                        PAIR.chosen().reference(),
                        PAIR.chosen().tokens()),
                new Answer(
                        PAIR.rejected().logp() + rejected,
                        PAIR.rejected().reference(),
                        PAIR.rejected().tokens()));
    }

    @Test
    void atTheReferenceDpoIsTheLogarithmOfTwo() {
        Answer chosen = new Answer(-41.3, -41.3, 13);
        Outcome outcome = new PreferenceLoss.Sigmoid(0.1, 0).of(new Pair(chosen, new Answer(-7, -7, 2)));
        assertThat(outcome.loss()).isEqualTo(Math.log(2));
        assertThat(outcome.byChosen()).isEqualTo(-0.05);
        assertThat(outcome.margin()).isZero();
        assertThat(outcome.accurate()).isFalse();
        assertThat(new KtoLoss(0.1, 1, 1).of(chosen, true, 0).loss()).isEqualTo(0.5);
    }

    /** A model that is certain of an answer has the sum 0, or, rounded, a little more. */
    @ParameterizedTest
    @MethodSource("losses")
    void certainAndImpossibleAnswersHaveFiniteGradients(PreferenceLoss loss) {
        for (double chosen : new double[] {1e-6, 0, -1e-300, -1e6}) {
            for (double rejected : new double[] {1e-6, 0, -1e-300, -1e6}) {
                Outcome outcome = loss.of(new Pair(new Answer(chosen, -10, 3), new Answer(rejected, -10, 3)));
                assertThat(outcome.loss()).isFinite();
                assertThat(outcome.byChosen()).isFinite();
                assertThat(outcome.byRejected()).isFinite();
            }
        }
    }

    @Test
    void logarithmsNearTheirLimits() {
        assertThat(PreferenceLoss.logSigmoid(-1e5)).isEqualTo(-1e5);
        assertThat(PreferenceLoss.logSigmoid(50)).isEqualTo(-Math.exp(-50), within(1e-36));
        assertThat(PreferenceLoss.log1mexp(-1e-20)).isEqualTo(Math.log(1e-20), within(1e-13));
        assertThat(PreferenceLoss.log1mexp(-800)).isZero();
        assertThat(PreferenceLoss.sigmoid(-745)).isPositive();
        assertThat(PreferenceLoss.sigmoid(1000)).isEqualTo(1);
    }

    @Test
    void theDivergenceIsNotBelowZero() {
        assertThat(KtoLoss.divergence(-3, 2)).isZero();
        assertThat(KtoLoss.divergence(3, 2)).isEqualTo(1.5);
        assertThat(KtoLoss.divergence(0, 0)).isZero();
    }

    @Test
    void whatIsNoSettingIsRefused() {
        assertThatThrownBy(() -> new PreferenceLoss.Robust(0.1, 0.5))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("dpo_label_smoothing: found 0.5");
        assertThatThrownBy(() -> new PreferenceLoss.Hinge(0)).hasMessageContaining("rl_beta: found 0.0");
        assertThatThrownBy(() -> new KtoLoss(0.1, -1, 1)).hasMessageContaining("kto_desirable_weight: found -1.0");
        assertThatThrownBy(() -> new Answer(0, 0, 0)).hasMessageContaining("0 tokens");
    }
}
