package dev.skald.kernel;

import static dev.skald.kernel.GroupLayout.HALVES;
import static dev.skald.kernel.GroupLayout.VECTOR;
import static dev.skald.kernel.RowFormat.FLOATS;
import static dev.skald.kernel.RowFormat.INTS;
import static dev.skald.kernel.RowFormat.LANES;
import static dev.skald.kernel.RowFormat.MEMORY;
import static dev.skald.kernel.RowFormat.ORDER;

import dev.skald.tensor.Format;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Dot products of a row of activations with the rows of a group of weights, in integers: {@link ActivationBlocks} has the formula, {@link GroupLayout} what lies
 * where. The sums of a run are exact in 16 bits: 16 products of a nibble and an integer to 127 are 30480 at most, and for Q6_K eight products of a
 * centred 6-bit quant are 32512. A block's sum is exact in 32 bits; times the two scales it is added to the result in f32, one block after the other: a fixed
 * sequence, whatever else is multiplied.
 *
 * <p>Each loop is one method without helpers: a vector that leaves a method is an object. The loop over the vectors of a run stays a loop, since C2
 * moves the coefficients of a longer body to general registers.
 */
final class GroupDots {

    private static final VectorSpecies<Short> SHORTS = ShortVector.SPECIES_PREFERRED;

    /** As many 16-bit elements as there are lanes of floats. */
    private static final VectorSpecies<Short> HALF_SHORTS =
            VectorSpecies.of(short.class, VectorShape.forBitSize(FLOATS.vectorBitSize() / 2));

    /** What is left of an f16, sign-extended and shifted left by 13: as a float it is the f16's value times 2^-112. */
    static final int SCALE_BITS = 0x8fffe000;

    private GroupDots() {}

    /**
     * Multiplies a row by a group.
     *
     * @param w address of the group
     * @param out address of {@link GroupLayout#ROWS} floats, the results
     */
    static void multiply(long w, ActivationBlocks x, int row, long out) {
        int blocks = x.columns() / x.format().blockElements();
        int c = x.coefficientsAt(row);
        int s = x.scalesAt(row);
        int t = x.sumsAt(row);
        switch (x.format()) {
            case Q4_0 -> q4_0(w, blocks, x.coefficients(), c, x.scales(), s, x.sums(), t, out);
            case Q8_0 -> q8_0(w, blocks, x.coefficients(), c, x.scales(), s, x.sums(), t, out);
            case Q4_K -> q4k(w, blocks, x.coefficients(), c, x.scales(), s, x.sums(), t, out);
            case Q5_K -> q5k(w, blocks, x.coefficients(), c, x.scales(), s, x.sums(), t, out);
            case Q6_K -> q6k(w, blocks, x.coefficients(), c, x.scales(), s, x.sums(), t, out);
            case F32, F16, BF16, Q4_1, Q5_0, Q5_1, Q2_K, Q3_K, IQ4_NL, IQ4_XS, MXFP4 ->
                throw new IllegalArgumentException(x.format() + " has no layout in groups");
        }
    }

