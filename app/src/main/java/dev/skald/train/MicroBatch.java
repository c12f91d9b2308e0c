package dev.skald.train;

import dev.skald.model.PackedRows;
import java.util.Arrays;
import java.util.Optional;

/**
 * What a forward and backward pass is over. A span is an example of the rows; padding is none.
 *
 * @param rows of all spans
 * @param mismatched as many spans, each with the prompt of the span and the answer of another example: KTO's estimate of how far the model is from
 *     the reference; empty where nothing asks for it
 * @param wanted of KTO, by span: whether the answer is; empty elsewhere
 * @param references by span: the sum of the log-probabilities, nats, that the reference gives to what is predicted; empty where it is not known
 *     beforehand
 */
@SuppressWarnings("ArrayRecordComponent") // read only
record MicroBatch(PackedRows rows, Optional<PackedRows> mismatched, boolean[] wanted, double[] references) {

    MicroBatch {
        int spans = spans(rows);
        if ((wanted.length != 0 && wanted.length != spans) || (references.length != 0 && references.length != spans)) {
            throw new IllegalArgumentException(
                    spans + " spans, " + wanted.length + " flags, " + references.length + " references");
        }
    }

    /** Of rows of which nothing more is known. */
    static MicroBatch of(PackedRows rows) {
        return new MicroBatch(rows, Optional.empty(), new boolean[0], new double[0]);
    }

    /** How many spans rows have that are no padding. */
    static int spans(PackedRows rows) {
        return rows.documentStarts().length - (rows.padding() > 0 ? 1 : 0);
    }

    /** The row after a span's last. */
    static int end(PackedRows rows, int span) {
        int[] starts = rows.documentStarts();
        return span + 1 < starts.length ? starts[span + 1] : rows.rows();
    }

    /**
     * By span, the sum of the log-probabilities of what is predicted.
     *
     * @param losses by row, nats
     */
    static double[] logps(PackedRows rows, double[] losses) {
        double[] sums = new double[spans(rows)];
        for (int span = 0; span < sums.length; span++) {
            int from = rows.documentStarts()[span];
            sums[span] = -Arrays.stream(losses, from, end(rows, span)).sum();
        }
        return sums;
    }
}
