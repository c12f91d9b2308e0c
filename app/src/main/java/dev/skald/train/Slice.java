package dev.skald.train;

/**
 * A run of elements of one parameter that this rank updates.
 *
 * @param parameter index of the parameter
 * @param from where the run begins within the parameter, in elements
 * @param flat where it begins in the flat tensor of all parameters
 * @param gradient where it begins in this rank's gradients
 * @param shard where it begins in this rank's moments
 * @param length elements
 * @param decayed whether weight decay applies: not to norm weights, as in the Trainer of transformers
 */
record Slice(int parameter, long from, long flat, long gradient, long shard, long length, boolean decayed) {

    /** {@code length} elements of this slice from {@code at} on. */
    Slice part(long at, long length) {
        return new Slice(parameter, from + at, flat + at, gradient + at, shard + at, length, decayed);
    }
}
