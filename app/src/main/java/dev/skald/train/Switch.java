package dev.skald.train;

import dev.skald.config.OneValue;

/** On, off, or decided by Skald. */
public enum Switch implements OneValue {
    AUTO,
    TRUE,
    FALSE;

    @Override
    public Object written() {
        return this == AUTO ? "auto" : (Object) (this == TRUE);
    }
}
