package dev.skald.train;

import dev.skald.InvalidInputException;
import dev.skald.config.OneValue;
import dev.skald.config.Value;

/**
 * How often something happens: every so many steps, or, below 1, every such fraction of the run.
 *
 * @param number as the file states it
 */
public record StepInterval(double number) implements OneValue {

    public StepInterval {
        if (!isOne(number)) {
            throw new InvalidInputException(number + " is neither a whole number of steps nor a fraction of the run");
        }
    }

    static StepInterval read(Value value) {
        double number = value.number();
        if (!isOne(number)) {
            throw value.wrong("a whole number of steps, or a fraction of the run below 1");
        }
        return new StepInterval(number);
    }

    @Override
    public Object written() {
        return number;
    }

    static boolean isOne(double number) {
        return number > 0 && (number < 1 || (number == Math.rint(number) && number < 1L << 53));
    }

    /** Steps between two events in a run of {@code total} steps; a fraction is rounded up, as the Hugging Face Trainer does. */
    public long steps(long total) {
        return number >= 1 ? (long) number : (long) Math.max(1, Math.ceil(total * number));
    }
}
