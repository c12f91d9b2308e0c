package dev.skald.kernel;

import static dev.skald.kernel.RowFormat.FLOATS;
import static dev.skald.kernel.RowFormat.LANES;

import dev.skald.InvalidInputException;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** Vector loops over a vocabulary's scores, the first {@code n} floats of an array; negative infinity rules an id out. */
public final class LogitLoops {

    private LogitLoops() {}

    /** The highest score; NaN where any is. */
    public static float max(float[] x, int n) {
        return FloatLoops.max(x, n);
    }

    /**
     * Checks a model's logits.
     *
     * @throws InvalidInputException where one is NaN or infinite, which damaged weights, or a dtype of too small a range, come to
     */
    public static void requireFinite(float[] x, int n) {
        FloatVector sum = FloatVector.zero(FLOATS);
        int i = 0;
        // 0 times what is finite is 0, and NaN else.
        for (int bound = FLOATS.loopBound(n); i < bound; i += LANES) {
            FloatVector scores = FloatVector.fromArray(FLOATS, x, i);
            sum = sum.add(scores.mul(0f));
        }
        float rest = sum.reduceLanes(VectorOperators.ADD);
        for (; i < n; i++) {
            rest += 0 * x[i];
        }
        if (rest != 0) {
            throw new InvalidInputException(
                    "the model's logits are not finite: its weights are damaged, or beyond the range of their dtype");
        }
    }

    /** The first id that has the highest score. */
    public static int highest(float[] x, int n) {
        float max = max(x, n);
        int i = 0;
        for (int bound = FLOATS.loopBound(n); i < bound; i += LANES) {
            VectorMask<Float> equal = FloatVector.fromArray(FLOATS, x, i).eq(max);
            if (equal.anyTrue()) {
                return i + equal.firstTrue();
            }
        }
        while (i < n - 1 && x[i] != max) {
            i++;
        }
        return i;
    }

