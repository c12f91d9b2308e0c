package dev.skald.generate;

import java.util.Locale;

/** Why a text ended. */
public enum FinishReason {
    /** It reached its maximum length. */
    LENGTH,
    /** The model generated an end token. */
    EOS,
    /** It came to a stop string. */
    STOP,
    /** The model's {@code max_time} was up. */
    TIME;

    /** As JSON has it: {@code length}, {@code eos}, {@code stop} or {@code time}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
