/**
 * Jinja templates as chat templates use them, with Python's rules for values. The noun is the {@link dev.skald.jinja.Template}, which is also the
 * door. No native memory.
 */
package dev.skald.jinja;
