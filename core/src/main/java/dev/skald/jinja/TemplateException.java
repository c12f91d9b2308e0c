package dev.skald.jinja;

/** A template that is not valid, or that cannot be rendered with what it was given. */
public final class TemplateException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final boolean raised;

    private TemplateException(String message, boolean raised) {
        super(message);
        this.raised = raised;
    }

    /** An error found by the interpreter. */
    static TemplateException at(String template, int line, String message) {
        return new TemplateException(template + ": line " + line + ": " + message, false);
    }

    /** The template itself called {@code raise_exception}. */
    static TemplateException raised(String words) {
        return new TemplateException(words, true);
    }

    /** Whether the template refused its input by {@code raise_exception}: then the message is its own words. */
    public boolean isRaised() {
        return raised;
    }
}
