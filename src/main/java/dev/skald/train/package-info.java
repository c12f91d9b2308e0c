/**
 * Continued pretraining. The noun is the run; the door is {@code Trainer}. Configuration ({@link dev.skald.train.TrainerConfig},
 * {@link dev.skald.train.DeepSpeedConfig}), data, optimizer, ZeRO, checkpoints, and what the user sees.
 */
package dev.skald.train;
