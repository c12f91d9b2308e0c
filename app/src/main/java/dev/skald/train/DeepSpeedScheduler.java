package dev.skald.train;

import dev.skald.InvalidInputException;
import dev.skald.config.Key;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;

/**
 * {@code scheduler} of DeepSpeed's file, which takes the place of the trainer's schedule there. Here it may say again what the trainer says: each
 * of its types is one of the trainer's {@code lr_scheduler}, as long as the learning rate rises linearly from 0.
 */
public record DeepSpeedScheduler(
        @Key("WarmupLR, WarmupDecayLR or WarmupCosineLR.") String type,

        @Key(value = "Its settings.", defaultValue = "{}") Params params) {

    /** DeepSpeed's schedules that are also the trainer's. */
    private static final Map<String, LrScheduler> SAME = Map.of(
            "WarmupLR", LrScheduler.CONSTANT_WITH_WARMUP,
            "WarmupDecayLR", LrScheduler.LINEAR,
            "WarmupCosineLR", LrScheduler.COSINE);

    /** {@code scheduler.params}. */
    public record Params(
            @Key(value = "Learning rate of the first update; always 0 here.", defaultValue = "auto")
            Auto warmupMinLr,

            @Key(value = "The same as a part of the largest; always 0 here.", defaultValue = "auto")
            Auto warmupMinRatio,

            @Key(value = "The largest learning rate.", defaultValue = "auto")
            Auto warmupMaxLr,

            @Key(value = "Updates in which it rises.", defaultValue = "auto")
            Auto warmupNumSteps,

            @Key(value = "How it rises: linear; DeepSpeed's default is log.", defaultValue = "log")
            String warmupType,

            @Key(value = "Updates in the run.", defaultValue = "auto")
            Auto totalNumSteps,

            @Key(value = "The cosine ends at this part of the largest.", defaultValue = "auto")
            Auto cosMinRatio) {}

    public DeepSpeedScheduler {
        if (type == null || !SAME.containsKey(type)) {
            throw new InvalidInputException("scheduler.type: found " + (type == null ? "none" : "'" + type + "'")
                    + ", expected one of " + String.join(", ", new TreeSet<>(SAME.keySet())));
        }
    }

    /** With the trainer's values; those it states otherwise are refused. */
    DeepSpeedScheduler resolve(TrainerConfig trainer) {
        LrScheduler scheduler = SAME.get(type);
        String same = scheduler.name().toLowerCase(Locale.ROOT);
        if (trainer.lrScheduler() != scheduler) {
            throw new InvalidInputException(
                    "scheduler.type " + type + " of the DeepSpeed file contradicts lr_scheduler "
                            + trainer.lrScheduler().name().toLowerCase(Locale.ROOT)
                            + " of the trainer: it is lr_scheduler " + same
                            + " there");
        }
        if (!params.warmupType.equals("linear")) {
            throw new InvalidInputException("scheduler.params.warmup_type " + params.warmupType
                    + " of the DeepSpeed file (its default) contradicts lr_scheduler " + same
                    + " of the trainer, which rises linearly: set it to linear, or leave scheduler out");
        }
        return new DeepSpeedScheduler(
                type,
                new Params(
                        params.warmupMinLr.resolve("scheduler.params.warmup_min_lr", "its first update's", 0),
                        params.warmupMinRatio.resolve("scheduler.params.warmup_min_ratio", "its first update's", 0),
                        params.warmupMaxLr.resolve(
                                "scheduler.params.warmup_max_lr", "learning_rate", trainer.learningRate()),
                        steps("warmup_num_steps", params.warmupNumSteps, "warmup_steps", trainer.warmupSteps()),
                        params.warmupType,
                        steps("total_num_steps", params.totalNumSteps, "max_steps", trainer.maxSteps()),
                        scheduler == LrScheduler.COSINE
                                ? params.cosMinRatio.resolve(
                                        "scheduler.params.cos_min_ratio",
                                        "cosine_min_lr_ratio",
                                        trainer.cosineMinLrRatio() == null ? 0 : trainer.cosineMinLrRatio())
                                : params.cosMinRatio));
    }

    /** The trainer may leave its steps to the length of the run, which is not known yet. */
    private static Auto steps(String key, Auto stated, String trainersKey, Long trainers) {
        if (trainers != null) {
            return stated.resolve("scheduler.params." + key, trainersKey, trainers);
        }
        if (stated.isSet()) {
            throw new InvalidInputException("scheduler.params." + key + " " + stated
                    + " of the DeepSpeed file: the trainer does not say it; set " + trainersKey + " " + stated
                    + " there");
        }
        return stated;
    }
}
