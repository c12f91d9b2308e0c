package dev.skald.train;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/**
 * A run that goes on from a checkpoint, in words.
 *
 * @param checkpoint where it goes on from
 * @param saved its state
 * @param timetable of the run as it is now
 */
record Resumption(Path checkpoint, TrainerState saved, Timetable timetable) {

    /** That there is nothing left to do, if that is so. */
    Optional<String> finished(TrainerConfig config) {
        long steps = timetable.totalSteps();
        Optional<String> early = Optional.ofNullable(saved.earlyStopping())
                .flatMap(each -> each.reached(config.earlyStoppingPatience()));
        Optional<String> forgotten = forgotten(config);
        if (forgotten.isPresent()) {
            return Optional.of("the run is stopped: " + checkpoint + " is after step " + saved.globalStep() + ", "
                    + forgotten.get()
                    + "; to go on all the same, give forgetting_gate action: warn or other thresholds;"
                    + " better go back to an earlier checkpoint with a larger share of replay or a lower learning_rate,"
                    + " in another output_dir");
        }
        if (early.isPresent()) {
            return Optional.of("the run is finished: " + checkpoint + " is after step " + saved.globalStep() + ", "
                    + early.get() + "; to go on, raise early_stopping_patience or leave it out; to begin anew, choose"
                    + " another output_dir");
        }
        if (saved.globalStep() < steps) {
            return Optional.empty();
        }
        return Optional.of(
                "the run is finished: " + checkpoint + " is after step " + saved.globalStep() + ", the run has "
                        + steps + (steps == 1 ? " step" : " steps")
                        + "; to go on, raise max_steps or num_epochs; to begin anew, choose another output_dir");
    }

    /** Why the gate ended the run here, if it did. */
    Optional<String> forgotten(TrainerConfig config) {
        return config.forgettingGate() == null
                ? Optional.empty()
                : GateState.read(checkpoint).flatMap(state -> state.forgotten(config.forgettingGate()));
    }

    /** That the learning rate goes another way than the run had it so far, if it does: it depends on where the run ends. */
    Optional<String> otherSchedule(TrainerConfig config) {
        long next = saved.optimizerUpdates();
        double before = Schedule.of(config, saved.maxSteps()).at(next);
        double now = Schedule.of(config, timetable.totalSteps()).at(next);
        if (before == now) {
            return Optional.empty();
        }
        return Optional.of(String.format(
                Locale.ROOT,
                "the run has %d steps, and had %d when %s was saved: the schedule changes; the learning rate of step %d is %.3e instead of %.3e",
                timetable.totalSteps(),
                saved.maxSteps(),
                checkpoint.getFileName(),
                saved.globalStep() + 1,
                now,
                before));
    }
}
