package dev.skald.tensor;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The scales of eight runs of elements at once: of each run the one among some twenty with the least weighted squared error, as ggml's {@code
 * make_qkx2_quants} and {@code make_qx_quants} find it (ggml-quants.c). A lane is a run, and its sums are taken from the first element to the last in f32
 * without fused operations, so that the result is the same as one run alone has. Keeps what it found; not thread-safe.
 */
final class ScaleSearch {

    /** Runs that are searched at once. */
    static final int RUNS = 8;

    private static final VectorSpecies<Float> LANES = FloatVector.SPECIES_256;

    /** Adding and subtracting it rounds to the nearest whole number, ties to even, while that is below 2^22. */
    private static final float ROUNDING = 12582912f;

    /** Runs with no larger element are zero. */
    static final float LEAST = 1e-15f;

    private final int length;
    /** Element i of run j at {@code 8 i + j}. */
    private final float[] x;

    private final float[] weights;
    private final float[] levels;

    /** What an element is multiplied by before it is rounded: that of the levels which were found. */
    final float[] inverses = new float[RUNS];
    /** What is subtracted before that. */
    final float[] offsets = new float[RUNS];
    /** The scale of each run. */
    final float[] scales = new float[RUNS];
    /** What is subtracted from each run after scaling: 0 or more. */
    final float[] minimums = new float[RUNS];

    /** @param length elements of a run */
    ScaleSearch(int length) {
        this.length = length;
        x = new float[length * RUNS];
        weights = new float[length * RUNS];
        levels = new float[length * RUNS];
    }

    /** Takes eight runs that lie one after the other. */
    private void load(float[] from, int at) {
        for (int run = 0; run < RUNS; run++) {
            for (int i = 0; i < length; i++) {
                x[i * RUNS + run] = from[at + run * length + i];
            }
        }
    }

    private FloatVector x(int i) {
        return FloatVector.fromArray(LANES, x, i * RUNS);
    }

    private static FloatVector rounded(FloatVector value, float least, float most) {
        return value.add(ROUNDING).sub(ROUNDING).max(least).min(most);
    }

    /**
     * Elements as {@code scale * level - minimum} with levels from 0. The weight of an element is its magnitude, and the root of the mean square of its run.
     *
     * @param most the greatest level
     * @param first the first inverse scale that is tried is {@code (most + first) / (greatest - least element)}
     * @param step from one to the next
     * @param steps how many times
     */
    void asymmetric(float[] from, int at, int most, float first, float step, int steps) {
        load(from, at);
        FloatVector zero = FloatVector.zero(LANES);
        FloatVector squares = zero;
        for (int i = 0; i < length; i++) {
            FloatVector value = x(i);
            squares = squares.add(value.mul(value));
        }
        FloatVector mean = squares.div(length).lanewise(VectorOperators.SQRT);
        FloatVector least = x(0);
        FloatVector greatest = x(0);
        FloatVector weightSum = zero;
        FloatVector sum = zero;
        for (int i = 0; i < length; i++) {
            FloatVector value = x(i);
            FloatVector weight = mean.add(value.abs());
            weight.intoArray(weights, i * RUNS);
            least = least.min(value);
            greatest = greatest.max(value);
            weightSum = weightSum.add(weight);
            sum = sum.add(weight.mul(value));
        }
        least = least.min(0);
        VectorMask<Float> flat = greatest.eq(least);
        FloatVector inverse = FloatVector.broadcast(LANES, most).div(greatest.sub(least));
        FloatVector scale = FloatVector.broadcast(LANES, 1).div(inverse);
        FloatVector best = error(inverse, least, least, scale, most);
        FloatVector foundInverse = inverse;
        FloatVector foundOffset = least;
        FloatVector minimum = least;
        for (int trial = 0; trial <= steps; trial++) {
            inverse = FloatVector.broadcast(LANES, first + step * trial + most).div(greatest.sub(minimum));
            FloatVector l1 = zero;
            FloatVector l2 = zero;
            FloatVector xl = zero;
            for (int i = 0; i < length; i++) {
                FloatVector value = x(i);
                FloatVector level = rounded(inverse.mul(value.sub(minimum)), 0, most);
                level.intoArray(levels, i * RUNS);
                FloatVector weighted =
                        FloatVector.fromArray(LANES, weights, i * RUNS).mul(level);
                l1 = l1.add(weighted);
                l2 = l2.add(weighted.mul(level));
                xl = xl.add(weighted.mul(value));
            }
            FloatVector determinant = weightSum.mul(l2).sub(l1.mul(l1));
            FloatVector thisScale = weightSum.mul(xl).sub(sum.mul(l1)).div(determinant);
            FloatVector thisMinimum = l2.mul(sum).sub(l1.mul(xl)).div(determinant);
            VectorMask<Float> above = thisMinimum.compare(VectorOperators.GT, 0);
            thisScale = thisScale.blend(xl.div(l2), above);
            thisMinimum = thisMinimum.blend(0f, above);
            FloatVector error = error(thisScale, thisMinimum);
            VectorMask<Float> better =
                    determinant.compare(VectorOperators.GT, 0).and(error.lt(best));
            if (better.anyTrue()) {
                best = best.blend(error, better);
                foundInverse = foundInverse.blend(inverse, better);
                foundOffset = foundOffset.blend(minimum, better);
                scale = scale.blend(thisScale, better);
                minimum = minimum.blend(thisMinimum, better);
            }
        }
        scale.blend(0f, flat).intoArray(scales, 0);
        minimum.blend(least, flat).neg().intoArray(minimums, 0);
        foundInverse.blend(0f, flat).intoArray(inverses, 0);
        foundOffset.blend(least, flat).intoArray(offsets, 0);
    }

