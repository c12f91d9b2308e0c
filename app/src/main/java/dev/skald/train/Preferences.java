package dev.skald.train;

import dev.skald.model.Gradients;
import dev.skald.model.PackedRows;
import dev.skald.model.TrainableLlama;
import dev.skald.train.PreferenceLoss.Answer;
import dev.skald.train.PreferenceLoss.Outcome;
import dev.skald.train.PreferenceLoss.Pair;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;

/**
 * The loss of preferences. A micro-batch has two spans for each pair: the chosen answer behind its prompt, the rejected one behind the same. The
 * model's log-probabilities of both answers are summed in the forward pass; what the loss makes of them is how much each row's cross entropy counts
 * in the backward pass. The reference is the model as the run began: for an adapter the base model without it.
 */
final class Preferences implements Objective {

    private final PreferenceLoss loss;
    /** None for losses that have none, or where micro-batches say what it says. */
    private final Optional<Reference> reference;

    private PreferenceMetrics metrics = new PreferenceMetrics();

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
        Rows[] pairs = new Rows[MicroBatch.spans(rows) / 2];
        for (int i = 0; i < pairs.length; i++) {
            int chosen = starts[2 * i];
            int rejected = starts[2 * i + 1];
            int end = MicroBatch.end(rows, 2 * i + 1);
            int answer = 0;
            while (rows.targets()[rejected + answer] == PackedRows.NOT_PREDICTED) {
                answer++;
            }
            pairs[i] = new Rows(chosen, chosen + answer, rejected, rejected, rejected + answer, end);
        }
        return pairs;
    }

    @Override
    public double units(MicroBatch batch) {
        return pairs(batch.rows()).length;
    }

    @Override
    public double forwardBackward(TrainableLlama model, MicroBatch batch, double scale, Gradients gradients) {
        PackedRows rows = batch.rows();
        double[] expected = expected(batch);
        double[] total = new double[1];
        model.forwardBackward(
                rows,
                losses -> {
                    double[] scales = new double[losses.length];
                    Rows[] pairs = pairs(rows);
                    for (int i = 0; i < pairs.length; i++) {
                        Rows where = pairs[i];
                        Pair pair = pair(rows, where, i, losses, expected);
                        Outcome outcome = loss.of(pair);
                        total[0] += outcome.loss() + likelihood(rows, where, outcome, losses);
                        metrics.add(pair, outcome);
                        // A row's loss is what its log-probability lacks: the signs turn round.
                        Arrays.fill(scales, where.chosenAnswer, where.chosenEnd, -scale * outcome.byChosen());
                        Arrays.fill(scales, where.rejectedAnswer, where.rejectedEnd, -scale * outcome.byRejected());
                        if (outcome.likelihood() > 0) {
                            double each = scale * outcome.likelihood() / predicted(rows, where);
                            for (int row = where.chosen; row < where.chosenEnd; row++) {
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
    public double loss(TrainableLlama model, MicroBatch batch) {
        PackedRows rows = batch.rows();
        double[] losses = model.losses(rows);
        double[] expected = expected(batch);
        double total = 0;
        Rows[] pairs = pairs(rows);
        for (int i = 0; i < pairs.length; i++) {
            Outcome outcome = loss.of(pair(rows, pairs[i], i, losses, expected));
            total += outcome.loss() + likelihood(rows, pairs[i], outcome, losses);
        }
        return total;
    }

    private double[] expected(MicroBatch batch) {
        return batch.references().length > 0
                ? batch.references()
                : reference
                        .map(each -> each.logps(batch.rows()))
                        .orElseGet(() -> new double[MicroBatch.spans(batch.rows())]);
    }

    private static Pair pair(PackedRows rows, Rows where, int number, double[] losses, double[] expected) {
        return new Pair(
                answer(rows, where.chosenAnswer, where.chosenEnd, losses, expected[2 * number]),
                answer(rows, where.rejectedAnswer, where.rejectedEnd, losses, expected[2 * number + 1]));
    }

    private static Answer answer(PackedRows rows, int from, int to, double[] losses, double expected) {
        long tokens = Arrays.stream(rows.targets(), from, to)
                .filter(target -> target != PackedRows.NOT_PREDICTED)
                .count();
        return new Answer(-sum(losses, from, to), expected, tokens);
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

    /** TRL's preference training has no dropout in the model that learns. */
    @Override
    public boolean dropsInputs() {
        return false;
    }

    @Override
    public double[] takeSums() {
        double[] taken = metrics.sums();
        metrics = new PreferenceMetrics();
        return taken;
    }

    @Override
    public Map<String, Double> metrics(double[] sums) {
        return new PreferenceMetrics(sums).means();
    }

    @Override
    public void close() {
        reference.ifPresent(Reference::close);
    }
}
