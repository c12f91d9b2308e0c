package dev.skald.jinja;

/**
 * A piece of a template's source.
 *
 * @param value the text, name, number or operator; a string without its quotes
 * @param line from 1
 */
record Token(Kind kind, String value, int line) {

    /** What a token is. */
    enum Kind {
        TEXT,
        PRINT_BEGIN,
        PRINT_END,
        BLOCK_BEGIN,
        BLOCK_END,
        NAME,
        STRING,
        INTEGER,
        FLOAT,
        OPERATOR,
        END
    }

    boolean is(Kind other, String text) {
        return kind == other && value.equals(text);
    }

    boolean isOperator(String text) {
        return is(Kind.OPERATOR, text);
    }

    boolean isName(String text) {
        return is(Kind.NAME, text);
    }

    /** For an error's message. */
    String shown() {
        return kind == Kind.END ? "the end of the template" : "'" + value + "'";
    }
}