    /** The error of levels that are made here. */
    private FloatVector error(
            FloatVector inverse, FloatVector offset, FloatVector minimum, FloatVector scale, float most) {
        for (int i = 0; i < length; i++) {
            rounded(inverse.mul(x(i).sub(offset)), 0, most).intoArray(levels, i * RUNS);
        }
        return error(scale, minimum);
    }

    private FloatVector error(FloatVector scale, FloatVector minimum) {
        FloatVector error = FloatVector.zero(LANES);
        for (int i = 0; i < length; i++) {
            FloatVector difference = scale.mul(FloatVector.fromArray(LANES, levels, i * RUNS))
                    .add(minimum)
                    .sub(x(i));
            error = error.add(FloatVector.fromArray(LANES, weights, i * RUNS).mul(difference.mul(difference)));
        }
        return error;
    }

    /**
     * Elements as {@code scale * level} with levels from {@code -half} to {@code half - 1}, the square of an element being its weight; the scale of a run
     * without anything is 0.
     */
    void symmetric(float[] from, int at, int half) {
        load(from, at);
        FloatVector zero = FloatVector.zero(LANES);
        FloatVector most = zero;
        FloatVector signed = zero;
        for (int i = 0; i < length; i++) {
            FloatVector value = x(i);
            FloatVector magnitude = value.abs();
            signed = signed.blend(value, magnitude.compare(VectorOperators.GT, most));
            most = most.max(magnitude);
        }
        VectorMask<Float> nothing = most.compare(VectorOperators.LT, LEAST);
        FloatVector scale = zero;
        FloatVector best = zero;
        FloatVector found = zero;
        for (int trial = 0; trial <= 18; trial++) {
            int shift = trial == 0 ? 0 : trial <= 9 ? trial - 10 : trial - 9;
            FloatVector inverse =
                    FloatVector.broadcast(LANES, -(half + 0.1f * shift)).div(signed);
            FloatVector xl = zero;
            FloatVector l2 = zero;
            for (int i = 0; i < length; i++) {
                FloatVector value = x(i);
                FloatVector level = rounded(inverse.mul(value), -half, half - 1f);
                FloatVector weight = value.mul(value);
                xl = xl.add(weight.mul(value).mul(level));
                l2 = l2.add(weight.mul(level).mul(level));
            }
            VectorMask<Float> some = l2.compare(VectorOperators.GT, 0);
            VectorMask<Float> better =
                    trial == 0 ? some : some.and(xl.mul(xl).compare(VectorOperators.GT, best.mul(l2)));
            if (better.anyTrue() || trial == 0) {
                FloatVector ratio = xl.div(l2);
                scale = scale.blend(ratio, better);
                best = best.blend(ratio.mul(xl), better);
                found = trial == 0 ? inverse : found.blend(inverse, better);
            }
        }
        scale.blend(0f, nothing).intoArray(scales, 0);
        found.blend(0f, nothing).intoArray(inverses, 0);
        Arrays.fill(offsets, 0);
        Arrays.fill(minimums, 0);
    }
}
