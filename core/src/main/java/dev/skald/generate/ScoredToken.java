package dev.skald.generate;

/**
 * A generated token and how likely it was, by the model's own logits: before penalties, temperature and the like.
 *
 * @param logProbability in nats
 * @param topIds the most likely ids in its place, as many as were asked for, the most likely first
 * @param topLogProbabilities theirs, in nats
 */
@SuppressWarnings("ArrayRecordComponent") // read only
public record ScoredToken(int id, float logProbability, int[] topIds, float[] topLogProbabilities) {}
