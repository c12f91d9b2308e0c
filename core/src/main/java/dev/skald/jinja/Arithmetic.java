package dev.skald.jinja;

import dev.skald.jinja.Python.Tuple;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** Python's operators between two values. */
final class Arithmetic {

    private Arithmetic() {}

    static Object of(String operator, Object left, Object right) {
        if (operator.equals("~")) {
            return Python.text(left).plus(Python.text(right));
        }
        if (left instanceof Python.Undefined undefined) {
            throw undefined.error();
        }
        if (right instanceof Python.Undefined undefined) {
            throw undefined.error();
        }
        if (Python.isInteger(left) && Python.isInteger(right)) {
            return integers(operator, Python.integer(left), Python.integer(right));
        }
        if (Python.isNumber(left) && Python.isNumber(right)) {
            return reals(operator, Python.number(left), Python.number(right));
        }
        if (operator.equals("+") && left instanceof Text text && right instanceof Text other) {
            return text.plus(other);
        }
        if (operator.equals("+") && left instanceof List<?> items && right instanceof List<?> others) {
            List<Object> both = new ArrayList<>(items);
            both.addAll(others);
            return left instanceof Tuple ? new Tuple(both) : both;
        }
        if (operator.equals("*") && Python.isInteger(left) && (right instanceof Text || right instanceof List<?>)) {
            return of("*", right, left);
        }
        if (operator.equals("*") && Python.isInteger(right) && (left instanceof Text || left instanceof List<?>)) {
            return repeat(left, Python.integer(right));
        }
        if (operator.equals("%") && left instanceof Text pattern) {
            return Format.percent(
                    pattern, new Arguments(right instanceof Tuple tuple ? tuple : List.of(right), Map.of()));
        }
        throw new EvaluationError("cannot do " + Python.type(left) + " " + operator + " " + Python.type(right));
    }

    private static Object repeat(Object value, long times) {
        long length = Python.length(value) * Math.max(0, times);
        if (length > Interpreter.MOST_ITEMS) {
            throw new EvaluationError("a repetition of " + length + " items is too long");
        }
        if (value instanceof Text text) {
            return Text.join(Collections.nCopies((int) Math.max(0, times), text), Text.EMPTY);
        }
        List<Object> all = new ArrayList<>();
        for (long i = 0; i < times; i++) {
            all.addAll((List<?>) value);
        }
        return all;
    }

    private static Object integers(String operator, long left, long right) {
        try {
            return switch (operator) {
                case "+" -> Math.addExact(left, right);
                case "-" -> Math.subtractExact(left, right);
                case "*" -> Math.multiplyExact(left, right);
                case "//" -> Math.floorDiv(left, right);
                case "%" -> Math.floorMod(left, right);
                case "**" -> right < 0 ? (Object) Math.pow((double) left, (double) right) : power(left, right);
                default -> {
                    if (right == 0) {
                        throw new EvaluationError("division by zero");
                    }
                    yield (double) left / (double) right;
                }
            };
        } catch (ArithmeticException e) {
            throw new EvaluationError(right == 0 ? "division by zero" : "the result of " + operator + " is too large");
        }
    }

    private static long power(long base, long exponent) {
        long result = 1;
        for (long i = 0; i < exponent; i++) {
            result = Math.multiplyExact(result, base);
            if (result == 0 || (result == 1 && base == 1)) {
                break;
            }
        }
        return result;
    }

    private static double reals(String operator, double left, double right) {
        if (right == 0 && List.of("/", "//", "%").contains(operator)) {
            throw new EvaluationError("division by zero");
        }
        return switch (operator) {
            case "+" -> left + right;
            case "-" -> left - right;
            case "*" -> left * right;
            case "/" -> left / right;
            case "//" -> Math.floor(left / right);
            case "%" -> left - right * Math.floor(left / right);
            default -> Math.pow(left, right);
        };
    }
}
