package dev.skald.train;

import dev.skald.InvalidInputException;
import dev.skald.config.Key;
import dev.skald.evaluate.ForgettingGate;
import java.util.List;
import java.util.Locale;

/** {@code forgetting_gate}: what a run must not forget, and what happens when it does. */
public record GateConfig(
        @Key("What is measured before the first update and again and again: tasks, or held-out texts.")
        List<ProbeConfig> probes,

        @Key(
                value = "stop: the run ends with a checkpoint and exit code 3; warn: it says so and goes on.",
                defaultValue = "stop")
        Action action,

        @Key("Steps, or fraction of the run, between two checks; those of eval_steps when not given.")
        StepInterval checkSteps,

        @Key(value = "So many checks one after the other have to be beyond the threshold to stop.", defaultValue = "2")
        int checksInARow,

        @Key(
                value = "Part of the run, after the warm-up of the learning rate, in which drops are only recorded.",
                defaultValue = "0.05")
        double settling,

        @Key(
                value =
                        "A warning is for a drop of more than this: percent of bits per byte or perplexity, points (of 100) of the rest ...",
                defaultValue = "1")
        double warnDrop,

        @Key(value = "... that is more than so many standard errors.", defaultValue = "2")
        double warnErrors,

        @Key(value = "The same to stop ...", defaultValue = "3")
        double stopDrop,

        @Key(value = "... in standard errors.", defaultValue = "3")
        double stopErrors,

        @Key(value = "Of few-shot examples that are drawn, and of bootstraps.", defaultValue = "1234")
        long seed) {

    private static final String NAME = "forgetting_gate";

    /** What happens when a run forgets. */
    public enum Action {
        /** It ends. */
        STOP,
        /** It goes on. */
        WARN
    }

    /** @throws InvalidInputException when a value is none of its key's */
    public GateConfig {
        probes = List.copyOf(probes);
        if (probes.isEmpty()) {
            throw new InvalidInputException(
                    NAME
                            + ".probes is missing, expected at least one: a task file, or held-out texts that must not get worse");
        }
        List<String> names = probes.stream().map(ProbeConfig::name).toList();
        for (String name : names) {
            if (names.indexOf(name) != names.lastIndexOf(name)) {
                throw new InvalidInputException(
                        NAME + ".probes: two are named '" + name + "'; give one of them another name");
            }
        }
        within("checks_in_a_row", checksInARow, 1, 100);
        within("settling", settling, 0, 1);
        within("warn_drop", warnDrop, 0, 100);
        within("warn_errors", warnErrors, 0, 6);
        within("stop_drop", stopDrop, 0, 100);
        within("stop_errors", stopErrors, 0, 6);
        if (stopDrop < warnDrop || stopErrors < warnErrors) {
            throw new InvalidInputException(String.format(
                    Locale.ROOT,
                    "%s: stop_drop %s and stop_errors %s contradict warn_drop %s and warn_errors %s: expected no less",
                    NAME,
                    Auto.number(stopDrop),
                    Auto.number(stopErrors),
                    Auto.number(warnDrop),
                    Auto.number(warnErrors)));
        }
    }

    private static void within(String key, double value, double least, double most) {
        if (!(value >= least && value <= most)) {
            throw new InvalidInputException(NAME + "." + key + ": found " + Auto.number(value) + ", expected "
                    + Auto.number(least) + " to " + Auto.number(most));
        }
    }

    /** The thresholds. */
    ForgettingGate gate() {
        return new ForgettingGate(
                new ForgettingGate.Level(warnErrors, warnDrop), new ForgettingGate.Level(stopErrors, stopDrop));
    }

    /** What a count of checks in a row is a count of. */
    String thresholds() {
        return Auto.number(stopDrop) + " (percent or points) and " + Auto.number(stopErrors) + " standard errors";
    }

    /** Updates after which drops count. */
    long settledAfter(Schedule schedule) {
        return schedule.warmup() + (long) Math.ceil(settling * schedule.total());
    }
}
