package dev.skald.kernel;

import static dev.skald.kernel.RowFormat.FLOAT;
import static dev.skald.kernel.RowFormat.FLOATS;
import static dev.skald.kernel.RowFormat.LANES;
import static dev.skald.kernel.RowFormat.MEMORY;
import static dev.skald.kernel.RowFormat.ORDER;

import dev.skald.tensor.DType;
import dev.skald.tensor.Format;
import dev.skald.tensor.Matrix;
import dev.skald.tensor.TensorMemory;
import java.util.Optional;
import jdk.incubator.vector.FloatVector;
import org.bytedeco.pytorch.Tensor;

/**
 * Products of rows with a matrix as dot products: each row of weights is read where it lies, in whatever format, and used for all rows while
 * it is in the first-level cache. With one row the speed of memory is the limit, with many the multipliers are. A result is one fixed sequence
 * of additions along the row: it depends neither on the number of rows nor on the number of threads, so that a text comes out the same alone
 * and among others.
 *
 * <p>Outputs are divided among the workers. A worker takes its outputs four at a time; rows go by in blocks that stay in the second-level cache,
 * and long rows in pieces of {@link #DEPTH}, so that a tile's weights stay in the first-level one.
 */
record DotProducts(Workers workers, DotTiles tiles) {

    /** Weights that are worth another thread. */
    private static final int GRAIN = 128 * 1024;

    /** Elements of a row that are multiplied before the next tile: four rows of them fit a first-level cache. */
    private static final int DEPTH = 2048;

    /** Floats of {@code x} that are gone through again and again: they fit a second-level cache. */
    private static final int BLOCK = 64 * 1024;

    /** Floats of {@code x} held at once. */
    private static final int MOST = 8 << 20;

    /** The products by this machine's processor. */
    DotProducts(Workers workers) {
        this(workers, new DotTiles(GroupProducts.AVAILABLE));
    }

    /** Writes {@code x [rows, in]} times the transpose of {@code weight [out, in]} to {@code out [rows, out]}. */
    void multiply(Tensor x, Matrix.Dense weight, Tensor out) {
        multiply(x, weight, TensorMemory.address(weight.tensor()), out);
    }

    /** As for a dense weight; its blocks are turned to floats, four rows at a time. */
    void multiply(Tensor x, Matrix.Blocks weight, Tensor out) {
        multiply(x, weight, weight.memory().address(), out);
    }

    private void multiply(Tensor x, Matrix weight, long weightAt, Tensor out) {
        int rows = (int) x.size(0);
        int in = (int) x.size(1);
        int outs = (int) weight.rows();
        if (weight.columns() != in || out.size(0) != rows || out.size(1) != outs) {
            throw new IllegalArgumentException("rows of " + in + " features, weight of " + weight.columns());
        }
        RowFormat format = RowFormat.of(x, out);
        Format rounded = Format.of(DType.of(out.scalar_type()));
        int stride = Math.ceilDiv(in, DotTiles.STEP) * DotTiles.STEP;
        int most = Math.max(1, MOST / stride);
        Format elements = Format.of(DType.of(x.scalar_type()));
        long xAt = TensorMemory.address(x);
        long outAt = TensorMemory.address(out);
        long inputs = NativeScratch.floats(2, (long) Math.min(rows, most) * stride);
        for (int row = 0; row < rows; row += most) {
            int count = Math.min(most, rows - row);
            long from = xAt + format.bytes((long) row * in);
            workers.run(count, Math.max(1, GRAIN / in), (first, last) -> {
                for (int r = first; r < last; r++) {
                    long to = inputs + 4L * r * stride;
                    FloatConversion.toFloats(elements, from + format.bytes((long) r * in), in, to);
                    RowFormat.F32.zero(to, in, stride);
                }
            });
            multiply(
                    inputs,
                    count,
                    new Weights(weight.format(), weightAt, outs, in, stride),
                    rounded,
                    outAt + format.bytes((long) row * outs));
        }
    }

    /** The matrix; {@code stride} is {@code in} up to the next multiple of {@link DotTiles#STEP}. */
    private record Weights(Format format, long at, int outs, int in, int stride) {

        /** The format in which elements are used where they lie; none where they are turned to floats first. */
        Optional<RowFormat> inPlace() {
            return switch (format) {
                case F32 -> Optional.of(RowFormat.F32);
                case BF16 -> Optional.of(RowFormat.BF16);
                case F16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_NL, IQ4_XS, MXFP4 ->
                    Optional.empty();
            };
        }

        long row(int out) {
            return at + format.bytes((long) out * in);
        }
    }

