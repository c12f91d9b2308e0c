/**
 * Results of evaluations, side by side. The noun is the run: what one model came to on tasks, as Skald, lm-evaluation-harness or EuroEval wrote it.
 * {@link dev.skald.compare.Runs} reads them, {@link dev.skald.compare.Comparison} says how they differ from a baseline, and text, page and JSON are
 * made of that. No native memory.
 */
package dev.skald.compare;
