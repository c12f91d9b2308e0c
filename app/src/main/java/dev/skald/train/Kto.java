package dev.skald.train;

import dev.skald.model.Gradients;
import dev.skald.model.PackedRows;
import dev.skald.model.TrainableLlama;
import dev.skald.train.PreferenceLoss.Answer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The loss of single answers that are wanted or not. What is counted as nothing gained is how far the model has come from the reference on answers
 * to other prompts: its estimate is of all mismatched pairs of an update, whichever micro-batches and ranks they are in, so that an
 * update is the same however it is divided. TRL's is of a micro-batch of all ranks; without accumulation they are the same.
 */
final class Kto implements Objective {

    private final KtoLoss loss;
    private final Reference reference;
    private PreferenceMetrics metrics = new PreferenceMetrics();
    private double divergence;

    Kto(KtoLoss loss, Reference reference) {
        this.loss = loss;
        this.reference = reference;
    }

    @Override
    public double units(MicroBatch batch) {
        return batch.wanted().length;
    }

    @Override
    public double[] before(TrainableLlama model, List<MicroBatch> batch) {
        double ratios = 0;
        long pairs = 0;
        for (MicroBatch each : batch) {
            PackedRows mismatched = each.mismatched().orElseThrow();
            ratios += ratios(model, mismatched);
            pairs += MicroBatch.spans(mismatched);
        }
        return new double[] {ratios, pairs};
    }

    private double ratios(TrainableLlama model, PackedRows mismatched) {
        return Arrays.stream(MicroBatch.logps(mismatched, model.losses(mismatched)))
                        .sum()
                - Arrays.stream(reference.logps(mismatched)).sum();
    }

    @Override
    public void told(double[] sums) {
        divergence = KtoLoss.divergence(sums[0], (long) sums[1]);
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
                    double[] logps = MicroBatch.logps(rows, losses);
                    for (int span = 0; span < logps.length; span++) {
                        Answer answer = answer(rows, span, logps[span], expected[span]);
                        KtoLoss.Outcome outcome = loss.of(answer, batch.wanted()[span], divergence);
                        total[0] += outcome.loss();
                        metrics.add(answer, batch.wanted()[span], outcome);
                        // A row's loss is what its log-probability lacks: the sign turns round.
                        Arrays.fill(
                                scales,
                                rows.documentStarts()[span],
                                MicroBatch.end(rows, span),
                                -scale * outcome.byAnswer());
                    }
                    return scales;
                },
                gradients);
        return total[0];
    }

    @Override
    public double loss(TrainableLlama model, MicroBatch batch) {
        PackedRows rows = batch.rows();
        Optional<PackedRows> mismatched = batch.mismatched();
        double away = mismatched.isEmpty()
                ? 0
                : KtoLoss.divergence(ratios(model, mismatched.get()), MicroBatch.spans(mismatched.get()));
        double[] logps = MicroBatch.logps(rows, model.losses(rows));
        double[] expected = expected(batch);
        double total = 0;
        for (int span = 0; span < logps.length; span++) {
            Answer answer = answer(rows, span, logps[span], expected[span]);
            total += loss.of(answer, batch.wanted()[span], away).loss();
        }
        return total;
    }

    private double[] expected(MicroBatch batch) {
        return batch.references().length > 0 ? batch.references() : reference.logps(batch.rows());
    }

    private static Answer answer(PackedRows rows, int span, double logp, double expected) {
        long tokens = Arrays.stream(rows.targets(), rows.documentStarts()[span], MicroBatch.end(rows, span))
                .filter(target -> target != PackedRows.NOT_PREDICTED)
                .count();
        return new Answer(logp, expected, tokens);
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

    /** TRL's names; {@code kl} is the divergence. */
    @Override
    public Map<String, Double> metrics(double[] sums) {
        Map<String, Double> means = new PreferenceMetrics(sums).means();
        means.put("kl", divergence);
        return means;
    }

    @Override
    public void close() {
        reference.close();
    }
}
