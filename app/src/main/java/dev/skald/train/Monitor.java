package dev.skald.train;

import dev.skald.base.Progress;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What a run shows and records of itself, on rank 0: the {@link Progress} on a terminal, else a line each {@code logging_steps}; the {@link
 * RunLog}; and the state that a checkpoint saves. On other ranks it keeps the state only.
 */
final class Monitor implements AutoCloseable {

    private final TrainerConfig config;
    private final Timetable timetable;
    private final Optional<RunLog> log;
    private final Progress progress;
    private final boolean terminal;
    private final long sequencesPerStep;
    private final double epochLength;
    private final double flopsPerToken;
    private final double matmulRate;
    private final String run;
    private final List<TrainerState.Session> sessions;
    private final List<TrainerState.LogEntry> history;
    private final EarlyStopping earlyStopping;
    private long tokensSeen;

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
        this.tokensSeen = resumed.map(TrainerState::numInputTokensSeen).orElse(0L);
        this.earlyStopping = new EarlyStopping(config, resumed.map(TrainerState::earlyStopping));
        long startStep = resumed.map(TrainerState::globalStep).orElse(0L);
        this.terminal = Progress.isTerminal();
        this.progress = new Progress(System.err, terminal, "train", startStep, timetable.totalSteps());
    }

    /**
     * Takes down a step.
     *
     * @param skipped whether fp16 overflowed
     * @param tokens of all ranks
     * @param metrics of the objective, beside its loss
     * @param nanos what it took
     */
    void step(
            long step,
            double loss,
            double norm,
            double lr,
            boolean skipped,
            LossScaler scaler,
            long tokens,
            Map<String, Double> metrics,
            long nanos)
            throws IOException {
        tokensSeen += tokens;
        if (timetable.logs(step)) {
            history.add(new TrainerState.LogEntry(step, epoch(step), loss, norm, lr));
        }
        if (log.isEmpty()) {
            return;
        }
        double seconds = nanos / 1e9;
        double speed = tokens / seconds;
        double mfu = speed * flopsPerToken / matmulRate;
        long memory = MemoryEstimate.resident();
        log.get()
                .step(new StepMetrics(
                        step,
                        loss,
                        norm,
                        lr,
                        tokensSeen,
                        speed,
                        epoch(step),
                        matmulRate > 0 ? mfu : null,
                        memory,
                        seconds,
                        config.precision() == Precision.FP16 ? scaler.scale() : null,
                        skipped,
                        metrics.isEmpty() ? null : metrics));
        String text = String.format(
                Locale.ROOT,
                "loss %.4f  lr %.3e  norm %.3f  %,.0f tokens/s  MFU %.1f %%  %s%s%s",
                loss,
                lr,
                norm,
                speed,
                100 * mfu,
                MemoryEstimate.gib(memory),
                described(metrics),
                skipped ? "  fp16 overflow: step skipped, loss scale " + scaler.scale() : "");
        if (terminal) {
            progress.to(step, text);
        } else if (timetable.logs(step)) {
            progress.println(
                    "step " + step + "/" + timetable.totalSteps() + "  " + text + "  " + progress.left(step) + " left");
        }
    }

    /** Of many the ones that say whether preferences are learned. */
    private static String described(Map<String, Double> metrics) {
        return metrics.containsKey("rewards/margins")
                ? String.format(
                        Locale.ROOT,
                        "  margin %.3f  accuracy %.2f",
                        metrics.get("rewards/margins"),
                        metrics.get("rewards/accuracies"))
                : "";
    }

    private double epoch(long step) {
        return step / epochLength;
    }

    /** Takes down a validation; returns whether the run ends with it, which all ranks find alike. */
    boolean validation(List<ValidationMetrics> metrics) throws IOException {
        if (log.isPresent() && !metrics.isEmpty()) {
            log.get().validation(metrics);
            for (ValidationMetrics each : metrics) {
                progress.println(String.format(
                        Locale.ROOT,
                        "validation after step %d  %s%s: loss %.4f  perplexity %.2f  bits per byte %.4f",
                        each.step(),
                        each.dataset(),
                        each.language().isEmpty() ? "" : " " + each.language(),
                        each.loss(),
                        each.perplexity(),
                        each.bitsPerByte()));
            }
        }
        Optional<String> end = earlyStopping.check(metrics);
        if (log.isPresent() && end.isPresent()) {
            progress.println("the run ends early: " + end.get());
        }
        return end.isPresent();
    }

    /** Takes down tasks and probes. */
    void probes(List<ProbeMetrics> metrics) throws IOException {
        if (log.isEmpty() || metrics.isEmpty()) {
            return;
        }
        log.get().probes(metrics);
        for (ProbeMetrics each : metrics) {
            String drop = each.drop() == null ? "" : "  " + each.dropInWords();
            String line = String.format(
                    Locale.ROOT,
                    "%s after step %d  %s: %s %.4f%s",
                    each.gated() ? "probe" : "task",
                    each.step(),
                    each.probe(),
                    each.metric(),
                    each.value(),
                    drop);
            boolean fell = each.verdict() == ProbeMetrics.Verdict.WARN || each.verdict() == ProbeMetrics.Verdict.STOP;
            progress.println(fell ? "warning: " + line + ": more than chance, and than the gate lets pass" : line);
        }
    }

    /** Says why the run ended, once its checkpoint is there. */
    void forgotten(long step, Optional<String> why) {
        why.ifPresent(line -> progress.println("the run is stopped: " + line + "; saved: checkpoint-" + step));
    }

    /** Says that a checkpoint could not be written, and that training goes on. */
    void notSaved(Optional<String> reason) {
        if (log.isPresent() || reason.isPresent()) {
            progress.println(
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
                tokensSeen,
                updates,
                sequencesPerStep,
                config.seed(),
                run,
                scaler.state(),
                earlyStopping.state(),
                TrainerState.now(),
                sessions,
                history);
    }

    @Override
    public void close() throws IOException {
        progress.close();
        if (log.isPresent()) {
            log.get().close();
        }
    }
}
