package dev.skald.train;

import dev.skald.InvalidInputException;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/**
 * What is seen equally often in an epoch: the data sets of one weight, or one data set that is replayed, whose weight is its share of all sequences.
 *
 * @param weight of the data sets
 * @param replayed the number of the data set that is replayed; negative for those that are not
 */
record Portion(double weight, int replayed) implements Comparable<Portion> {

    private static final Comparator<Portion> ORDER =
            Comparator.comparingInt(Portion::replayed).thenComparingDouble(Portion::weight);

    /** Where a data set belongs. */
    static Portion of(List<DatasetConfig> datasets, int number) {
        DatasetConfig dataset = datasets.get(number);
        return new Portion(dataset.weight(), dataset.type().isReplay() ? number : -1);
    }

    @Override
    public int compareTo(Portion other) {
        return ORDER.compare(this, other);
    }

    /**
     * How many sequences of each portion an epoch sees.
     *
     * @param lengths sequences of each
     * @throws InvalidInputException when there is nothing beside the replay, or nothing to replay
     */
    static long[] visits(Collection<Portion> portions, long[] lengths) {
        double replay = 0;
        long others = 0;
        int i = 0;
        for (Portion portion : portions) {
            if (portion.replayed < 0) {
                others += (long) (lengths[i] * portion.weight);
            } else {
                replay += portion.weight;
            }
            i++;
        }
        long[] visits = new long[lengths.length];
        i = 0;
        for (Portion portion : portions) {
            visits[i] = portion.replayed < 0
                    ? (long) (lengths[i] * portion.weight)
                    : Math.round(others / (1 - replay) * portion.weight);
            if (portion.replayed >= 0 && lengths[i] == 0) {
                throw new InvalidInputException("datasets: entry " + (portion.replayed + 1)
                        + ", of type replay, has less than one sequence of sequence_len: nothing to replay");
            }
            i++;
        }
        return visits;
    }
}
