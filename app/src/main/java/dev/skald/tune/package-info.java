/**
 * Rows of data sets (conversations, instructions, preferences) to {@link dev.skald.tune.Example}s: token ids, and which of them are learned. The door
 * is {@link dev.skald.tune.ExampleSet}. The types of rows, their keys and the rules for labels are Axolotl's (axolotl-ai-cloud/axolotl 0.18,
 * src/axolotl/prompt_strategies).
 */
package dev.skald.tune;
