package dev.skald.train;

import dev.skald.InvalidInputException;
import dev.skald.config.Key;
import java.util.Locale;

/** {@code lr_scheduler_kwargs}: what single schedules may be told. */
public record SchedulerSettings(
        @Key("How often the cosine of cosine_with_restarts starts at the top; 1 when not given.")
        Integer numCycles,

        @Key("Exponent of polynomial; 1 when not given.") Double power,

        @Key("Learning rate at which polynomial ends; 1e-7 when not given.")
        Double lrEnd,

        @Key("Updates after which inverse_sqrt is down by a root of 2; those of the warmup when not given, or 10000.")
        Long timescale) {

    /** @throws InvalidInputException when a value is none of its key's */
    public SchedulerSettings {
        within("num_cycles", numCycles, 1, 1 << 20);
        within("power", power, 0, 1000);
        within("lr_end", lrEnd, 0, 1);
        within("timescale", timescale, 1, Long.MAX_VALUE);
    }

    private static void within(String key, Number value, double least, double most) {
        if (value != null && !(value.doubleValue() >= least && value.doubleValue() <= most)) {
            throw new InvalidInputException("lr_scheduler_kwargs." + key + ": found " + value + ", expected "
                    + (most > 1e15
                            ? "at least " + Auto.number(least)
                            : Auto.number(least) + " to " + Auto.number(most)));
        }
    }

    /** Refuses what the schedule does not look at. */
    void require(LrScheduler kind, double peak) {
        belongs("num_cycles", numCycles, kind, LrScheduler.COSINE_WITH_RESTARTS);
        belongs("power", power, kind, LrScheduler.POLYNOMIAL);
        belongs("lr_end", lrEnd, kind, LrScheduler.POLYNOMIAL);
        belongs("timescale", timescale, kind, LrScheduler.INVERSE_SQRT);
        if (lrEnd != null && lrEnd >= peak) {
            throw new InvalidInputException("lr_scheduler_kwargs.lr_end: found " + Auto.number(lrEnd)
                    + ", expected less than learning_rate " + Auto.number(peak));
        }
    }

    private static void belongs(String key, Object value, LrScheduler kind, LrScheduler to) {
        if (value != null && kind != to) {
            throw new InvalidInputException("lr_scheduler_kwargs." + key + " " + value + " contradicts lr_scheduler "
                    + kind.name().toLowerCase(Locale.ROOT) + ": it is a setting of "
                    + to.name().toLowerCase(Locale.ROOT));
        }
    }
}
