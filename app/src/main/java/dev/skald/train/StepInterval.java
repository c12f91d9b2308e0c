package dev.skald.train;

import dev.skald.InvalidInputException;

/**
 * How often something happens: every so many steps, or, below 1, every such fraction of the run.
 *
 * @param number as the file states it
 */
public record StepInterval(double number) {

    public StepInterval {
        if (!isOne(number)) {
            throw new InvalidInputException(number + " is neither a whole number of steps nor a fraction of the run");
        }
    }

    static boolean isOne(double number) {
        return number > 0 && (number < 1 || (number == Math.rint(number) && number < 1L << 53));
    }

    /** Steps between two events in a run of {@code total} steps; a fraction is rounded up, as the Hugging Face Trainer does. */
    public long steps(long total) {
        return number >= 1 ? (long) number : (long) Math.max(1, Math.ceil(total * number));
    }
}
