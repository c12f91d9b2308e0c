/**
 * Continued pretraining. The noun is the run; the door is {@link dev.skald.train.Training}. Configuration ({@link dev.skald.train.TrainerConfig},
 * {@link dev.skald.train.DeepSpeedConfig}), data, optimizer, ZeRO, checkpoints, and what the user sees.
 */
package dev.skald.train;
