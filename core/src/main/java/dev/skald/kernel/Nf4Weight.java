package dev.skald.kernel;

import dev.skald.tensor.DType;
import dev.skald.tensor.TensorMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * A weight in 4 bits, as QLoRA has it: blocks of 64 elements in their order in memory, each divided by its largest magnitude and rounded to the
 * nearest of 16 values that split a normal distribution evenly; two codes a byte, the first in the upper half. The largest magnitudes are quantised
 * themselves ("double quantisation"): less their mean, in blocks of 256, to 8 bits of a code that is finer near zero. 4.13 bits a weight.
 *
 * <p>Source: Dettmers et al., QLoRA (arXiv:2305.14314); values and layout as bitsandbytes (functional.py, backends/default/ops.py).
 */
public final class Nf4Weight implements QuantisedWeight {

    static final int BLOCK = 64;
    static final int NESTED_BLOCK = 256;

    /** The 16 values. */
    private static final float[] VALUES = {
        -1.0f,
        -0.6961928f,
        -0.52507305f,
        -0.3949175f,
        -0.28444138f,
        -0.18477343f,
        -0.091050036f,
        0.0f,
        0.0795803f,
        0.1609302f,
        0.2461123f,
        0.33791524f,
        0.44070983f,
        0.562617f,
        0.72295684f,
        1.0f
    };

    /** Half way between two of them. */
    private static final float[] MIDDLES = middles(VALUES);

    /** The code of the largest magnitudes. */
    private static final float[] DYNAMIC = dynamic();

    private static final float[] DYNAMIC_MIDDLES = middles(DYNAMIC);

    private static final Nf4Loops LOOPS = new Nf4Loops(VALUES);

    private static final int CELLS_TO_ONE = 1024;

    /** Blocks that one thread takes at a time. */
    private static final int CHUNK = 512;

    private final long rows;
    private final long columns;
    private final long elements;
    private final int blocks;
    private final Workers workers;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment codes;
    /** By block, the code of its largest magnitude. */
    private final byte[] scales;
    /** What those of a nested block are multiplied by, and what is added to all. */
    private final float[] nested;

    private final float offset;

    /**
     * Quantises a weight.
     *
     * @param weight {@code [rows, columns]} on the CPU; read only
     * @throws IllegalArgumentException when an element is not finite
     */
    public Nf4Weight(Tensor weight, Workers workers) {
        this.rows = weight.size(0);
        this.columns = weight.size(1);
        this.elements = rows * columns;
        this.blocks = Math.toIntExact(Math.ceilDiv(elements, BLOCK));
        this.workers = workers;
        this.codes = arena.allocate((long) blocks * BLOCK / 2 + Long.BYTES); // vectors may read beyond the last block
        float[] largest = new float[blocks];
        Floats source = new Floats(weight);
        workers.run(blocks, CHUNK, (from, to) -> {
            float[] block = new float[BLOCK];
            short[] halves = new short[BLOCK];
            byte[] coded = new byte[BLOCK / 2];
            for (int b = from; b < to; b++) {
                int n = (int) Math.min(BLOCK, elements - (long) b * BLOCK);
                Arrays.fill(block, n, BLOCK, 0);
                source.read((long) b * BLOCK, n, block, halves);
                largest[b] = Floats.absmax(block, n);
                float inverse = largest[b] == 0 ? 0 : 1 / largest[b];
                for (int i = 0; i < coded.length; i++) {
                    coded[i] = (byte) (code(block[2 * i] * inverse) << 4 | code(block[2 * i + 1] * inverse));
                }
                MemorySegment.copy(coded, 0, codes, ValueLayout.JAVA_BYTE, (long) b * BLOCK / 2, coded.length);
            }
        });
        double sum = 0;
        for (float each : largest) {
            sum += each;
        }
        this.offset = (float) (sum / blocks);
        this.scales = new byte[blocks];
        this.nested = new float[Math.ceilDiv(blocks, NESTED_BLOCK)];
        for (int n = 0; n < nested.length; n++) {
            int end = Math.min(blocks, (n + 1) * NESTED_BLOCK);
            float most = 0;
            for (int b = n * NESTED_BLOCK; b < end; b++) {
                most = Math.max(most, Math.abs(largest[b] - offset));
            }
            nested[n] = most;
            float inverse = most == 0 ? 0 : 1 / most;
            for (int b = n * NESTED_BLOCK; b < end; b++) {
                scales[b] = (byte) code((largest[b] - offset) * inverse, DYNAMIC_MIDDLES);
            }
        }
    }

    private static float[] middles(float[] values) {
        float[] middles = new float[values.length - 1];
        for (int i = 0; i < middles.length; i++) {
            middles[i] = (values[i] + values[i + 1]) / 2;
        }
        return middles;
    }

    /** By the cell of a value, the code of the cell's lower end: no cell has more than one of the middles in it. */
    private static final byte[] CELLS = cells();

