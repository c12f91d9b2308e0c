package dev.skald.jinja;

/** An operation that its operands do not allow; the interpreter adds where. */
final class EvaluationError extends RuntimeException {

    private static final long serialVersionUID = 1L;

    EvaluationError(String message) {
        super(message);
    }
}
