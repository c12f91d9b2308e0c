package dev.skald.generate;

import java.util.Locale;

/** Why a text ended. */
public enum FinishReason {
    /** It reached its maximum length. */
    LENGTH,
    /** The model generated an end token. */
    EOS,
    /** It came to a stop string. */
    STOP;

    /** As JSON has it: {@code length}, {@code eos} or {@code stop}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
