package dev.skald.kernel;

import dev.skald.assembler.MachineCode;
import dev.skald.assembler.Processor;
import dev.skald.tensor.DType;
import dev.skald.tensor.Format;
import dev.skald.tensor.Matrix;
import dev.skald.tensor.TensorMemory;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.pytorch.Tensor;

/**
 * Products of rows with a matrix in groups, in integers, by {@link GroupCode}: the rows are quantised once, and a group of weights stays in the caches while all rows
 * go by. A result depends on its row and its weights alone, bit for bit: neither on the other rows nor on the threads.
 */
record GroupProducts(Workers workers, Processor processor) {

    /** Weights that are worth another thread. */
    private static final int GRAIN = 256 * 1024;

    /** Activations that are worth another thread. */
    private static final int ROW_GRAIN = 8 * 1024;

    /** Activations that are quantised and multiplied at once. */
    private static final int MOST = 4 << 20;

    /** What this processor can do; empty where nothing can be multiplied. */
    static final Optional<Processor> AVAILABLE = Processor.ofThisMachine().filter(_ -> MachineCode.isAllowed());

    private record Function(Processor processor, Format format, int rows) {}

    private static final Map<Function, MachineCode> FUNCTIONS = new ConcurrentHashMap<>();

    /** Writes {@code x [rows, in]}, bf16 or f32, times the transpose of {@code weight [out, in]} to {@code out [rows, out]}. */
    void multiply(Tensor x, Matrix.Grouped weight, Tensor out) {
        int rows = (int) x.size(0);
        int in = (int) x.size(1);
        int outs = (int) weight.rows();
        if (weight.columns() != in || out.size(0) != rows || out.size(1) != outs) {
            throw new IllegalArgumentException("rows of " + in + " features, weight of " + weight.columns());
        }
        RowFormat format = RowFormat.of(x, out);
        Format rounded = Format.of(DType.of(out.scalar_type()));
        long xAt = TensorMemory.address(x);
        long outAt = TensorMemory.address(out);
        int tile = GroupCode.mostRows(processor);
        int most = Math.max(1, MOST / in / tile) * tile;
        for (int first = 0; first < rows; first += most) {
            int count = Math.min(most, rows - first);
            ActivationTiles tiles = quantise(format, xAt + format.bytes((long) first * in), count, in, weight.format());
            multiply(tiles, weight, rounded, outAt + rounded.bytes((long) first * outs));
        }
    }

    private ActivationTiles quantise(RowFormat format, long at, int rows, int in, Format weights) {
        ActivationTiles tiles = new ActivationTiles(
                weights,
                rows,
                in,
                GroupCode.mostRows(processor),
                !processor.vnni(),
                NativeScratch.floats(0, ActivationTiles.bytes(weights, rows, in) / 4));
        workers.run(rows, Math.max(1, ROW_GRAIN / in), (from, to) -> {
            float[] row = Scratch.floats(2, in);
            for (int r = from; r < to; r++) {
                format.loadInOrder(at + format.bytes((long) r * in), in, row, 0);
                tiles.quantise(r, row);
            }
        });
        return tiles;
    }

    private void multiply(ActivationTiles tiles, Matrix.Grouped weight, Format rounded, long outAt) {
        Format format = weight.format();
        long groupBytes = GroupLayout.bytes(format, weight.columns());
        int blocks = (int) weight.columns() / format.blockElements();
        int outs = (int) weight.rows();
        long w = weight.memory().address();
        int chunk = Math.clamp(GRAIN / weight.columns() / GroupLayout.ROWS, 1, 64);
        workers.run(Math.ceilDiv(outs, GroupLayout.ROWS), chunk, (first, last) -> {
            int from = first * GroupLayout.ROWS;
            int count = Math.min(outs, last * GroupLayout.ROWS) - from;
            int width = (last - first) * GroupLayout.ROWS;
            long results = NativeScratch.floats(1, (long) tiles.rows() * width);
            for (int t = 0; t < tiles.tiles(); t++) {
                function(format, tiles.rows(t))
                        .call(
                                w + first * groupBytes,
                                tiles.tile(t),
                                results + 4L * t * tiles.most() * width,
                                blocks,
                                last - first,
                                4L * width);
            }
            for (int r = 0; r < tiles.rows(); r++) {
                FloatConversion.fromFloats(
                        results + 4L * r * width, count, rounded, outAt + rounded.bytes((long) r * outs + from));
            }
        });
    }

    private MachineCode function(Format format, int rows) {
        return FUNCTIONS.computeIfAbsent(
                new Function(processor, format, rows),
                f -> MachineCode.of(GroupCode.of(f.processor, f.format, f.rows)));
    }
}
