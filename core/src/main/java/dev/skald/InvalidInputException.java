package dev.skald;

/**
 * A user's mistake: a file, key, tensor or option that is not as it has to be. The message is the one line that the user sees, and names
 * what is wrong, where, what was found and what was expected. The command line prints it as {@code error: ...} and ends with exit code 2.
 */
public final class InvalidInputException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /**
     * @param message one line: what is wrong, where, what was found, what was expected
     */
    public InvalidInputException(String message) {
        super(message);
    }

    /**
     * @param message one line: what is wrong, where, what was found, what was expected
     * @param cause what the library below said; shown by {@code --debug} only
     */
    public InvalidInputException(String message, Throwable cause) {
        super(message, cause);
    }
}
