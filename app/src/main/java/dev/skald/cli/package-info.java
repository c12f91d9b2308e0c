/**
 * The command line. The noun is the verb, one class each; the door is {@link dev.skald.cli.Main}. Uses the doors of all other packages; what a verb loads
 * it closes.
 */
package dev.skald.cli;
