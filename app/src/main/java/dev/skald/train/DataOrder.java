package dev.skald.train;

import dev.skald.base.Permutation;
import java.util.Arrays;

/**
 * Which sequence is the n-th of a run: arithmetic on (seed, epoch, n), so that a run goes on from any place at once, on any number of ranks.
 *
 * <p>Each stream of sequences is seen {@code weight} times in an epoch. Its visits are numbered through all epochs, and pass {@code p} over the
 * stream is complete before pass {@code p + 1} begins: a weight of 0.5 sees one half in the first epoch and the other in the second.
 */
final class DataOrder {

    private final long seed;
    private final boolean shuffle;
    private final long[] lengths;
    private final long[] visits;
    private final long epochLength;

    /** One sequence of one stream. */
    record Sample(int stream, long sequence) {}

    /**
     * @param lengths sequences of each stream
     * @param weights how often each is seen in an epoch
     */
    DataOrder(long seed, boolean shuffle, long[] lengths, double[] weights) {
        this.seed = seed;
        this.shuffle = shuffle;
        this.lengths = lengths.clone();
        visits = new long[lengths.length];
        for (int i = 0; i < lengths.length; i++) {
            visits[i] = (long) (lengths[i] * weights[i]);
        }
        epochLength = Arrays.stream(visits).sum();
    }

    /** Sequences in an epoch. */
    long epochLength() {
        return epochLength;
    }

    /** The {@code n}-th sequence of a run, from 0 on, through all epochs. */
    Sample sample(long n) {
        long epoch = n / epochLength;
        long place = n % epochLength;
        if (shuffle) {
            place = new Permutation(epochLength, seed, epoch).of(place);
        }
        int stream = 0;
        while (place >= visits[stream]) {
            place -= visits[stream];
            stream++;
        }
        long visit = epoch * visits[stream] + place;
        long pass = visit / lengths[stream];
        long sequence = visit % lengths[stream];
        boolean weighted = visits[stream] != lengths[stream];
        if (shuffle && weighted) {
            sequence = new Permutation(lengths[stream], ~seed, pass).of(sequence);
        }
        return new Sample(stream, sequence);
    }
}