    /**
     * The ids with the highest scores, the highest first, of equal ones the lower id.
     *
     * @param k how many; all, where there are fewer
     */
    public static int[] highest(float[] x, int n, int k) {
        int most = Math.min(k, n);
        int[] ids = new int[most];
        if (most == 0) {
            return ids;
        }
        float threshold = kthHighest(x, n, most);
        // Those above the threshold, then the first of those equal to it.
        int count = 0;
        for (int i = 0; i < n; i++) {
            if (x[i] > threshold) {
                ids[count++] = i;
            }
        }
        for (int i = 0; i < n && count < most; i++) {
            if (x[i] == threshold) {
                ids[count++] = i;
            }
        }
        return Arrays.stream(ids)
                .boxed()
                .sorted((a, b) -> x[a] == x[b] ? Integer.compare(a, b) : Float.compare(x[b], x[a]))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    /** The score that {@code k - 1} others are not below; {@code k} is at most {@code n}. */
    public static float kthHighest(float[] x, int n, int k) {
        if (k == 1) {
            return max(x, n);
        }
        float[] heap = Arrays.copyOf(x, k); // of the k highest so far, the lowest first
        for (int i = k / 2 - 1; i >= 0; i--) {
            sink(heap, i);
        }
        int i = k;
        // A vector in which no score is above the lowest of the heap, as nearly all of a vocabulary's are, is passed
        // over.
        for (int bound = k + FLOATS.loopBound(n - k); i < bound; i += LANES) {
            if (FloatVector.fromArray(FLOATS, x, i)
                    .compare(VectorOperators.GT, heap[0])
                    .anyTrue()) {
                for (int lane = 0; lane < LANES; lane++) {
                    replaceLowest(heap, x[i + lane]);
                }
            }
        }
        for (; i < n; i++) {
            replaceLowest(heap, x[i]);
        }
        return heap[0];
    }

    private static void replaceLowest(float[] heap, float score) {
        if (score > heap[0]) {
            heap[0] = score;
            sink(heap, 0);
        }
    }

    private static void sink(float[] heap, int from) {
        float moved = heap[from];
        int at = from;
        while (2 * at + 1 < heap.length) {
            int child = 2 * at + 1;
            if (child + 1 < heap.length && heap[child + 1] < heap[child]) {
                child++;
            }
            if (heap[child] >= moved) {
                break;
            }
            heap[at] = heap[child];
            at = child;
        }
        heap[at] = moved;
    }

    /**
     * Rules out the ids whose measure is below a threshold.
     *
     * @param by the ids' measures, as their probabilities, or the scores themselves
     */
    public static void ruleOutBelow(float[] x, float[] by, int n, float threshold) {
        FloatVector out = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
        int i = 0;
        for (int bound = FLOATS.loopBound(n); i < bound; i += LANES) {
            VectorMask<Float> below = FloatVector.fromArray(FLOATS, by, i).compare(VectorOperators.LT, threshold);
            FloatVector.fromArray(FLOATS, x, i).blend(out, below).intoArray(x, i);
        }
        for (; i < n; i++) {
            if (by[i] < threshold) {
                x[i] = Float.NEGATIVE_INFINITY;
            }
        }
    }

    /** The sum, in double precision, of those below a threshold. */
    public static double sumBelow(float[] x, int n, float threshold) {
        double total = 0;
        for (int from = 0; from < n; from += PIECE) {
            int end = Math.min(n, from + PIECE);
            FloatVector sum = FloatVector.zero(FLOATS);
            int i = from;
            for (int bound = from + FLOATS.loopBound(end - from); i < bound; i += LANES) {
                FloatVector part = FloatVector.fromArray(FLOATS, x, i);
                sum = sum.add(part, part.compare(VectorOperators.LT, threshold));
            }
            total += FloatLoops.sum(sum);
            for (; i < end; i++) {
                total += x[i] < threshold ? x[i] : 0;
            }
        }
        return total;
    }

    /**
     * Finds the ids that are not below a threshold.
     *
     * @param to {@code [n]}: written from the beginning; in the upper half the bits of {@code x}, in the lower half the id, so that they sort by
     *     {@code x}, where that is not negative, and then by id
     * @return how many
     */
    public static int collect(float[] x, int n, float threshold, long[] to) {
        int count = 0;
        int i = 0;
        for (int bound = FLOATS.loopBound(n); i < bound; i += LANES) {
            if (FloatVector.fromArray(FLOATS, x, i)
                    .compare(VectorOperators.GE, threshold)
                    .anyTrue()) {
                for (int id = i; id < i + LANES; id++) {
                    count = collect(x[id], id, threshold, to, count);
                }
            }
        }
        for (; i < n; i++) {
            count = collect(x[i], i, threshold, to, count);
        }
        return count;
    }

    private static int collect(float x, int id, float threshold, long[] to, int count) {
        if (x < threshold) {
            return count;
        }
        to[count] = ((long) Float.floatToRawIntBits(x) << 32) | id;
        return count + 1;
    }

    /**
     * The id in whose share of the probabilities, one after the other, a number lies.
     *
     * @param drawn from 0 to 1
     * @return the last id with a probability where they add up to less
     */
    public static int draw(float[] probabilities, int n, double drawn) {
        double sum = 0;
        int last = 0;
        for (int from = 0; from < n; from += LANES) {
            int end = Math.min(n, from + LANES);
            if (end - from == LANES
                    && !FloatVector.fromArray(FLOATS, probabilities, from)
                            .compare(VectorOperators.GT, 0f)
                            .anyTrue()) {
                continue;
            }
            for (int i = from; i < end; i++) {
                if (probabilities[i] > 0) {
                    sum += probabilities[i];
                    last = i;
                    if (drawn < sum) {
                        return i;
                    }
                }
            }
        }
        return last;
    }

    /** Divides all scores. */
    public static void divide(float[] x, int n, float divisor) {
        int i = 0;
        for (int bound = FLOATS.loopBound(n); i < bound; i += LANES) {
            FloatVector.fromArray(FLOATS, x, i).div(divisor).intoArray(x, i);
        }
        for (; i < n; i++) {
            x[i] /= divisor;
        }
    }

    /** The logarithm of the sum of the scores' exponentials. */
    public static double logSumExp(float[] x, int n) {
        float max = max(x, n);
        return max + Math.log(exponentials(x, n, max, null));
    }

    /** The scores' probabilities, to {@code to}; 0 where an id is ruled out. */
    public static void softmax(float[] x, int n, float[] to) {
        double sum = exponentials(x, n, max(x, n), to);
        FloatLoops.scale(to, n, (float) (1 / sum));
    }

    /** The sum of {@code exp(x - shift)}, in double precision; the terms go to {@code to} where it is not null. */
    private static double exponentials(float[] x, int n, float shift, float[] to) {
        double sum = 0;
        for (int from = 0; from < n; from += PIECE) {
            sum += FloatLoops.exponentials(x, from, Math.min(n, from + PIECE), shift, to);
        }
        return sum;
    }

    /** Terms that are summed in f32. */
    private static final int PIECE = 1024;
}