    private static void q4_0(long w, int blocks, int[] c, int ci, float[] s, int si, int[] sums, int ti, long out) {
        FloatVector f0 = FloatVector.zero(FLOATS);
        FloatVector f1 = FloatVector.zero(FLOATS);
        long record = GroupLayout.record(Format.Q4_0);
        long scalesAt = GroupLayout.scalesAt(Format.Q4_0);
        for (int k = 0; k < blocks; k++) {
            long at = w + k * record;
            ShortVector p0 = ShortVector.zero(SHORTS);
            ShortVector p1 = ShortVector.zero(SHORTS);
            for (int v = 0; v < 4; v++) {
                int i = ci + 16 * k + 4 * v;
                ShortVector w0 = ShortVector.fromMemorySegment(SHORTS, MEMORY, at + VECTOR * v, ORDER);
                ShortVector w1 = ShortVector.fromMemorySegment(SHORTS, MEMORY, at + VECTOR * v + VECTOR / 2, ORDER);
                ShortVector c0 = IntVector.broadcast(INTS, c[i]).reinterpretAsShorts();
                p0 = p0.add(w0.mul(c0));
                p1 = p1.add(w1.mul(c0));
                ShortVector c1 = IntVector.broadcast(INTS, c[i + 1]).reinterpretAsShorts();
                p0 = p0.add(w0.lanewise(VectorOperators.LSHR, 4).mul(c1));
                p1 = p1.add(w1.lanewise(VectorOperators.LSHR, 4).mul(c1));
                ShortVector c2 = IntVector.broadcast(INTS, c[i + 2]).reinterpretAsShorts();
                p0 = p0.add(w0.lanewise(VectorOperators.LSHR, 8).mul(c2));
                p1 = p1.add(w1.lanewise(VectorOperators.LSHR, 8).mul(c2));
                ShortVector c3 = IntVector.broadcast(INTS, c[i + 3]).reinterpretAsShorts();
                p0 = p0.add(w0.lanewise(VectorOperators.LSHR, 12).mul(c3));
                p1 = p1.add(w1.lanewise(VectorOperators.LSHR, 12).mul(c3));
            }
            IntVector n0 = p0.reinterpretAsInts()
                    .lanewise(VectorOperators.LSHL, 16)
                    .lanewise(VectorOperators.ASHR, 16)
                    .add(p0.reinterpretAsInts().lanewise(VectorOperators.ASHR, 16));
            IntVector n1 = p1.reinterpretAsInts()
                    .lanewise(VectorOperators.LSHL, 16)
                    .lanewise(VectorOperators.ASHR, 16)
                    .add(p1.reinterpretAsInts().lanewise(VectorOperators.ASHR, 16));
            int offset = -8 * sums[ti + k];
            n0 = n0.add(offset);
            n1 = n1.add(offset);
            IntVector d0 = (IntVector) ShortVector.fromMemorySegment(HALF_SHORTS, MEMORY, at + scalesAt, ORDER)
                    .convertShape(VectorOperators.S2I, INTS, 0);
            IntVector d1 =
                    (IntVector) ShortVector.fromMemorySegment(HALF_SHORTS, MEMORY, at + scalesAt + HALVES / 2, ORDER)
                            .convertShape(VectorOperators.S2I, INTS, 0);
            FloatVector e0 = d0.lanewise(VectorOperators.LSHL, 13)
                    .and(SCALE_BITS)
                    .reinterpretAsFloats()
                    .mul(s[si + k]);
            FloatVector e1 = d1.lanewise(VectorOperators.LSHL, 13)
                    .and(SCALE_BITS)
                    .reinterpretAsFloats()
                    .mul(s[si + k]);
            f0 = ((FloatVector) n0.convertShape(VectorOperators.I2F, FLOATS, 0)).fma(e0, f0);
            f1 = ((FloatVector) n1.convertShape(VectorOperators.I2F, FLOATS, 0)).fma(e1, f1);
        }
        f0.intoMemorySegment(MEMORY, out, ORDER);
        f1.intoMemorySegment(MEMORY, out + 4L * LANES, ORDER);
    }

