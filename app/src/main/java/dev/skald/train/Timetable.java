package dev.skald.train;

import dev.skald.InvalidInputException;

/**
 * How long a run is and what happens when. A step is an update of the parameters; steps are counted from 1 when they are done.
 *
 * @param totalSteps updates of the run
 * @param stepsPerEpoch updates in which the data is seen once, rounded down, at least 1
 * @param loggingSteps between two lines of the log
 * @param evalSteps between two validations
 * @param saveSteps between two checkpoints
 */
public record Timetable(long totalSteps, long stepsPerEpoch, long loggingSteps, long evalSteps, long saveSteps) {

    /**
     * The timetable of a run.
     *
     * @param sequences in one epoch
     * @throws InvalidInputException if they are not enough for one step
     */
    public static Timetable of(TrainerConfig config, long sequences, int worldSize) {
        long batch = config.globalBatch(worldSize);
        double exact = config.numEpochs() * sequences / batch;
        long total = config.maxSteps() == null ? (long) exact : config.maxSteps();
        if (sequences < 1 || total < 1) {
            throw new InvalidInputException(
                    "not enough tokens for one step: found " + sequences + " sequences of sequence_len "
                            + config.sequenceLen() + ", expected at least " + batch + " (world size " + worldSize
                            + " x micro_batch_size " + config.microBatchSize() + " x gradient_accumulation_steps "
                            + config.gradientAccumulationSteps() + ")");
        }
        long epoch = Math.max(1, sequences / batch);
        long logging =
                config.loggingSteps() == null ? Math.clamp((long) (0.005 * total), 1, 10) : config.loggingSteps();
        return new Timetable(
                total,
                epoch,
                logging,
                interval(config.evalSteps(), config.evalsPerEpoch(), epoch, total),
                interval(config.saveSteps(), config.savesPerEpoch(), epoch, total));
    }

    private static long interval(StepInterval steps, Integer perEpoch, long epoch, long total) {
        if (steps != null) {
            return steps.steps(total);
        }
        return perEpoch == null ? epoch : Math.max(1, (epoch + perEpoch - 1) / perEpoch);
    }

    /** Whether the log has a line for a step. */
    public boolean logs(long step) {
        return step % loggingSteps == 0 || step == totalSteps || step == 1;
    }

    /** Whether there is a validation after a step; always after the last. */
    public boolean evaluates(long step) {
        return step % evalSteps == 0 || step == totalSteps;
    }

    /** Whether there is a checkpoint after a step; always after the last. */
    public boolean saves(long step) {
        return step % saveSteps == 0 || step == totalSteps;
    }
}
