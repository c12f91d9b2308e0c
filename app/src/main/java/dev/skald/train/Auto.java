package dev.skald.train;

import dev.skald.InvalidInputException;
import dev.skald.config.OneValue;
import dev.skald.config.Value;

/**
 * A number of DeepSpeed's file that may be {@code auto}: then the trainer says it.
 *
 * @param value NaN for auto
 */
record Auto(double value) implements OneValue {

    static final Auto UNSET = new Auto(Double.NaN);

    static Auto read(Value value) {
        return value.node().asText().equals("auto") ? UNSET : new Auto(value.number());
    }

    @Override
    public Object written() {
        return isSet() ? (Object) value : "auto";
    }

    boolean isSet() {
        return !Double.isNaN(value);
    }

    /**
     * The trainer's value.
     *
     * @throws InvalidInputException when a stated value is another one, naming both keys
     */
    Auto resolve(String key, String trainersKey, double trainers) {
        if (isSet() && value != trainers) {
            throw new InvalidInputException(key + " " + this + " of the DeepSpeed file contradicts " + trainersKey + " "
                    + number(trainers) + " of the trainer");
        }
        return new Auto(trainers);
    }

    @Override
    public String toString() {
        return isSet() ? number(value) : "auto";
    }

    /** Without the ".0" of a whole number. */
    static String number(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e15
                ? Long.toString((long) value)
                : Double.toString(value);
    }
}
