package dev.skald.train;

import dev.skald.InvalidInputException;
import dev.skald.base.Permutation;
import dev.skald.model.EmbeddingNoise;
import dev.skald.model.TrainableLlama;
import dev.skald.model.TrainableWeights;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Device;

/** The training loop. */
final class Trainer {

    private final TrainerConfig config;
    private final Timetable timetable;
    private final Schedule schedule;
    private final TrainingData data;
    private final Learner learner;
    private final ZeroOptimizer optimizer;
    private final LossScaler scaler;
    private final Collectives ranks;
    private final Device device;
    private final CheckpointWriter checkpoints;
    private final Monitor monitor;
    private final StopSignal stop;
    private final LossWatchdog watchdog;
    private final WallClock clock;
    private final AdamW.Options adam;

    /** What learns: a model's weights, the passes over them, and what moves them. */
    record Learner(
            TrainableWeights weights,
            TrainableLlama model,
            Objective objective,
            ZeroOptimizer optimizer,
            LossScaler scaler) {}

    /** What the ranks agree on, before what an objective sums. */
    private static final int FLAGS = 4;

    /** Sums over the ranks that every step needs: the loss, and what the ranks have to agree on. */
    @SuppressWarnings("ArrayRecordComponent")
    private record Agreement(double loss, boolean stop, boolean written, boolean failed, double[] sums) {}

    Trainer(
            TrainerConfig config,
            Timetable timetable,
            TrainingData data,
            Learner learner,
            Collectives ranks,
            Device device,
            CheckpointWriter checkpoints,
            Monitor monitor,
            StopSignal stop,
            boolean wallClockBreakdown) {
        this.config = config;
        this.timetable = timetable;
        this.schedule = Schedule.of(config, timetable.totalSteps());
        this.data = data;
        this.learner = learner;
        this.optimizer = learner.optimizer();
        this.scaler = learner.scaler();
        this.ranks = ranks;
        this.device = device;
        this.checkpoints = checkpoints;
        this.monitor = monitor;
        this.stop = stop;
        this.watchdog = new LossWatchdog(config);
        this.clock = new WallClock(wallClockBreakdown && ranks.rank() == 0);
        this.adam =
                new AdamW.Options(config.adamBeta1(), config.adamBeta2(), config.adamEpsilon(), config.weightDecay());
    }

    /** Trains from after step {@code done} to the end, or until told to stop; leaves a checkpoint of the last step. */
    void run(long done) throws IOException {
        long step = done;
        boolean stopped = false;
        while (step < timetable.totalSteps() && !stopped) {
            step++;
            long start = System.nanoTime();
            List<MicroBatch> batch = batch(step);
            double[] counts = counts(batch);
            double predicted = counts[0];
            double loss = forwardBackward(step, batch, scaler.scale() / predicted) / predicted;
            Agreement agreed = agree(loss);
            requireFinite("loss", agreed.loss(), step);
            double norm = optimizer.gradientNorm() / scaler.scale();
            double lr = schedule.at(optimizer.updates());
            boolean skipped = update(step, norm, lr);
            long nanos = System.nanoTime() - start;
            clock.printStep(nanos);
            monitor.step(
                    step,
                    agreed.loss(),
                    norm,
                    lr,
                    skipped,
                    scaler,
                    (long) counts[1],
                    learner.objective().metrics(agreed.sums()),
                    nanos);
            watchdog.check(step, agreed.loss());
            if (timetable.evaluates(step)) {
                stopped = monitor.validation(evaluate(step));
            }
            settle(agreed);
            stopped |= agreed.stop();
            if (timetable.saves(step) || stopped) {
                save(step);
            }
        }
        finish();
    }

    /** This rank's micro-batches of a step. Which sequences a step sees does not depend on the number of ranks. */
    private List<MicroBatch> batch(long step) {
        return IntStream.range(0, config.gradientAccumulationSteps())
                .mapToObj(microStep -> data.microBatch(step - 1, microStep, ranks.rank(), ranks.size()))
                .toList();
    }

    /** What the loss is divided by, and the tokens, of all ranks; the objective is told what it has to know of all. */
    private double[] counts(List<MicroBatch> batch) {
        double[] before = learner.objective().before(learner.model(), batch);
        double[] mine = new double[2 + before.length];
        mine[0] = batch.stream().mapToDouble(learner.objective()::units).sum();
        mine[1] = batch.stream().mapToDouble(each -> each.rows().tokens()).sum();
        System.arraycopy(before, 0, mine, 2, before.length);
        double[] sums = sum(mine);
        learner.objective().told(Arrays.copyOfRange(sums, 2, sums.length));
        return sums;
    }

