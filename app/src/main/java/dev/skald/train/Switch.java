package dev.skald.train;

/** On, off, or decided by Skald. */
public enum Switch {
    AUTO,
    TRUE,
    FALSE
}