    private static byte[] cells() {
        byte[] cells = new byte[2 * CELLS_TO_ONE + 1];
        for (int i = 0; i < cells.length; i++) {
            cells[i] = (byte) code((float) (i - CELLS_TO_ONE) / CELLS_TO_ONE, MIDDLES);
        }
        return cells;
    }

    /** The code of the nearest value; {@link #code(float, float[])} without a search. */
    private static int code(float value) {
        int code = CELLS[(int) ((value + 1) * CELLS_TO_ONE)];
        return code < MIDDLES.length && value > MIDDLES[code] ? code + 1 : code;
    }

    /** How many of the middles are below. */
    private static int code(float value, float[] middles) {
        int from = 0;
        int to = middles.length;
        while (from < to) {
            int half = (from + to) >>> 1;
            if (value > middles[half]) {
                from = half + 1;
            } else {
                to = half;
            }
        }
        return from;
    }

    /**
     * bitsandbytes' signed dynamic map of 8 bits: for each of seven powers of ten the middles of so many even parts of 0.1 to 1 as the power has bits
     * for, both signs, and 0 and 1.
     */
    private static float[] dynamic() {
        List<Float> values = new ArrayList<>();
        for (int power = 0; power < 7; power++) {
            int parts = 1 << power;
            double scale = Math.pow(10, power - 6);
            for (int i = 0; i < parts; i++) {
                float low = (float) (0.1 + 0.9 * i / parts);
                float high = (float) (0.1 + 0.9 * (i + 1) / parts);
                float middle = (low + high) / 2;
                values.add((float) (scale * middle));
                values.add((float) (-scale * middle));
            }
        }
        values.add(0f);
        values.add(1f);
        values.sort(Float::compare);
        float[] sorted = new float[values.size()];
        for (int i = 0; i < sorted.length; i++) {
            sorted[i] = values.get(i);
        }
        return sorted;
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
        return (long) blocks * BLOCK / 2 + scales.length + (long) Float.BYTES * nested.length;
    }

    /** The largest magnitude of a block, as it is left. */
    private float largest(int block) {
        return DYNAMIC[scales[block] & 0xff] * nested[block / NESTED_BLOCK] + offset;
    }

    @Override
    public void dequantise(Tensor out) {
        dequantise(out, Nf4Loops.SUITED);
    }

    /** @param vectors whether whole blocks go through vectors; the bits are the same */
    void dequantise(Tensor out, boolean vectors) {
        MemorySegment target = TensorMemory.of(out);
        boolean bf16 = DType.of(out.scalar_type()) == DType.BF16;
        int whole = vectors ? (int) (elements / BLOCK) : 0;
        workers.run(blocks, CHUNK, (from, to) -> {
            int end = Math.clamp(whole, from, to);
            for (int b = from; b < end; b++) {
                long at = (long) b * BLOCK;
                if (bf16) {
                    LOOPS.toBfloats(codes, at / 2, largest(b), target, at * Short.BYTES);
                } else {
                    LOOPS.toFloats(codes, at / 2, largest(b), target, at * Float.BYTES);
                }
            }
            if (bf16) {
                toBfloats(target, end, to);
            } else {
                toFloats(target, end, to);
            }
        });
    }

    private void toBfloats(MemorySegment target, int from, int to) {
        byte[] coded = new byte[BLOCK / 2];
        short[] table = new short[VALUES.length];
        short[] values = new short[BLOCK];
        for (int b = from; b < to; b++) {
            float largest = largest(b);
            for (int v = 0; v < VALUES.length; v++) {
                table[v] = Floats.bf16(VALUES[v] * largest);
            }
            MemorySegment.copy(codes, ValueLayout.JAVA_BYTE, (long) b * BLOCK / 2, coded, 0, coded.length);
            for (int i = 0; i < coded.length; i++) {
                values[2 * i] = table[(coded[i] >> 4) & 15];
                values[2 * i + 1] = table[coded[i] & 15];
            }
            long at = (long) b * BLOCK;
            MemorySegment.copy(values, 0, target, ValueLayout.JAVA_SHORT_UNALIGNED, at * Short.BYTES, (int)
                    Math.min(BLOCK, elements - at));
        }
    }

    private void toFloats(MemorySegment target, int from, int to) {
        byte[] coded = new byte[BLOCK / 2];
        float[] values = new float[BLOCK];
        for (int b = from; b < to; b++) {
            float largest = largest(b);
            MemorySegment.copy(codes, ValueLayout.JAVA_BYTE, (long) b * BLOCK / 2, coded, 0, coded.length);
            for (int i = 0; i < coded.length; i++) {
                values[2 * i] = VALUES[(coded[i] >> 4) & 15] * largest;
                values[2 * i + 1] = VALUES[coded[i] & 15] * largest;
            }
            long at = (long) b * BLOCK;
            MemorySegment.copy(values, 0, target, ValueLayout.JAVA_FLOAT_UNALIGNED, at * Float.BYTES, (int)
                    Math.min(BLOCK, elements - at));
        }
    }

    @Override
    public void close() {
        arena.close();
    }
}
