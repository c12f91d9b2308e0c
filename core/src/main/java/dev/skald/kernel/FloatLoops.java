package dev.skald.kernel;

import static dev.skald.kernel.RowFormat.FLOAT;
import static dev.skald.kernel.RowFormat.FLOATS;
import static dev.skald.kernel.RowFormat.INTS;
import static dev.skald.kernel.RowFormat.LANES;
import static dev.skald.kernel.RowFormat.MEMORY;
import static dev.skald.kernel.RowFormat.ORDER;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/** Vector loops over the first {@code n} floats of arrays. */
final class FloatLoops {

    private static final float LOG2_E = 1.442695f;
    private static final float LN2_HIGH = 0.6933594f;
    private static final float LN2_LOW = -2.1219444e-4f;
    /** Added to a float and taken off again, it rounds to the nearest integer, which is then in the lowest bits. */
    private static final float ROUND = 12582912f;

    /** As many bf16 as there are lanes of floats. */
    private static final VectorSpecies<Short> SHORTS =
            VectorSpecies.of(short.class, VectorShape.forBitSize(FLOATS.vectorBitSize() / 2));

    private static final VectorShuffle<Float> BY_8 = FLOATS.iotaShuffle(8, 1, true);
    private static final VectorShuffle<Float> BY_4 = FLOATS.iotaShuffle(4, 1, true);
    private static final VectorShuffle<Float> BY_2 = FLOATS.iotaShuffle(2, 1, true);
    private static final VectorShuffle<Float> BY_1 = FLOATS.iotaShuffle(1, 1, true);

    private FloatLoops() {}

    /**
     * The sum of the lanes, added half onto half. {@link FloatVector#reduceLanes} adds in an order of its own, another one once the method is
     * compiled.
     */
    static float sum(FloatVector x) {
        FloatVector sum = x;
        for (int width = LANES / 2; width > 8; width /= 2) {
            sum = sum.add(sum.rearrange(FLOATS.iotaShuffle(width, 1, true)));
        }
        if (LANES > 8) {
            sum = sum.add(sum.rearrange(BY_8));
        }
        if (LANES > 4) {
            sum = sum.add(sum.rearrange(BY_4));
        }
        if (LANES > 2) {
            sum = sum.add(sum.rearrange(BY_2));
        }
        return sum.add(sum.rearrange(BY_1)).lane(0);
    }

    static float dot(float[] a, float[] b, int n) {
        FloatVector sum = FloatVector.zero(FLOATS);
        int i = 0;
        for (int bound = FLOATS.loopBound(n); i < bound; i += LANES) {
            sum = FloatVector.fromArray(FLOATS, a, i).fma(FloatVector.fromArray(FLOATS, b, i), sum);
        }
        float total = sum(sum);
        for (; i < n; i++) {
            total = Math.fma(a[i], b[i], total);
        }
        return total;
    }

    static float max(float[] x, int n) {
        FloatVector max = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
        int i = 0;
        for (int bound = FLOATS.loopBound(n); i < bound; i += LANES) {
            max = max.max(FloatVector.fromArray(FLOATS, x, i));
        }
        float highest = max.reduceLanes(VectorOperators.MAX);
        for (; i < n; i++) {
            highest = Math.max(highest, x[i]);
        }
        return highest;
    }

    static void scale(float[] x, int n, float factor) {
        int i = 0;
        for (int bound = FLOATS.loopBound(n); i < bound; i += LANES) {
            FloatVector.fromArray(FLOATS, x, i).mul(factor).intoArray(x, i);
        }
        for (; i < n; i++) {
            x[i] *= factor;
        }
    }

    /** {@code x += y}. */
    static void add(float[] x, float[] y, int n) {
        int i = 0;
        for (int bound = FLOATS.loopBound(n); i < bound; i += LANES) {
            FloatVector.fromArray(FLOATS, x, i)
                    .add(FloatVector.fromArray(FLOATS, y, i))
                    .intoArray(x, i);
        }
        for (; i < n; i++) {
            x[i] += y[i];
        }
    }

    /** Adds {@code x} to the floats at {@code address}. */
    static void addTo(float[] x, int n, long address) {
        int i = 0;
        for (int bound = FLOATS.loopBound(n); i < bound; i += LANES) {
            FloatVector.fromMemorySegment(FLOATS, MEMORY, address + 4L * i, ORDER)
                    .add(FloatVector.fromArray(FLOATS, x, i))
                    .intoMemorySegment(MEMORY, address + 4L * i, ORDER);
        }
        for (; i < n; i++) {
            MEMORY.set(FLOAT, address + 4L * i, MEMORY.get(FLOAT, address + 4L * i) + x[i]);
        }
    }

    /** Adds {@code x}, elements of even index before those of odd index, to the floats at {@code address}. */
    static void addPairsTo(float[] x, int n, long address) {
        int odds = (n + 1) >> 1;
        for (int i = 0; i < n; i++) {
            float value = x[(i & 1) * odds + (i >> 1)];
            MEMORY.set(FLOAT, address + 4L * i, MEMORY.get(FLOAT, address + 4L * i) + value);
        }
    }

