package dev.skald.train;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * What a run shows and records of itself, on rank 0: the progress bar of a terminal, or else a line each {@code logging_steps}; the {@link
 * RunLog}; and the state that a checkpoint saves. On other ranks it keeps the state only.
 */
final class Monitor implements AutoCloseable {

    private final TrainerConfig config;
    private final Timetable timetable;
    private final Optional<RunLog> log;
    private final Optional<ProgressBar> bar;
    private final long sequencesPerStep;
    private final double epochLength;
    private final double flopsPerToken;
    private final double matmulRate;
    private final String run;
    private final List<TrainerState.Session> sessions;
    private final List<TrainerState.LogEntry> history;
    private final long startStep;
    private final long startNanos = System.nanoTime();

    /**
     * @param log of rank 0
     * @param sequencesPerStep of all ranks
     * @param sequences in an epoch
     * @param flopsPerToken of forward and backward pass
     * @param matmulRate of all ranks, operations a second
     * @param run identity of model and data
     * @param session this process of training, from its first step
     * @param resumed the state that the run goes on from
     */
    Monitor(
            TrainerConfig config,
            Timetable timetable,
            Optional<RunLog> log,
            long sequencesPerStep,
            long sequences,
            double flopsPerToken,
            double matmulRate,
            String run,
            TrainerState.Session session,
            Optional<TrainerState> resumed) {
        this.config = config;
        this.timetable = timetable;
        this.log = log;
        this.sequencesPerStep = sequencesPerStep;
        this.epochLength = (double) sequences / sequencesPerStep;
        this.flopsPerToken = flopsPerToken;
        this.matmulRate = matmulRate;
        this.run = run;
        this.sessions = new ArrayList<>(resumed.map(TrainerState::sessions).orElse(List.of()));
        this.sessions.add(session);
        this.history = new ArrayList<>(resumed.map(TrainerState::logHistory).orElse(List.of()));
        this.startStep = resumed.map(TrainerState::globalStep).orElse(0L);
        this.bar = log.isPresent() && Progress.isTerminal()
                ? Optional.of(bar(timetable.totalSteps(), startStep))
                : Optional.empty();
    }

    private static ProgressBar bar(long total, long done) {
        return new ProgressBarBuilder()
                .setTaskName("train")
                .setStyle(ProgressBarStyle.ASCII)
                .setInitialMax(total)
                .startsFrom(done, Duration.ZERO)
                .build();
    }

    /**
     * Takes down a step.
     *
     * @param skipped whether fp16 overflowed
     * @param nanos what it took
     */
    void step(long step, double loss, double norm, double lr, boolean skipped, LossScaler scaler, long nanos)
            throws IOException {
        if (timetable.logs(step)) {
            history.add(new TrainerState.LogEntry(step, epoch(step), loss, norm, lr));
        }
        if (log.isEmpty()) {
            return;
        }
        double seconds = nanos / 1e9;
        double speed = sequencesPerStep * config.sequenceLen() / seconds;
        double mfu = speed * flopsPerToken / matmulRate;
        long memory = MemoryEstimate.resident();
        log.get()
                .step(new StepMetrics(
                        step,
                        loss,
                        norm,
                        lr,
                        tokens(step),
                        speed,
                        epoch(step),
                        matmulRate > 0 ? mfu : null,
                        memory,
                        seconds,
                        config.precision() == Precision.FP16 ? scaler.scale() : null,
                        skipped));
        String text = String.format(
                Locale.ROOT,
                "loss %.4f  lr %.3e  norm %.3f  %,.0f tokens/s  MFU %.1f %%  %s%s",
                loss,
                lr,
                norm,
                speed,
                100 * mfu,
                MemoryEstimate.gib(memory),
                skipped ? "  fp16 overflow: step skipped, loss scale " + scaler.scale() : "");
        bar.ifPresent(shown -> shown.stepTo(step).setExtraMessage(text));
        if (bar.isEmpty() && timetable.logs(step)) {
            System.err.printf("step %d/%d  %s  %s left%n", step, timetable.totalSteps(), text, timeLeft(step));
        }
    }

    private String timeLeft(long step) {
        double each = (System.nanoTime() - startNanos) / 1e9 / (step - startStep);
        long seconds = Math.round(each * (timetable.totalSteps() - step));
        return String.format("%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
    }

    private double epoch(long step) {
        return step / epochLength;
    }

    private long tokens(long step) {
        return step * sequencesPerStep * config.sequenceLen();
    }

    void validation(List<ValidationMetrics> metrics) throws IOException {
        if (log.isPresent() && !metrics.isEmpty()) {
            log.get().validation(metrics);
            for (ValidationMetrics each : metrics) {
                System.err.printf(
                        Locale.ROOT,
                        "validation after step %d  %s%s: loss %.4f  perplexity %.2f  bits per byte %.4f%n",
                        each.step(),
                        each.dataset(),
                        each.language().isEmpty() ? "" : " " + each.language(),
                        each.loss(),
                        each.perplexity(),
                        each.bitsPerByte());
            }
        }
    }

    /** Says that a checkpoint could not be written, and that training goes on. */
    void notSaved(Optional<String> reason) {
        if (log.isPresent() || reason.isPresent()) {
            System.err.println(
                    "warning: the checkpoint was not saved: " + reason.orElse("another rank could not write its part")
                            + "; training goes on, earlier checkpoints are kept");
        }
    }

    /** What a checkpoint after {@code step} saves. */
    TrainerState state(long step, long updates, LossScaler scaler) {
        return new TrainerState(
                step,
                timetable.totalSteps(),
                epoch(step),
                tokens(step),
                updates,
                sequencesPerStep,
                config.seed(),
                run,
                scaler.state(),
                TrainerState.now(),
                sessions,
                history);
    }

    @Override
    public void close() throws IOException {
        bar.ifPresent(ProgressBar::close);
        if (log.isPresent()) {
            log.get().close();
        }
    }
}