    /** Returns the sum of the losses of this rank's predicted tokens; leaves {@code scale} times its gradients with the optimizer. */
    private double forwardBackward(long step, List<MicroBatch> batch, double scale) {
        double loss = 0;
        for (int i = 0; i < batch.size(); i++) {
            optimizer.beginMicroBatch(i == batch.size() - 1);
            WallClock.Watch watch = clock.new Watch(optimizer);
            long place = data.place(step - 1, i, ranks.rank(), ranks.size());
            long seed = Permutation.mix(config.seed() ^ Permutation.mix(place));
            if (learner.objective().dropsInputs()) {
                learner.weights().begin(seed);
            }
            learner.model()
                    .noise(Optional.ofNullable(config.neftuneNoiseAlpha())
                            .map(alpha -> new EmbeddingNoise(alpha, seed)));
            loss += learner.objective().forwardBackward(learner.model(), batch.get(i), scale, watch);
            learner.model().noise(Optional.empty());
            learner.weights().end();
            optimizer.endMicroBatch();
            watch.end(optimizer.takeCommunicationNanos());
            clock.printMicroStep();
        }
        return loss;
    }

    private Agreement agree(double loss) {
        CheckpointWriter.Progress progress = checkpoints.progress();
        double[] metrics = learner.objective().takeSums();
        double[] mine = Arrays.copyOf(
                new double[] {
                    loss,
                    stop.requested() ? 1 : 0,
                    progress == CheckpointWriter.Progress.WRITTEN ? 1 : 0,
                    progress == CheckpointWriter.Progress.FAILED ? 1 : 0
                },
                FLAGS + metrics.length);
        System.arraycopy(metrics, 0, mine, FLAGS, metrics.length);
        double[] sums = sum(mine);
        return new Agreement(
                sums[0],
                sums[1] > 0,
                sums[2] == ranks.size(),
                sums[3] > 0,
                Arrays.copyOfRange(sums, FLAGS, sums.length));
    }

    private double[] sum(double... numbers) {
        return ZeroOptimizer.sumOverRanks(ranks, device, numbers);
    }

    private void requireFinite(String what, double value, long step) {
        if (!Double.isFinite(value)) {
            String documents = data.seen(step - 1, ranks.size()).stream()
                    .map(seen -> seen.document().toString())
                    .distinct()
                    .collect(Collectors.joining(", "));
            throw new InvalidInputException("step " + step + ": " + what + " is " + value
                    + "; the weights are those of step " + (step - 1) + "; documents of this step: " + documents);
        }
    }

    /** Clips and updates, by DeepSpeed's formula; returns whether fp16 overflowed and the step was skipped instead. */
    private boolean update(long step, double norm, double lr) {
        boolean overflow = !Double.isFinite(norm);
        if (overflow && config.precision() != Precision.FP16) {
            requireFinite("gradient norm", norm, step);
        }
        if (overflow) {
            optimizer.discard();
        } else {
            double clip = config.maxGradNorm() > 0 ? Math.max(1, (norm + 1e-6) / config.maxGradNorm()) : 1;
            optimizer.step(adam, lr, scaler.scale() * clip);
        }
        scaler.update(overflow);
        return overflow;
    }

    /** The held-out documents, shared out among the ranks. */
    private List<ValidationMetrics> evaluate(long step) {
        List<ValidationMetrics> results = new ArrayList<>();
        for (ValidationSet set : data.validation()) {
            double nll = 0;
            long predicted = 0;
            for (int i = ranks.rank(); i < set.batches(); i += ranks.size()) {
                MicroBatch batch = set.batch(i);
                nll += learner.objective().loss(learner.model(), batch);
                predicted += (long) learner.objective().units(batch);
            }
            double[] sums = sum(nll, (double) predicted);
            results.add(set.metrics(step, (long) sums[1], sums[0]));
        }
        return results;
    }

    private void save(long step) throws IOException {
        if (checkpoints.busy()) {
            ranks.withoutTimeout(checkpoints::await);
            settle(agree(0));
        }
        checkpoints.begin(monitor.state(step, optimizer.updates(), scaler));
    }

    /** Completes or gives up the checkpoint that was being written, once all ranks know how it went. */
    private boolean settle(Agreement agreed) throws IOException {
        if (agreed.failed()) {
            ranks.withoutTimeout(checkpoints::await);
            monitor.notSaved(checkpoints.abandon());
        } else if (agreed.written()) {
            checkpoints.commit();
        }
        return !agreed.failed();
    }

    private void finish() throws IOException {
        if (checkpoints.busy()) {
            ranks.withoutTimeout(checkpoints::await);
            if (!settle(agree(0))) {
                throw new IOException("the last checkpoint could not be saved; see above");
            }
        }
    }
}
