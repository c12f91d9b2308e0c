package dev.skald.train;

import dev.skald.InvalidInputException;
import java.util.Locale;

/** Ends a run whose loss has gone wrong: {@code loss_watchdog_threshold} and {@code loss_watchdog_patience}. */
final class LossWatchdog {

    private final double threshold;
    private final int patience;
    private int above;

    LossWatchdog(TrainerConfig config) {
        threshold = config.lossWatchdogThreshold() == null ? Double.POSITIVE_INFINITY : config.lossWatchdogThreshold();
        patience = config.lossWatchdogPatience();
    }

    /**
     * Looks at the loss of a step.
     *
     * @throws InvalidInputException if it and those of the {@code patience - 1} steps before are above the threshold
     */
    void check(long step, double loss) {
        above = loss > threshold ? above + 1 : 0;
        if (above >= patience) {
            throw new InvalidInputException(String.format(
                    Locale.ROOT,
                    "step %d: loss %.4f is above loss_watchdog_threshold %s for %d steps (loss_watchdog_patience %d)",
                    step,
                    loss,
                    Auto.number(threshold),
                    above,
                    patience));
        }
    }
}