    private static void q8_0(long w, int blocks, int[] c, int ci, float[] s, int si, int[] sums, int ti, long out) {
        FloatVector f0 = FloatVector.zero(FLOATS);
        FloatVector f1 = FloatVector.zero(FLOATS);
        long record = GroupLayout.record(Format.Q8_0);
        long scalesAt = GroupLayout.scalesAt(Format.Q8_0);
        long highAt = GroupLayout.highAt(Format.Q8_0);
        for (int k = 0; k < blocks; k++) {
            long at = w + k * record;
            ShortVector p0 = ShortVector.zero(SHORTS);
            ShortVector p1 = ShortVector.zero(SHORTS);
            ShortVector q0 = ShortVector.zero(SHORTS);
            ShortVector q1 = ShortVector.zero(SHORTS);
            for (int v = 0; v < 4; v++) {
                int i = ci + 16 * k + 4 * v;
                ShortVector w0 = ShortVector.fromMemorySegment(SHORTS, MEMORY, at + VECTOR * v, ORDER);
                ShortVector w1 = ShortVector.fromMemorySegment(SHORTS, MEMORY, at + VECTOR * v + VECTOR / 2, ORDER);
                ShortVector h0 = ShortVector.fromMemorySegment(SHORTS, MEMORY, at + highAt + VECTOR * v, ORDER);
                ShortVector h1 =
                        ShortVector.fromMemorySegment(SHORTS, MEMORY, at + highAt + VECTOR * v + VECTOR / 2, ORDER);
                ShortVector c0 = IntVector.broadcast(INTS, c[i]).reinterpretAsShorts();
                p0 = p0.add(w0.mul(c0));
                p1 = p1.add(w1.mul(c0));
                ShortVector c1 = IntVector.broadcast(INTS, c[i + 1]).reinterpretAsShorts();
                p0 = p0.add(w0.lanewise(VectorOperators.LSHR, 4).mul(c1));
                p1 = p1.add(w1.lanewise(VectorOperators.LSHR, 4).mul(c1));
                ShortVector c2 = IntVector.broadcast(INTS, c[i + 2]).reinterpretAsShorts();
                p0 = p0.add(w0.lanewise(VectorOperators.LSHR, 8).mul(c2));
                p1 = p1.add(w1.lanewise(VectorOperators.LSHR, 8).mul(c2));
                ShortVector c3 = IntVector.broadcast(INTS, c[i + 3]).reinterpretAsShorts();
                p0 = p0.add(w0.lanewise(VectorOperators.LSHR, 12).mul(c3));
                p1 = p1.add(w1.lanewise(VectorOperators.LSHR, 12).mul(c3));
                q0 = q0.add(h0.mul(c0));
                q1 = q1.add(h1.mul(c0));
                q0 = q0.add(h0.lanewise(VectorOperators.LSHR, 4).mul(c1));
                q1 = q1.add(h1.lanewise(VectorOperators.LSHR, 4).mul(c1));
                q0 = q0.add(h0.lanewise(VectorOperators.LSHR, 8).mul(c2));
                q1 = q1.add(h1.lanewise(VectorOperators.LSHR, 8).mul(c2));
                q0 = q0.add(h0.lanewise(VectorOperators.LSHR, 12).mul(c3));
                q1 = q1.add(h1.lanewise(VectorOperators.LSHR, 12).mul(c3));
            }
            IntVector n0 = p0.reinterpretAsInts()
                    .lanewise(VectorOperators.LSHL, 16)
                    .lanewise(VectorOperators.ASHR, 16)
                    .add(p0.reinterpretAsInts().lanewise(VectorOperators.ASHR, 16));
            IntVector n1 = p1.reinterpretAsInts()
                    .lanewise(VectorOperators.LSHL, 16)
                    .lanewise(VectorOperators.ASHR, 16)
                    .add(p1.reinterpretAsInts().lanewise(VectorOperators.ASHR, 16));
            IntVector m0 = q0.reinterpretAsInts()
                    .lanewise(VectorOperators.LSHL, 16)
                    .lanewise(VectorOperators.ASHR, 16)
                    .add(q0.reinterpretAsInts().lanewise(VectorOperators.ASHR, 16));
            IntVector m1 = q1.reinterpretAsInts()
                    .lanewise(VectorOperators.LSHL, 16)
                    .lanewise(VectorOperators.ASHR, 16)
                    .add(q1.reinterpretAsInts().lanewise(VectorOperators.ASHR, 16));
            int offset = -128 * sums[ti + k];
            n0 = m0.lanewise(VectorOperators.LSHL, 4).add(n0).add(offset);
            n1 = m1.lanewise(VectorOperators.LSHL, 4).add(n1).add(offset);
            IntVector d0 = (IntVector) ShortVector.fromMemorySegment(HALF_SHORTS, MEMORY, at + scalesAt, ORDER)
                    .convertShape(VectorOperators.S2I, INTS, 0);
            IntVector d1 =
                    (IntVector) ShortVector.fromMemorySegment(HALF_SHORTS, MEMORY, at + scalesAt + HALVES / 2, ORDER)
                            .convertShape(VectorOperators.S2I, INTS, 0);
            FloatVector e0 = d0.lanewise(VectorOperators.LSHL, 13)
                    .and(SCALE_BITS)
                    .reinterpretAsFloats()
                    .mul(s[si + k]);
            FloatVector e1 = d1.lanewise(VectorOperators.LSHL, 13)
                    .and(SCALE_BITS)
                    .reinterpretAsFloats()
                    .mul(s[si + k]);
            f0 = ((FloatVector) n0.convertShape(VectorOperators.I2F, FLOATS, 0)).fma(e0, f0);
            f1 = ((FloatVector) n1.convertShape(VectorOperators.I2F, FLOATS, 0)).fma(e1, f1);
        }
        f0.intoMemorySegment(MEMORY, out, ORDER);
        f1.intoMemorySegment(MEMORY, out + 4L * LANES, ORDER);
    }