    /** Adds the {@code n} floats at {@code from} to those at {@code to}. */
    static void addFloats(long from, int n, long to) {
        int i = 0;
        for (int bound = FLOATS.loopBound(n); i < bound; i += LANES) {
            FloatVector.fromMemorySegment(FLOATS, MEMORY, to + 4L * i, ORDER)
                    .add(FloatVector.fromMemorySegment(FLOATS, MEMORY, from + 4L * i, ORDER))
                    .intoMemorySegment(MEMORY, to + 4L * i, ORDER);
        }
        for (; i < n; i++) {
            MEMORY.set(FLOAT, to + 4L * i, MEMORY.get(FLOAT, to + 4L * i) + MEMORY.get(FLOAT, from + 4L * i));
        }
    }

    /** Adds the {@code n} bf16 at {@code from} to the floats at {@code to}. */
    static void addBfloats(long from, int n, long to) {
        int i = 0;
        for (int bound = FLOATS.loopBound(n); i < bound; i += LANES) {
            ShortVector.fromMemorySegment(SHORTS, MEMORY, from + 2L * i, ORDER)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0)
                    .reinterpretAsInts()
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats()
                    .add(FloatVector.fromMemorySegment(FLOATS, MEMORY, to + 4L * i, ORDER))
                    .intoMemorySegment(MEMORY, to + 4L * i, ORDER);
        }
        for (; i < n; i++) {
            MEMORY.set(FLOAT, to + 4L * i, MEMORY.get(FLOAT, to + 4L * i) + RowFormat.bf16(from + 2L * i));
        }
    }

    /** {@code x *= y}. */
    static void multiply(float[] x, float[] y, int n) {
        int i = 0;
        for (int bound = FLOATS.loopBound(n); i < bound; i += LANES) {
            FloatVector.fromArray(FLOATS, x, i)
                    .mul(FloatVector.fromArray(FLOATS, y, i))
                    .intoArray(x, i);
        }
        for (; i < n; i++) {
            x[i] *= y[i];
        }
    }

    /** {@code sum += x * y}. */
    static void addProduct(float[] sum, float[] x, float[] y, int n) {
        int i = 0;
        for (int bound = FLOATS.loopBound(n); i < bound; i += LANES) {
            FloatVector.fromArray(FLOATS, x, i)
                    .fma(FloatVector.fromArray(FLOATS, y, i), FloatVector.fromArray(FLOATS, sum, i))
                    .intoArray(sum, i);
        }
        for (; i < n; i++) {
            sum[i] = Math.fma(x[i], y[i], sum[i]);
        }
    }

    /** {@code x = x * a + y * b}. */
    static void combine(float[] x, float a, float[] y, float b, int n) {
        int i = 0;
        for (int bound = FLOATS.loopBound(n); i < bound; i += LANES) {
            FloatVector scaled = FloatVector.fromArray(FLOATS, x, i).mul(a);
            FloatVector.fromArray(FLOATS, y, i)
                    .fma(FloatVector.broadcast(FLOATS, b), scaled)
                    .intoArray(x, i);
        }
        for (; i < n; i++) {
            x[i] = Math.fma(y[i], b, x[i] * a);
        }
    }

    /** {@code x = exp(x * factor + shift)}; the sum of the results. */
    static float exp(float[] x, int n, float factor, float shift) {
        FloatVector sum = FloatVector.zero(FLOATS);
        int i = 0;
        for (int bound = FLOATS.loopBound(n); i < bound; i += LANES) {
            FloatVector e = exp(FloatVector.fromArray(FLOATS, x, i).mul(factor).add(shift));
            e.intoArray(x, i);
            sum = sum.add(e);
        }
        float total = sum(sum);
        for (; i < n; i++) {
            x[i] = exp(x[i] * factor + shift);
            total += x[i];
        }
        return total;
    }

    /** The sum of {@code exp(x - shift)} of the elements from {@code from} to {@code end}; what is below e^-87 counts as 0. */
    static float exponentials(float[] x, int from, int end, float shift, float[] to) {
        FloatVector sum = FloatVector.zero(FLOATS);
        int i = from;
        for (int bound = from + FLOATS.loopBound(end - from); i < bound; i += LANES) {
            FloatVector difference = FloatVector.fromArray(FLOATS, x, i).sub(shift);
            FloatVector e = exp(difference);
            e = e.blend(FloatVector.zero(FLOATS), difference.compare(VectorOperators.LT, -87f));
            if (to != null) {
                e.intoArray(to, i);
            }
            sum = sum.add(e);
        }
        float total = sum(sum);
        for (; i < end; i++) {
            float e = x[i] - shift < -87f ? 0 : exp(x[i] - shift);
            if (to != null) {
                to[i] = e;
            }
            total += e;
        }
        return total;
    }

    /** {@code gate = gate * sigmoid(gate) * up}. */
    static void swiGlu(float[] gate, float[] up, int n) {
        int i = 0;
        for (int bound = FLOATS.loopBound(n); i < bound; i += LANES) {
            FloatVector g = FloatVector.fromArray(FLOATS, gate, i);
            FloatVector u = FloatVector.fromArray(FLOATS, up, i);
            g.div(exp(g.neg()).add(1f)).mul(u).intoArray(gate, i);
        }
        for (; i < n; i++) {
            gate[i] = gate[i] / (1f + exp(-gate[i])) * up[i];
        }
    }

    /** {@code gate} and {@code up} become the gradients of {@link #swiGlu}'s arguments. */
    static void swiGluBackward(float[] dy, float[] gate, float[] up, int n) {
        int i = 0;
        for (int bound = FLOATS.loopBound(n); i < bound; i += LANES) {
            FloatVector d = FloatVector.fromArray(FLOATS, dy, i);
            FloatVector g = FloatVector.fromArray(FLOATS, gate, i);
            FloatVector u = FloatVector.fromArray(FLOATS, up, i);
            FloatVector sigmoid =
                    FloatVector.broadcast(FLOATS, 1f).div(exp(g.neg()).add(1f));
            FloatVector silu = g.mul(sigmoid);
            FloatVector slope = sigmoid.add(silu.mul(sigmoid.neg().add(1f)));
            d.mul(u).mul(slope).intoArray(gate, i);
            d.mul(silu).intoArray(up, i);
        }
        for (; i < n; i++) {
            float sigmoid = 1f / (1f + exp(-gate[i]));
            float silu = gate[i] * sigmoid;
            gate[i] = dy[i] * up[i] * (sigmoid + silu * (1f - sigmoid));
            up[i] = dy[i] * silu;
        }
    }

    /** {@code dP = p * (dP - delta) * factor}. */
    static void scoreGradient(float[] dP, float[] p, int n, float delta, float factor) {
        int i = 0;
        for (int bound = FLOATS.loopBound(n); i < bound; i += LANES) {
            FloatVector.fromArray(FLOATS, dP, i)
                    .sub(delta)
                    .mul(FloatVector.fromArray(FLOATS, p, i))
                    .mul(factor)
                    .intoArray(dP, i);
        }
        for (; i < n; i++) {
            dP[i] = (dP[i] - delta) * p[i] * factor;
        }
    }

    /** {@code (a, b) = (a cos - b sin, b cos + a sin)}. */
    static void rotate(float[] a, float[] b, float[] cos, float[] sin, int n) {
        int i = 0;
        for (int bound = FLOATS.loopBound(n); i < bound; i += LANES) {
            FloatVector x = FloatVector.fromArray(FLOATS, a, i);
            FloatVector y = FloatVector.fromArray(FLOATS, b, i);
            FloatVector c = FloatVector.fromArray(FLOATS, cos, i);
            FloatVector s = FloatVector.fromArray(FLOATS, sin, i);
            x.mul(c).sub(y.mul(s)).intoArray(a, i);
            y.mul(c).add(x.mul(s)).intoArray(b, i);
        }
        for (; i < n; i++) {
            float x = a[i];
            float y = b[i];
            a[i] = x * cos[i] - y * sin[i];
            b[i] = y * cos[i] + x * sin[i];
        }
    }

    /**
     * e^x to about 1e-7 of it; at least e^-87, at most e^88.7. As in Cephes: x is split into a power of two and a rest of at most ln(2)/2, whose exponential is
     * a polynomial.
     */
    private static FloatVector exp(FloatVector x) {
        FloatVector clamped = x.max(-87f).min(88.7f);
        FloatVector rounded = clamped.fma(FloatVector.broadcast(FLOATS, LOG2_E), FloatVector.broadcast(FLOATS, ROUND));
        FloatVector power = rounded.sub(ROUND);
        FloatVector r = power.fma(FloatVector.broadcast(FLOATS, -LN2_HIGH), clamped);
        r = power.fma(FloatVector.broadcast(FLOATS, -LN2_LOW), r);
        FloatVector p = FloatVector.broadcast(FLOATS, 1.9875691e-4f);
        p = p.fma(r, FloatVector.broadcast(FLOATS, 1.3981999e-3f));
        p = p.fma(r, FloatVector.broadcast(FLOATS, 8.333452e-3f));
        p = p.fma(r, FloatVector.broadcast(FLOATS, 4.1665796e-2f));
        p = p.fma(r, FloatVector.broadcast(FLOATS, 1.6666666e-1f));
        p = p.fma(r, FloatVector.broadcast(FLOATS, 5e-1f));
        p = p.fma(r.mul(r), r.add(1f));
        IntVector exponent = rounded.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
        return p.reinterpretAsInts().add(exponent).reinterpretAsFloats();
    }

    private static float exp(float x) {
        return (float) Math.exp(x);
    }
}
