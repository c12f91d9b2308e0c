package dev.skald.kernel;

import dev.skald.tensor.DType;
import dev.skald.tensor.TensorMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.bytedeco.pytorch.Tensor;

/** A weight in 8 bits: of each row the largest magnitude is 127. As bitsandbytes' LLM.int8 (Dettmers et al., 2022), without columns of its own for outliers. */
public final class Int8Weight implements QuantisedWeight {

    private static final int CHUNK = 16;

    private final int rows;
    private final int columns;
    private final Workers workers;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment codes;
    private final float[] scales;

    /**
     * Quantises a weight.
     *
     * @param weight {@code [rows, columns]} on the CPU; read only
     * @throws IllegalArgumentException when an element is not finite
     */
    public Int8Weight(Tensor weight, Workers workers) {
        this.rows = Math.toIntExact(weight.size(0));
        this.columns = Math.toIntExact(weight.size(1));
        this.workers = workers;
        this.codes = arena.allocate((long) rows * columns);
        this.scales = new float[rows];
        Floats source = new Floats(weight);
        workers.run(rows, CHUNK, (from, to) -> {
            float[] row = new float[columns];
            short[] halves = new short[columns];
            byte[] coded = new byte[columns];
            for (int r = from; r < to; r++) {
                source.read((long) r * columns, columns, row, halves);
                float most = Floats.absmax(row, columns);
                scales[r] = most / 127;
                float inverse = most == 0 ? 0 : 127 / most;
                for (int i = 0; i < columns; i++) {
                    coded[i] = (byte) Math.rint(row[i] * inverse);
                }
                MemorySegment.copy(coded, 0, codes, ValueLayout.JAVA_BYTE, (long) r * columns, columns);
            }
        });
    }

    @Override
    public long rows() {
        return rows;
    }

    @Override
    public long columns() {
        return columns;
    }

    @Override
    public long bytes() {
        return codes.byteSize() + (long) Float.BYTES * rows;
    }

    @Override
    public void dequantise(Tensor out) {
        MemorySegment target = TensorMemory.of(out);
        boolean bf16 = DType.of(out.scalar_type()) == DType.BF16;
        workers.run(rows, CHUNK, (from, to) -> {
            byte[] coded = new byte[columns];
            float[] row = new float[columns];
            for (int r = from; r < to; r++) {
                long at = (long) r * columns;
                MemorySegment.copy(codes, ValueLayout.JAVA_BYTE, at, coded, 0, columns);
                for (int i = 0; i < columns; i++) {
                    row[i] = coded[i] * scales[r];
                }
                Floats.write(row, target, at, bf16);
            }
        });
    }

    @Override
    public void close() {
        arena.close();
    }
}
