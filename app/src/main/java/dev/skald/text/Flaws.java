package dev.skald.text;

import dev.skald.InvalidInputException;
import java.io.IOException;

/** What becomes of records that are no documents. Parsing in several threads, it is called by all of them. */
@FunctionalInterface
public interface Flaws {

    /** Every one is an {@link InvalidInputException}, but for a row without a value: that is no document, and no mistake. */
    Flaws REFUSED = flaw -> {
        if (flaw.kind() != Flaw.Kind.NULL_TEXT) {
            throw new InvalidInputException(flaw.refusal());
        }
    };

    /** Takes one; when it returns, reading goes on after the record. */
    void add(Flaw flaw) throws IOException;
}
