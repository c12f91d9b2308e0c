package dev.skald.train;

/**
 * Another rank did not answer: it died, or was silent for longer than the timeout. This rank is not to blame, and ends with an exit code
 * of its own, by which whoever started the ranks knows.
 */
public final class LostRankException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** The exit code of a process that ends because another one is lost (EX_TEMPFAIL of sysexits.h). */
    public static final int EXIT_CODE = 75;

    LostRankException(String message, Throwable cause) {
        super(message, cause);
    }
}
