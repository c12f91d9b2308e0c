package dev.skald.train;

import dev.skald.model.Gradients;
import dev.skald.model.PackedRows;
import dev.skald.model.TrainableLlama;
import dev.skald.train.PreferenceLoss.Answer;
import dev.skald.train.PreferenceLoss.Outcome;
import dev.skald.train.PreferenceLoss.Pair;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The loss of preferences. A micro-batch has two spans for each pair: the chosen answer behind its prompt, the rejected one behind the same. The
 * model's log-probabilities of both answers are summed in the forward pass; what the loss makes of them is how much each row's cross entropy counts
 * in the backward pass. The reference is the model as the run began: for an adapter the base model without it.
 */
final class Preferences implements Objective {

    private static final List<String> NAMES = List.of(
            "rewards/chosen",
            "rewards/rejected",
            "rewards/margins",
            "rewards/accuracies",
            "logps/chosen",
            "logps/rejected");

    private final PreferenceLoss loss;
    /** Its weights stay as they are; none for losses without a reference. */
    private final Optional<Reference> reference;

    private double[] sums = new double[NAMES.size()];

    /**
     * The model that answers are compared with.
     *
     * @param model makes no gradients
     * @param owned what is closed with it, in this order
     */
    record Reference(TrainableLlama model, List<AutoCloseable> owned) implements AutoCloseable {

        Reference {
            owned = List.copyOf(owned);
        }

        @Override
        public void close() {
            model.close();
            for (AutoCloseable each : owned) {
                try {
                    each.close();
                } catch (Exception e) {
                    throw new IllegalStateException(e); // weights are only freed
                }
            }
        }
    }

    Preferences(PreferenceLoss loss, Optional<Reference> reference) {
        this.loss = loss;
        this.reference = reference;
    }

    /** The two spans of a pair, as rows; those that predict the answers. */
    private record Rows(
            int chosen, int chosenAnswer, int chosenEnd, int rejected, int rejectedAnswer, int rejectedEnd) {}

    /** The pairs of a micro-batch. An answer begins at the same place behind the same prompt, so that the rejected one's labels tell it for both. */
    private static Rows[] pairs(PackedRows rows) {
        int[] starts = rows.documentStarts();
        int spans = starts.length - (rows.padding() > 0 ? 1 : 0);
        Rows[] pairs = new Rows[spans / 2];
        for (int i = 0; i < pairs.length; i++) {
            int chosen = starts[2 * i];
            int rejected = starts[2 * i + 1];
            int end = 2 * i + 2 < starts.length ? starts[2 * i + 2] : rows.rows();
            int answer = 0;
            while (rows.targets()[rejected + answer] == PackedRows.NOT_PREDICTED) {
                answer++;
            }
            pairs[i] = new Rows(chosen, chosen + answer, rejected, rejected, rejected + answer, end);
        }
        return pairs;
    }

    @Override
    public double units(PackedRows rows) {
        return pairs(rows).length;
    }

    @Override
    public double forwardBackward(TrainableLlama model, PackedRows rows, double scale, Gradients gradients) {
        double[] expected = reference(rows);
        double[] total = new double[1];
        model.forwardBackward(
                rows,
                losses -> {
                    double[] scales = new double[losses.length];
                    for (Rows pair : pairs(rows)) {
                        Outcome outcome = outcome(rows, pair, losses, expected);
                        total[0] += outcome.loss() + likelihood(rows, pair, outcome, losses);
                        note(outcome, pair, losses);
                        // A row's loss is what its log-probability lacks: the signs turn round.
                        Arrays.fill(scales, pair.chosenAnswer, pair.chosenEnd, -scale * outcome.byChosen());
                        Arrays.fill(scales, pair.rejectedAnswer, pair.rejectedEnd, -scale * outcome.byRejected());
                        if (outcome.likelihood() > 0) {
                            double each = scale * outcome.likelihood() / predicted(rows, pair);
                            for (int row = pair.chosen; row < pair.chosenEnd; row++) {
                                scales[row] += each;
                            }
                        }
                    }
                    return scales;
                },
                gradients);
        return total[0];
    }

    @Override
    public double loss(TrainableLlama model, PackedRows rows) {
        double[] losses = model.losses(rows);
        double[] expected = reference(rows);
        double total = 0;
        for (Rows pair : pairs(rows)) {
            Outcome outcome = outcome(rows, pair, losses, expected);
            total += outcome.loss() + likelihood(rows, pair, outcome, losses);
        }
        return total;
    }

    private double[] reference(PackedRows rows) {
        return reference.map(each -> each.model().losses(rows)).orElseGet(() -> new double[rows.rows()]);
    }

    private Outcome outcome(PackedRows rows, Rows pair, double[] losses, double[] expected) {
        return loss.of(new Pair(
                answer(rows, pair.chosenAnswer, pair.chosenEnd, losses, expected),
                answer(rows, pair.rejectedAnswer, pair.rejectedEnd, losses, expected)));
    }

    private static Answer answer(PackedRows rows, int from, int to, double[] losses, double[] expected) {
        long tokens = Arrays.stream(rows.targets(), from, to)
                .filter(target -> target != PackedRows.NOT_PREDICTED)
                .count();
        return new Answer(-sum(losses, from, to), -sum(expected, from, to), tokens);
    }

    private static double sum(double[] losses, int from, int to) {
        return Arrays.stream(losses, from, to).sum();
    }

    private static long predicted(PackedRows rows, Rows pair) {
        return Arrays.stream(rows.targets(), pair.chosen, pair.chosenEnd)
                .filter(target -> target != PackedRows.NOT_PREDICTED)
                .count();
    }

    private static double likelihood(PackedRows rows, Rows pair, Outcome outcome, double[] losses) {
        return outcome.likelihood() == 0
                ? 0
                : outcome.likelihood() * sum(losses, pair.chosen, pair.chosenEnd) / predicted(rows, pair);
    }

    private void note(Outcome outcome, Rows pair, double[] losses) {
        double[] values = {
            outcome.rewardChosen(),
            outcome.rewardRejected(),
            outcome.margin(),
            outcome.accurate() ? 1 : 0,
            -sum(losses, pair.chosenAnswer, pair.chosenEnd),
            -sum(losses, pair.rejectedAnswer, pair.rejectedEnd)
        };
        for (int i = 0; i < values.length; i++) {
            sums[i] += values[i];
        }
    }

    /** TRL's preference training has no dropout in the model that learns. */
    @Override
    public boolean dropsInputs() {
        return false;
    }

    @Override
    public List<String> names() {
        return NAMES;
    }

    @Override
    public double[] takeSums() {
        double[] taken = sums;
        sums = new double[NAMES.size()];
        return taken;
    }

    @Override
    public void close() {
        reference.ifPresent(Reference::close);
    }
}