    private void multiply(long inputs, int rows, Weights w, Format rounded, long outAt) {
        int chunk = Math.clamp(GRAIN / DotTiles.OUTS / w.in, 1, 256) * DotTiles.OUTS;
        workers.run(w.outs, chunk, (first, last) -> {
            int count = last - first;
            int most = tiles.most();
            int block = Math.clamp(BLOCK / w.stride, most, rows + most) / most * most;
            long results = NativeScratch.floats(1, (long) Math.min(block, rows) * count);
            Worker worker = new Worker(tiles, w, inputs);
            for (int row = 0; row < rows; row += block) {
                int blockRows = Math.min(block, rows - row);
                for (int out = 0; out < count; out += DotTiles.OUTS) {
                    // The last tile of four may begin among the outputs of the one before it: same bits again.
                    int tile = Math.max(0, Math.min(out, count - DotTiles.OUTS));
                    worker.multiply(first + tile, row, blockRows);
                    worker.results(blockRows, Math.min(DotTiles.OUTS, count), results + 4L * tile, count);
                }
                for (int r = 0; r < blockRows; r++) {
                    long to = outAt + rounded.bytes((long) (row + r) * w.outs + first);
                    FloatConversion.fromFloats(results + 4L * r * count, count, rounded, to);
                }
            }
        });
    }

    /** What one worker multiplies with. */
    private static final class Worker {
        private final DotTiles tiles;
        private final Weights w;
        private final long inputs;
        private long sums;
        /** Four rows of weights, as far as they are not used where they lie: f16, blocks, the end of a row, fewer than four rows. */
        private final long turned;

        Worker(DotTiles tiles, Weights w, long inputs) {
            this.tiles = tiles;
            this.w = w;
            this.inputs = inputs;
            this.turned = NativeScratch.floats(0, (long) DotTiles.OUTS * Math.min(w.stride, DEPTH));
        }

        /** The sums of four outputs for some rows. */
        void multiply(int out, int row, int rows) {
            int floats = rows * DotTiles.OUTS * LANES;
            sums = NativeScratch.floats(3, floats);
            RowFormat.F32.zero(sums, 0, floats);
            for (int depth = 0; depth < w.stride; depth += DEPTH) {
                int n = Math.min(DEPTH, w.stride - depth);
                int direct = 0;
                if (w.inPlace().isPresent() && out + DotTiles.OUTS <= w.outs) {
                    direct = Math.min(n, (w.in - depth) / DotTiles.STEP * DotTiles.STEP);
                }
                if (direct > 0) {
                    add(
                            w.inPlace().get(),
                            w.row(out) + w.format.bytes(depth),
                            w.format.bytes(w.in),
                            direct,
                            row,
                            rows,
                            depth);
                }
                if (direct < n) {
                    int rest = n - direct;
                    turn(out, depth + direct, rest);
                    add(RowFormat.F32, turned, 4L * rest, rest, row, rows, depth + direct);
                }
            }
        }

        private void add(RowFormat format, long at, long rowBytes, int n, int row, int rows, int depth) {
            for (int r = 0; r < rows; r += tiles.most()) {
                tiles.add(
                        format,
                        Math.min(tiles.most(), rows - r),
                        inputs + 4L * ((long) (row + r) * w.stride + depth),
                        4L * w.stride,
                        at,
                        rowBytes,
                        n,
                        sums + DotTiles.VECTOR * r * DotTiles.OUTS);
            }
        }

        /** Elements of four rows from {@code depth} on, as floats, with zeros for what is not there. */
        private void turn(int out, int depth, int n) {
            int there = Math.min(n, w.in - depth);
            for (int o = 0; o < DotTiles.OUTS; o++) {
                long to = turned + 4L * o * n;
                if (out + o < w.outs) {
                    FloatConversion.toFloats(w.format, w.row(out + o) + w.format.bytes(depth), there, to);
                    RowFormat.F32.zero(to, there, n);
                } else {
                    RowFormat.F32.zero(to, 0, n);
                }
            }
        }

        /** Adds the lanes up, to rows of {@code count} floats from {@code to} on. */
        void results(int rows, int outs, long to, int count) {
            for (int r = 0; r < rows; r++) {
                for (int o = 0; o < outs; o++) {
                    FloatVector sum = FloatVector.fromMemorySegment(
                            FLOATS, MEMORY, sums + (r * DotTiles.OUTS + o) * DotTiles.VECTOR, ORDER);
                    MEMORY.set(FLOAT, to + 4L * (r * count + o), FloatLoops.sum(sum));
                }
            }
        }
    }
}
