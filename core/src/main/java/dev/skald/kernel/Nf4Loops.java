package dev.skald.kernel;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.Vector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * NF4's codes to values, a block of 64 at a time, bit for bit as the plain loop of {@link Nf4Weight}. The 16 values times the block's largest magnitude are
 * a table in one register of 16 lanes, or in two of 8, and codes choose of it. For bf16 a code byte makes an int: the value of its upper half below, that of its
 * lower half above, which is their order in memory. For f32 it makes a long of two ints, likewise.
 */
final class Nf4Loops {

    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
    private static final int LANES = INTS.length();
    private static final VectorSpecies<Float> FLOATS = INTS.withLanes(float.class);
    private static final VectorSpecies<Long> LONGS = INTS.withLanes(long.class);
    private static final ByteOrder LITTLE = ByteOrder.LITTLE_ENDIAN;

    /** Whether registers are wide enough. */
    static final boolean SUITED = LANES == 8 || LANES == 16;

    private static final VectorSpecies<Byte> BYTES_OF_INTS =
            LANES == 16 ? ByteVector.SPECIES_128 : ByteVector.SPECIES_64;
    private static final VectorSpecies<Byte> BYTES_OF_LONGS = ByteVector.SPECIES_64;

    private final float[] values;

    /** @param values of the 16 codes */
    Nf4Loops(float[] values) {
        this.values = values.clone();
    }

    private FloatVector table(int part, float largest) {
        return FloatVector.fromArray(FLOATS, values, part * LANES).mul(largest);
    }

    /** To the nearest, of two as near the even one; in the lower halves. */
    private static IntVector bf16(FloatVector values) {
        IntVector bits = values.reinterpretAsInts();
        return bits.add(0x7fff)
                .add(bits.lanewise(VectorOperators.LSHR, 16).and(1))
                .lanewise(VectorOperators.LSHR, 16);
    }

    /** Of each code 0 to 15 its place in the table; {@code high} is that of the codes from 8 on, where a register has 8. */
    private static IntVector chosen(IntVector codes, IntVector low, IntVector high) {
        if (LANES == 16) {
            return codes.selectFrom(low);
        }
        IntVector within = codes.and(7);
        return within.selectFrom(low).blend(within.selectFrom(high), codes.compare(VectorOperators.GT, 7));
    }

    /**
     * A block of 64 values in bf16.
     *
     * @param codes of all blocks
     * @param at byte of the block's first codes
     * @param target of all values
     * @param to byte of the block's first value
     */
    void toBfloats(MemorySegment codes, long at, float largest, MemorySegment target, long to) {
        IntVector low = bf16(table(0, largest));
        IntVector high = LANES == 16 ? low : bf16(table(1, largest));
        for (int i = 0; i < Nf4Weight.BLOCK / 2; i += LANES) {
            Vector<Integer> bytes = ByteVector.fromMemorySegment(BYTES_OF_INTS, codes, at + i, LITTLE)
                    .convertShape(VectorOperators.ZERO_EXTEND_B2I, INTS, 0);
            IntVector pair = bytes.reinterpretAsInts();
            IntVector first = chosen(pair.lanewise(VectorOperators.LSHR, 4), low, high);
            IntVector second = chosen(pair.and(15), low, high);
            first.or(second.lanewise(VectorOperators.LSHL, 16))
                    .intoMemorySegment(target, to + (long) i * Integer.BYTES, LITTLE);
        }
    }

    /** The same in f32. */
    void toFloats(MemorySegment codes, long at, float largest, MemorySegment target, long to) {
        IntVector low = table(0, largest).reinterpretAsInts();
        IntVector high = LANES == 16 ? low : table(1, largest).reinterpretAsInts();
        for (int i = 0; i < Nf4Weight.BLOCK / 2; i += LANES / 2) {
            LongVector pair = longs(codes, at + i);
            LongVector both = pair.lanewise(VectorOperators.LSHR, 4).or(pair.lanewise(VectorOperators.LSHL, 32));
            IntVector each = both.reinterpretAsInts().and(15);
            chosen(each, low, high).intoMemorySegment(target, to + 2L * i * Float.BYTES, LITTLE);
        }
    }

    /** So many bytes as there are lanes of longs, each one long. */
    private static LongVector longs(MemorySegment codes, long at) {
        return ByteVector.fromMemorySegment(BYTES_OF_LONGS, codes, at, LITTLE)
                .convertShape(VectorOperators.ZERO_EXTEND_B2L, LONGS, 0)
                .reinterpretAsLongs();
    }
}
