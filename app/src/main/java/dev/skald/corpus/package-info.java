/**
 * Raw text to a curated, deduplicated, mixed and packed corpus. The noun is the {@link dev.skald.corpus.Document}; the door is {@link
 * dev.skald.corpus.Pipeline}, which runs the stages of a {@link dev.skald.corpus.Recipe} as tasks of a Spark application. Everything a stage
 * does to a document is a function that needs no Spark; everything that a stage hands to the next one is a file. No native memory is held
 * beyond a task: what is memory-mapped goes with the garbage collector.
 */
package dev.skald.corpus;
