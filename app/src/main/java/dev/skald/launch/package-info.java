/**
 * How a training run gets its ranks: local processes ({@link dev.skald.launch.LocalProcesses}), the environment of torchrun or Slurm
 * ({@link dev.skald.launch.RankEnvironment}), or the barrier tasks of a Spark job. No native memory.
 */
package dev.skald.launch;
