package dev.skald.gguf;

import dev.skald.InvalidInputException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The keys of a GGUF file and their values. A whole number may have any width; a value of another kind than is asked for is an
 * {@link InvalidInputException} that names file and key.
 */
public final class GgufKeys {

    private final Path file;
    private final Map<String, GgufValue> values;

    GgufKeys(Path file, Map<String, GgufValue> values) {
        this.file = file;
        this.values = values;
    }

    /** All keys, in the order of the file. */
    public Set<String> names() {
        return values.keySet();
    }

    /** A whole number. */
    public Optional<Integer> integer(String key) {
        return value(key).map(value -> {
            if (value instanceof GgufValue.Whole(long whole) && whole == (int) whole) {
                return (int) whole;
            }
            throw unexpected(key, value, "a whole number of at most " + Integer.MAX_VALUE);
        });
    }

    /** A whole number that must be there. */
    public int requiredInteger(String key) {
        return integer(key).orElseThrow(() -> missing(key));
    }

    /** A number, whole or real. */
    public Optional<Double> number(String key) {
        return value(key).map(value -> switch (value) {
            case GgufValue.Real(double real) -> real;
            case GgufValue.Whole(long whole) -> (double) whole;
            default -> throw unexpected(key, value, "a number");
        });
    }

    /** True or false. */
    public Optional<Boolean> flag(String key) {
        return value(key).map(value -> {
            if (value instanceof GgufValue.Flag(boolean flag)) {
                return flag;
            }
            throw unexpected(key, value, "true or false");
        });
    }

    /** A text. */
    public Optional<String> text(String key) {
        return value(key).map(value -> {
            if (value instanceof GgufValue.Text(String text)) {
                return text;
            }
            throw unexpected(key, value, "a text");
        });
    }

    /** A text that must be there. */
    public String requiredText(String key) {
        return text(key).orElseThrow(() -> missing(key));
    }

    /** An array of texts. */
    public Optional<List<String>> texts(String key) {
        return value(key).map(value -> {
            if (value instanceof GgufValue.Texts(List<String> texts)) {
                return texts;
            }
            throw unexpected(key, value, "an array of texts");
        });
    }

    /** An array of numbers. */
    public Optional<double[]> numbers(String key) {
        return value(key).map(value -> switch (value) {
            case GgufValue.Reals(double[] reals) -> reals.clone();
            case GgufValue.Wholes(long[] wholes) ->
                Arrays.stream(wholes).asDoubleStream().toArray();
            default -> throw unexpected(key, value, "an array of numbers");
        });
    }

    /** What to say of a key whose value cannot be used. */
    public InvalidInputException error(String key, String what) {
        return new InvalidInputException(file + ": " + key + ": " + what);
    }

    /** All of them, unmodifiable. */
    Map<String, GgufValue> values() {
        return values;
    }

    private Optional<GgufValue> value(String key) {
        return Optional.ofNullable(values.get(key));
    }

    private InvalidInputException missing(String key) {
        return error(key, "is missing");
    }

    private InvalidInputException unexpected(String key, GgufValue value, String expected) {
        String found = switch (value) {
            case GgufValue.Whole(long whole) -> Long.toString(whole);
            case GgufValue.Real(double real) -> Double.toString(real);
            case GgufValue.Flag(boolean flag) -> Boolean.toString(flag);
            case GgufValue.Text(String text) -> "a text of " + text.length() + " characters";
            case GgufValue.Wholes(long[] wholes) -> "an array of " + wholes.length + " whole numbers";
            case GgufValue.Reals(double[] reals) -> "an array of " + reals.length + " numbers";
            case GgufValue.Texts(List<String> texts) -> "an array of " + texts.size() + " texts";
        };
        return error(key, "is " + found + ", expected " + expected);
    }
}
