/**
 * The command line: {@link dev.skald.cli.Main} and one class per verb. Uses the doors of all other packages.
 */
package dev.skald.cli;