    private static void q4k(long w, int blocks, int[] c, int ci, float[] s, int si, int[] sums, int ti, long out) {
        FloatVector f0 = FloatVector.zero(FLOATS);
        FloatVector f1 = FloatVector.zero(FLOATS);
        long record = GroupLayout.record(Format.Q4_K);
        long scalesAt = GroupLayout.scalesAt(Format.Q4_K);
        for (int k = 0; k < blocks; k++) {
            long at = w + k * record;
            IntVector t0 = IntVector.zero(INTS);
            IntVector t1 = IntVector.zero(INTS);
            IntVector u0 = IntVector.zero(INTS);
            IntVector u1 = IntVector.zero(INTS);
            for (int run = 0; run < 8; run++) {
                ShortVector p0 = ShortVector.zero(SHORTS);
                ShortVector p1 = ShortVector.zero(SHORTS);
                for (int v = 0; v < 4; v++) {
                    int i = ci + 128 * k + 16 * run + 4 * v;
                    ShortVector w0 = ShortVector.fromMemorySegment(SHORTS, MEMORY, at + VECTOR * (4 * run + v), ORDER);
                    ShortVector w1 = ShortVector.fromMemorySegment(
                            SHORTS, MEMORY, at + VECTOR * (4 * run + v) + VECTOR / 2, ORDER);
                    ShortVector c0 = IntVector.broadcast(INTS, c[i]).reinterpretAsShorts();
                    p0 = p0.add(w0.mul(c0));
                    p1 = p1.add(w1.mul(c0));
                    ShortVector c1 = IntVector.broadcast(INTS, c[i + 1]).reinterpretAsShorts();
                    p0 = p0.add(w0.lanewise(VectorOperators.LSHR, 4).mul(c1));
                    p1 = p1.add(w1.lanewise(VectorOperators.LSHR, 4).mul(c1));
                    ShortVector c2 = IntVector.broadcast(INTS, c[i + 2]).reinterpretAsShorts();
                    p0 = p0.add(w0.lanewise(VectorOperators.LSHR, 8).mul(c2));
                    p1 = p1.add(w1.lanewise(VectorOperators.LSHR, 8).mul(c2));
                    ShortVector c3 = IntVector.broadcast(INTS, c[i + 3]).reinterpretAsShorts();
                    p0 = p0.add(w0.lanewise(VectorOperators.LSHR, 12).mul(c3));
                    p1 = p1.add(w1.lanewise(VectorOperators.LSHR, 12).mul(c3));
                }
                IntVector n0 = p0.reinterpretAsInts()
                        .lanewise(VectorOperators.LSHL, 16)
                        .lanewise(VectorOperators.ASHR, 16)
                        .add(p0.reinterpretAsInts().lanewise(VectorOperators.ASHR, 16));
                IntVector n1 = p1.reinterpretAsInts()
                        .lanewise(VectorOperators.LSHL, 16)
                        .lanewise(VectorOperators.ASHR, 16)
                        .add(p1.reinterpretAsInts().lanewise(VectorOperators.ASHR, 16));
                IntVector x0 = (IntVector)
                        ShortVector.fromMemorySegment(HALF_SHORTS, MEMORY, at + scalesAt + HALVES * run, ORDER)
                                .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0);
                IntVector x1 = (IntVector) ShortVector.fromMemorySegment(
                                HALF_SHORTS, MEMORY, at + scalesAt + HALVES * run + HALVES / 2, ORDER)
                        .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0);
                int sum = sums[ti + 8 * k + run];
                t0 = t0.add(n0.mul(x0.and(0xff)));
                t1 = t1.add(n1.mul(x1.and(0xff)));
                u0 = u0.add(x0.lanewise(VectorOperators.LSHR, 8).mul(sum));
                u1 = u1.add(x1.lanewise(VectorOperators.LSHR, 8).mul(sum));
            }
            IntVector d0 =
                    (IntVector) ShortVector.fromMemorySegment(HALF_SHORTS, MEMORY, at + scalesAt + HALVES * 8, ORDER)
                            .convertShape(VectorOperators.S2I, INTS, 0);
            IntVector d1 = (IntVector)
                    ShortVector.fromMemorySegment(HALF_SHORTS, MEMORY, at + scalesAt + HALVES * 8 + HALVES / 2, ORDER)
                            .convertShape(VectorOperators.S2I, INTS, 0);
            FloatVector e0 = d0.lanewise(VectorOperators.LSHL, 13)
                    .and(SCALE_BITS)
                    .reinterpretAsFloats()
                    .mul(s[si + k]);
            FloatVector e1 = d1.lanewise(VectorOperators.LSHL, 13)
                    .and(SCALE_BITS)
                    .reinterpretAsFloats()
                    .mul(s[si + k]);
            f0 = ((FloatVector) t0.convertShape(VectorOperators.I2F, FLOATS, 0)).fma(e0, f0);
            f1 = ((FloatVector) t1.convertShape(VectorOperators.I2F, FLOATS, 0)).fma(e1, f1);
            IntVector dmin0 =
                    (IntVector) ShortVector.fromMemorySegment(HALF_SHORTS, MEMORY, at + scalesAt + HALVES * 9, ORDER)
                            .convertShape(VectorOperators.S2I, INTS, 0);
            IntVector dmin1 = (IntVector)
                    ShortVector.fromMemorySegment(HALF_SHORTS, MEMORY, at + scalesAt + HALVES * 9 + HALVES / 2, ORDER)
                            .convertShape(VectorOperators.S2I, INTS, 0);
            FloatVector g0 = dmin0.lanewise(VectorOperators.LSHL, 13)
                    .and(SCALE_BITS)
                    .reinterpretAsFloats()
                    .mul(-s[si + k]);
            FloatVector g1 = dmin1.lanewise(VectorOperators.LSHL, 13)
                    .and(SCALE_BITS)
                    .reinterpretAsFloats()
                    .mul(-s[si + k]);
            f0 = ((FloatVector) u0.convertShape(VectorOperators.I2F, FLOATS, 0)).fma(g0, f0);
            f1 = ((FloatVector) u1.convertShape(VectorOperators.I2F, FLOATS, 0)).fma(g1, f1);
        }
        f0.intoMemorySegment(MEMORY, out, ORDER);
        f1.intoMemorySegment(MEMORY, out + 4L * LANES, ORDER);
    }

    private static void q5k(long w, int blocks, int[] c, int ci, float[] s, int si, int[] sums, int ti, long out) {
        FloatVector f0 = FloatVector.zero(FLOATS);
        FloatVector f1 = FloatVector.zero(FLOATS);
        long record = GroupLayout.record(Format.Q5_K);
        long scalesAt = GroupLayout.scalesAt(Format.Q5_K);
        long highAt = GroupLayout.highAt(Format.Q5_K);
        for (int k = 0; k < blocks; k++) {
            long at = w + k * record;
            IntVector t0 = IntVector.zero(INTS);
            IntVector t1 = IntVector.zero(INTS);
            IntVector u0 = IntVector.zero(INTS);
            IntVector u1 = IntVector.zero(INTS);
            for (int run = 0; run < 8; run++) {
                ShortVector p0 = ShortVector.zero(SHORTS);
                ShortVector p1 = ShortVector.zero(SHORTS);
                ShortVector q0 = ShortVector.zero(SHORTS);
                ShortVector q1 = ShortVector.zero(SHORTS);
                ShortVector high0 = ShortVector.fromMemorySegment(SHORTS, MEMORY, at + highAt + VECTOR * run, ORDER);
                ShortVector high1 =
                        ShortVector.fromMemorySegment(SHORTS, MEMORY, at + highAt + VECTOR * run + VECTOR / 2, ORDER);
                for (int v = 0; v < 4; v++) {
                    int i = ci + 128 * k + 16 * run + 4 * v;
                    ShortVector w0 = ShortVector.fromMemorySegment(SHORTS, MEMORY, at + VECTOR * (4 * run + v), ORDER);
                    ShortVector w1 = ShortVector.fromMemorySegment(
                            SHORTS, MEMORY, at + VECTOR * (4 * run + v) + VECTOR / 2, ORDER);
                    ShortVector c0 = IntVector.broadcast(INTS, c[i]).reinterpretAsShorts();
                    p0 = p0.add(w0.mul(c0));
                    p1 = p1.add(w1.mul(c0));
                    ShortVector c1 = IntVector.broadcast(INTS, c[i + 1]).reinterpretAsShorts();
                    p0 = p0.add(w0.lanewise(VectorOperators.LSHR, 4).mul(c1));
                    p1 = p1.add(w1.lanewise(VectorOperators.LSHR, 4).mul(c1));
                    ShortVector c2 = IntVector.broadcast(INTS, c[i + 2]).reinterpretAsShorts();
                    p0 = p0.add(w0.lanewise(VectorOperators.LSHR, 8).mul(c2));
                    p1 = p1.add(w1.lanewise(VectorOperators.LSHR, 8).mul(c2));
                    ShortVector c3 = IntVector.broadcast(INTS, c[i + 3]).reinterpretAsShorts();
                    p0 = p0.add(w0.lanewise(VectorOperators.LSHR, 12).mul(c3));
                    p1 = p1.add(w1.lanewise(VectorOperators.LSHR, 12).mul(c3));
                    ShortVector h0 = high0.and((short) 0x1111);
                    ShortVector h1 = high1.and((short) 0x1111);
                    q0 = q0.add(h0.mul(c0));
                    q1 = q1.add(h1.mul(c0));
                    q0 = q0.add(h0.lanewise(VectorOperators.LSHR, 4).mul(c1));
                    q1 = q1.add(h1.lanewise(VectorOperators.LSHR, 4).mul(c1));
                    q0 = q0.add(h0.lanewise(VectorOperators.LSHR, 8).mul(c2));
                    q1 = q1.add(h1.lanewise(VectorOperators.LSHR, 8).mul(c2));
                    q0 = q0.add(h0.lanewise(VectorOperators.LSHR, 12).mul(c3));
                    q1 = q1.add(h1.lanewise(VectorOperators.LSHR, 12).mul(c3));
                    high0 = high0.lanewise(VectorOperators.LSHR, 1);
                    high1 = high1.lanewise(VectorOperators.LSHR, 1);
                }
                IntVector n0 = p0.reinterpretAsInts()
                        .lanewise(VectorOperators.LSHL, 16)
                        .lanewise(VectorOperators.ASHR, 16)
                        .add(p0.reinterpretAsInts().lanewise(VectorOperators.ASHR, 16));
                IntVector n1 = p1.reinterpretAsInts()
                        .lanewise(VectorOperators.LSHL, 16)
                        .lanewise(VectorOperators.ASHR, 16)
                        .add(p1.reinterpretAsInts().lanewise(VectorOperators.ASHR, 16));
                IntVector m0 = q0.reinterpretAsInts()
                        .lanewise(VectorOperators.LSHL, 16)
                        .lanewise(VectorOperators.ASHR, 16)
                        .add(q0.reinterpretAsInts().lanewise(VectorOperators.ASHR, 16));
                IntVector m1 = q1.reinterpretAsInts()
                        .lanewise(VectorOperators.LSHL, 16)
                        .lanewise(VectorOperators.ASHR, 16)
                        .add(q1.reinterpretAsInts().lanewise(VectorOperators.ASHR, 16));
                n0 = m0.lanewise(VectorOperators.LSHL, 4).add(n0);
                n1 = m1.lanewise(VectorOperators.LSHL, 4).add(n1);
                IntVector x0 = (IntVector)
                        ShortVector.fromMemorySegment(HALF_SHORTS, MEMORY, at + scalesAt + HALVES * run, ORDER)
                                .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0);
                IntVector x1 = (IntVector) ShortVector.fromMemorySegment(
                                HALF_SHORTS, MEMORY, at + scalesAt + HALVES * run + HALVES / 2, ORDER)
                        .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0);
                int sum = sums[ti + 8 * k + run];
                t0 = t0.add(n0.mul(x0.and(0xff)));
                t1 = t1.add(n1.mul(x1.and(0xff)));
                u0 = u0.add(x0.lanewise(VectorOperators.LSHR, 8).mul(sum));
                u1 = u1.add(x1.lanewise(VectorOperators.LSHR, 8).mul(sum));
            }
            IntVector d0 =
                    (IntVector) ShortVector.fromMemorySegment(HALF_SHORTS, MEMORY, at + scalesAt + HALVES * 8, ORDER)
                            .convertShape(VectorOperators.S2I, INTS, 0);
            IntVector d1 = (IntVector)
                    ShortVector.fromMemorySegment(HALF_SHORTS, MEMORY, at + scalesAt + HALVES * 8 + HALVES / 2, ORDER)
                            .convertShape(VectorOperators.S2I, INTS, 0);
            FloatVector e0 = d0.lanewise(VectorOperators.LSHL, 13)
                    .and(SCALE_BITS)
                    .reinterpretAsFloats()
                    .mul(s[si + k]);
            FloatVector e1 = d1.lanewise(VectorOperators.LSHL, 13)
                    .and(SCALE_BITS)
                    .reinterpretAsFloats()
                    .mul(s[si + k]);
            f0 = ((FloatVector) t0.convertShape(VectorOperators.I2F, FLOATS, 0)).fma(e0, f0);
            f1 = ((FloatVector) t1.convertShape(VectorOperators.I2F, FLOATS, 0)).fma(e1, f1);
            IntVector dmin0 =
                    (IntVector) ShortVector.fromMemorySegment(HALF_SHORTS, MEMORY, at + scalesAt + HALVES * 9, ORDER)
                            .convertShape(VectorOperators.S2I, INTS, 0);
            IntVector dmin1 = (IntVector)
                    ShortVector.fromMemorySegment(HALF_SHORTS, MEMORY, at + scalesAt + HALVES * 9 + HALVES / 2, ORDER)
                            .convertShape(VectorOperators.S2I, INTS, 0);
            FloatVector g0 = dmin0.lanewise(VectorOperators.LSHL, 13)
                    .and(SCALE_BITS)
                    .reinterpretAsFloats()
                    .mul(-s[si + k]);
            FloatVector g1 = dmin1.lanewise(VectorOperators.LSHL, 13)
                    .and(SCALE_BITS)
                    .reinterpretAsFloats()
                    .mul(-s[si + k]);
            f0 = ((FloatVector) u0.convertShape(VectorOperators.I2F, FLOATS, 0)).fma(g0, f0);
            f1 = ((FloatVector) u1.convertShape(VectorOperators.I2F, FLOATS, 0)).fma(g1, f1);
        }
        f0.intoMemorySegment(MEMORY, out, ORDER);
        f1.intoMemorySegment(MEMORY, out + 4L * LANES, ORDER);
    }

    private static void q6k(long w, int blocks, int[] c, int ci, float[] s, int si, int[] sums, int ti, long out) {
        FloatVector f0 = FloatVector.zero(FLOATS);
        FloatVector f1 = FloatVector.zero(FLOATS);
        long record = GroupLayout.record(Format.Q6_K);
        long scalesAt = GroupLayout.scalesAt(Format.Q6_K);
        long highAt = GroupLayout.highAt(Format.Q6_K);
        for (int k = 0; k < blocks; k++) {
            long at = w + k * record;
            IntVector t0 = IntVector.zero(INTS);
            IntVector t1 = IntVector.zero(INTS);
            for (int pair = 0; pair < 8; pair++) {
                IntVector x0 = (IntVector)
                        ShortVector.fromMemorySegment(HALF_SHORTS, MEMORY, at + scalesAt + HALVES * pair, ORDER)
                                .convertShape(VectorOperators.S2I, INTS, 0);
                IntVector x1 = (IntVector) ShortVector.fromMemorySegment(
                                HALF_SHORTS, MEMORY, at + scalesAt + HALVES * pair + HALVES / 2, ORDER)
                        .convertShape(VectorOperators.S2I, INTS, 0);
                for (int run = 2 * pair; run < 2 * pair + 2; run++) {
                    ShortVector p0 =
                            IntVector.broadcast(INTS, sums[ti + 16 * k + run]).reinterpretAsShorts();
                    ShortVector p1 = p0;
                    ShortVector q0 = ShortVector.zero(SHORTS);
                    ShortVector q1 = ShortVector.zero(SHORTS);
                    ShortVector high0 =
                            ShortVector.fromMemorySegment(SHORTS, MEMORY, at + highAt + VECTOR * run, ORDER);
                    ShortVector high1 = ShortVector.fromMemorySegment(
                            SHORTS, MEMORY, at + highAt + VECTOR * run + VECTOR / 2, ORDER);
                    for (int v = 0; v < 2; v++) {
                        int i = ci + 128 * k + 8 * run + 4 * v;
                        ShortVector w0 =
                                ShortVector.fromMemorySegment(SHORTS, MEMORY, at + VECTOR * (2 * run + v), ORDER);
                        ShortVector w1 = ShortVector.fromMemorySegment(
                                SHORTS, MEMORY, at + VECTOR * (2 * run + v) + VECTOR / 2, ORDER);
                        ShortVector c0 = IntVector.broadcast(INTS, c[i]).reinterpretAsShorts();
                        p0 = p0.add(w0.mul(c0));
                        p1 = p1.add(w1.mul(c0));
                        ShortVector c1 = IntVector.broadcast(INTS, c[i + 1]).reinterpretAsShorts();
                        p0 = p0.add(w0.lanewise(VectorOperators.LSHR, 4).mul(c1));
                        p1 = p1.add(w1.lanewise(VectorOperators.LSHR, 4).mul(c1));
                        ShortVector c2 = IntVector.broadcast(INTS, c[i + 2]).reinterpretAsShorts();
                        p0 = p0.add(w0.lanewise(VectorOperators.LSHR, 8).mul(c2));
                        p1 = p1.add(w1.lanewise(VectorOperators.LSHR, 8).mul(c2));
                        ShortVector c3 = IntVector.broadcast(INTS, c[i + 3]).reinterpretAsShorts();
                        p0 = p0.add(w0.lanewise(VectorOperators.LSHR, 12).mul(c3));
                        p1 = p1.add(w1.lanewise(VectorOperators.LSHR, 12).mul(c3));
                        ShortVector h0 = high0.and((short) 0x3333);
                        ShortVector h1 = high1.and((short) 0x3333);
                        q0 = q0.add(h0.mul(c0));
                        q1 = q1.add(h1.mul(c0));
                        q0 = q0.add(h0.lanewise(VectorOperators.LSHR, 4).mul(c1));
                        q1 = q1.add(h1.lanewise(VectorOperators.LSHR, 4).mul(c1));
                        q0 = q0.add(h0.lanewise(VectorOperators.LSHR, 8).mul(c2));
                        q1 = q1.add(h1.lanewise(VectorOperators.LSHR, 8).mul(c2));
                        q0 = q0.add(h0.lanewise(VectorOperators.LSHR, 12).mul(c3));
                        q1 = q1.add(h1.lanewise(VectorOperators.LSHR, 12).mul(c3));
                        high0 = high0.lanewise(VectorOperators.LSHR, 2);
                        high1 = high1.lanewise(VectorOperators.LSHR, 2);
                    }
                    p0 = q0.lanewise(VectorOperators.LSHL, 4).add(p0);
                    p1 = q1.lanewise(VectorOperators.LSHL, 4).add(p1);
                    IntVector n0 = p0.reinterpretAsInts()
                            .lanewise(VectorOperators.LSHL, 16)
                            .lanewise(VectorOperators.ASHR, 16)
                            .add(p0.reinterpretAsInts().lanewise(VectorOperators.ASHR, 16));
                    IntVector n1 = p1.reinterpretAsInts()
                            .lanewise(VectorOperators.LSHL, 16)
                            .lanewise(VectorOperators.ASHR, 16)
                            .add(p1.reinterpretAsInts().lanewise(VectorOperators.ASHR, 16));
                    t0 = t0.add(n0.mul(x0.lanewise(VectorOperators.LSHL, 24).lanewise(VectorOperators.ASHR, 24)));
                    t1 = t1.add(n1.mul(x1.lanewise(VectorOperators.LSHL, 24).lanewise(VectorOperators.ASHR, 24)));
                    x0 = x0.lanewise(VectorOperators.ASHR, 8);
                    x1 = x1.lanewise(VectorOperators.ASHR, 8);
                }
            }
            IntVector d0 =
                    (IntVector) ShortVector.fromMemorySegment(HALF_SHORTS, MEMORY, at + scalesAt + HALVES * 8, ORDER)
                            .convertShape(VectorOperators.S2I, INTS, 0);
            IntVector d1 = (IntVector)
                    ShortVector.fromMemorySegment(HALF_SHORTS, MEMORY, at + scalesAt + HALVES * 8 + HALVES / 2, ORDER)
                            .convertShape(VectorOperators.S2I, INTS, 0);
            FloatVector e0 = d0.lanewise(VectorOperators.LSHL, 13)
                    .and(SCALE_BITS)
                    .reinterpretAsFloats()
                    .mul(s[si + k]);
            FloatVector e1 = d1.lanewise(VectorOperators.LSHL, 13)
                    .and(SCALE_BITS)
                    .reinterpretAsFloats()
                    .mul(s[si + k]);
            f0 = ((FloatVector) t0.convertShape(VectorOperators.I2F, FLOATS, 0)).fma(e0, f0);
            f1 = ((FloatVector) t1.convertShape(VectorOperators.I2F, FLOATS, 0)).fma(e1, f1);
        }
        f0.intoMemorySegment(MEMORY, out, ORDER);
        f1.intoMemorySegment(MEMORY, out + 4L * LANES, ORDER);
    }
}
