package dev.skald.kernel;

import static dev.skald.kernel.RowFormat.FLOATS;
import static dev.skald.kernel.RowFormat.INTS;
import static dev.skald.kernel.RowFormat.LANES;
import static dev.skald.kernel.RowFormat.MEMORY;
import static dev.skald.kernel.RowFormat.ORDER;

import dev.skald.assembler.MachineCode;
import dev.skald.assembler.Processor;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Tiles of dot products: some rows of {@code x} with four rows of weights, elements turned to floats as they are read. Every product has its
 * own vector of sums, to which the rows' vectors are added in the order in which they lie in memory; so a product
 * comes out the same in a tile of any size. The loops are {@link DotCode}'s machine code where there is some, which keeps as many sums as there are registers for; else a
 * row at a time by the Vector API, with the same bits.
 *
 * @param processor what machine code is for, if any
 */
record DotTiles(Optional<Processor> processor) {

    /** Rows of weights in a tile. */
    static final int OUTS = 4;

    /** What the length of a row has to be a multiple of. */
    static final int STEP = 2 * LANES;

    /** Bytes of a vector of floats. */
    static final long VECTOR = 4L * LANES;

    /** As many 16-bit elements as there are lanes of floats. */
    private static final VectorSpecies<Short> SHORTS =
            VectorSpecies.of(short.class, VectorShape.forBitSize(FLOATS.vectorBitSize() / 2));

    private record Function(Processor processor, RowFormat format, int rows) {}

    private static final Map<Function, MachineCode> FUNCTIONS = new ConcurrentHashMap<>();

    /** Rows of {@code x} in the largest tile. */
    int most() {
        return processor.map(DotCode::mostRows).orElse(1);
    }

    /**
     * Adds the products of {@code rows} rows of {@code x} with four rows of weights to their vectors of sums.
     *
     * @param format of the weights; others are turned to f32 before
     * @param rows 1 to {@link #most}
     * @param x address of the first row's floats; the next row is {@code stride} bytes on
     * @param w address of the first row of weights; the next is {@code rowBytes} on
     * @param n elements, a multiple of {@link #STEP}, more than none
     * @param sums address of vectors {@code [rows, 4, LANES]}
     */
    void add(RowFormat format, int rows, long x, long stride, long w, long rowBytes, int n, long sums) {
        if (processor.isPresent()) {
            FUNCTIONS
                    .computeIfAbsent(
                            new Function(processor.get(), format, rows),
                            f -> MachineCode.of(DotCode.of(f.processor, f.format, f.rows)))
                    .call(w, x, sums, rowBytes, stride, n / STEP);
            return;
        }
        for (int r = 0; r < rows; r++) {
            switch (format) {
                case BF16 -> bfloats(x + r * stride, w, rowBytes, n, sums + VECTOR * r * OUTS);
                case F32 -> floats(x + r * stride, w, rowBytes, n, sums + VECTOR * r * OUTS);
            }
        }
    }

    private static void bfloats(long x, long w, long row, int n, long sums) {
        FloatVector s00 = FloatVector.fromMemorySegment(FLOATS, MEMORY, sums, ORDER);
        FloatVector s01 = FloatVector.fromMemorySegment(FLOATS, MEMORY, sums + VECTOR, ORDER);
        FloatVector s02 = FloatVector.fromMemorySegment(FLOATS, MEMORY, sums + 2 * VECTOR, ORDER);
        FloatVector s03 = FloatVector.fromMemorySegment(FLOATS, MEMORY, sums + 3 * VECTOR, ORDER);
        for (int i = 0; i < n; i += LANES) {
            long a = w + 2L * i;
            FloatVector w0 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, MEMORY, a, ORDER)
                            .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector w1 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, MEMORY, a + row, ORDER)
                            .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector w2 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, MEMORY, a + 2 * row, ORDER)
                            .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector w3 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, MEMORY, a + 3 * row, ORDER)
                            .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0))
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector x0 = FloatVector.fromMemorySegment(FLOATS, MEMORY, x + 4L * i, ORDER);
            s00 = x0.fma(w0, s00);
            s01 = x0.fma(w1, s01);
            s02 = x0.fma(w2, s02);
            s03 = x0.fma(w3, s03);
        }
        s00.intoMemorySegment(MEMORY, sums, ORDER);
        s01.intoMemorySegment(MEMORY, sums + VECTOR, ORDER);
        s02.intoMemorySegment(MEMORY, sums + 2 * VECTOR, ORDER);
        s03.intoMemorySegment(MEMORY, sums + 3 * VECTOR, ORDER);
    }

    private static void floats(long x, long w, long row, int n, long sums) {
        FloatVector s00 = FloatVector.fromMemorySegment(FLOATS, MEMORY, sums, ORDER);
        FloatVector s01 = FloatVector.fromMemorySegment(FLOATS, MEMORY, sums + VECTOR, ORDER);
        FloatVector s02 = FloatVector.fromMemorySegment(FLOATS, MEMORY, sums + 2 * VECTOR, ORDER);
        FloatVector s03 = FloatVector.fromMemorySegment(FLOATS, MEMORY, sums + 3 * VECTOR, ORDER);
        for (int i = 0; i < n; i += LANES) {
            long a = w + 4L * i;
            FloatVector w0 = FloatVector.fromMemorySegment(FLOATS, MEMORY, a, ORDER);
            FloatVector w1 = FloatVector.fromMemorySegment(FLOATS, MEMORY, a + row, ORDER);
            FloatVector w2 = FloatVector.fromMemorySegment(FLOATS, MEMORY, a + 2 * row, ORDER);
            FloatVector w3 = FloatVector.fromMemorySegment(FLOATS, MEMORY, a + 3 * row, ORDER);
            FloatVector x0 = FloatVector.fromMemorySegment(FLOATS, MEMORY, x + 4L * i, ORDER);
            s00 = x0.fma(w0, s00);
            s01 = x0.fma(w1, s01);
            s02 = x0.fma(w2, s02);
            s03 = x0.fma(w3, s03);
        }
        s00.intoMemorySegment(MEMORY, sums, ORDER);
        s01.intoMemorySegment(MEMORY, sums + VECTOR, ORDER);
        s02.intoMemorySegment(MEMORY, sums + 2 * VECTOR, ORDER);
        s03.intoMemorySegment(MEMORY, sums + 3 * VECTOR, ORDER);
    }
}
