package dev.skald.kernel;

import dev.skald.tensor.DType;
import dev.skald.tensor.Format;
import dev.skald.tensor.Matrix;
import dev.skald.tensor.TensorMemory;
import org.bytedeco.pytorch.Tensor;

/**
 * Matrix products of any format as tiles of {@link Sgemm}: a tile's operands are turned to floats in memory that stays in the caches, the
 * products are added up in f32, and the result is rounded once. Tiles are divided among the workers; what a tile is depends on the shape alone,
 * so that results do not depend on the number of threads.
 */
record SgemmPanels(Workers workers) {

    /** A tile of the result, and how many products are added to it in one call. */
    private static final int TILE_ROWS = 384;

    private static final int TILE_COLUMNS = 512;
    private static final int TILE_DEPTH = 512;

    /**
     * What {@link #multiplyRows} makes the rows of a tile a multiple of: OpenBLAS's kernels take 12 (AVX2) or 16 (AVX-512) rows at a time, and have
     * other code for the rest, with other last bits on AVX2. Tiles hold whole runs of {@link Gemm#RUN} rows.
     */
    private static final int WHOLE_ROWS = 12;

    /** A product with fewer tiles than this is cut into smaller ones. */
    private static final int FEW_TILES = 8;

    /**
     * A matrix in memory.
     *
     * @param format of its elements; in blocks only where it is transposed, and rows in memory begin with a block
     * @param address of the first element
     * @param rows of the matrix as it is multiplied
     * @param columns of the matrix as it is multiplied
     * @param stride elements from one row in memory to the next
     * @param transposed whether it lies in memory as {@code [columns, rows]}
     */
    record Operand(Format format, long address, int rows, int columns, long stride, boolean transposed) {

        /** A matrix of blocks. */
        static Operand of(Matrix.Blocks blocks) {
            return new Operand(
                    blocks.format(),
                    blocks.memory().address(),
                    (int) blocks.rows(),
                    (int) blocks.columns(),
                    blocks.columns(),
                    false);
        }

        /** Two dimensions of a tensor, one of them with elements that lie side by side. */
        static Operand of(Tensor tensor) {
            return of(tensor, 0, TensorMemory.address(tensor));
        }

        /** The last two dimensions of {@code tensor}, whose first is at {@code first}, with its first element at {@code address}. */
        static Operand of(Tensor tensor, int first, long address) {
            Format format = Format.of(DType.of(tensor.scalar_type()));
            int rows = (int) tensor.size(first);
            int columns = (int) tensor.size(first + 1);
            boolean inRows = tensor.stride(first + 1) == 1 || columns == 1;
            if (!inRows && tensor.stride(first) != 1 && rows != 1) {
                throw new IllegalArgumentException("a matrix whose elements lie apart in both dimensions");
            }
            long stride = inRows ? tensor.stride(first) : tensor.stride(first + 1);
            return new Operand(format, address, rows, columns, Math.max(stride, inRows ? columns : rows), !inRows);
        }

        /** The same at another address. */
        Operand at(long other) {
            return new Operand(format, other, rows, columns, stride, transposed);
        }

        Operand transpose() {
            return new Operand(format, address, columns, rows, stride, !transposed);
        }
    }

    /** {@code c = a b}, or {@code c += a b}; {@code c} is bf16 or f32 and not transposed. */
    void multiply(Operand a, Operand b, Operand c, boolean add) {
        multiply(new Operand[] {a}, new Operand[] {b}, new Operand[] {c}, add, 1);
    }

    /** {@code c = a b}, rows being the same bits whatever the others are, as {@link Gemm#forward} has it; {@code a} is not transposed. */
    void multiplyRows(Operand a, Operand b, Operand c) {
        multiply(new Operand[] {a}, new Operand[] {b}, new Operand[] {c}, false, WHOLE_ROWS);
    }

    /** Products of the same shape, side by side. */
    void multiply(Operand[] a, Operand[] b, Operand[] c) {
        multiply(a, b, c, false, 1);
    }

    private void multiply(Operand[] a, Operand[] b, Operand[] c, boolean add, int wholeRows) {
        int rows = c[0].rows;
        int columns = c[0].columns;
        int tileRows = TILE_ROWS;
        int tileColumns = TILE_COLUMNS;
        if ((long) c.length * Math.ceilDiv(rows, tileRows) * Math.ceilDiv(columns, tileColumns) < FEW_TILES) {
            tileRows = TILE_ROWS / 2;
            tileColumns = TILE_COLUMNS / 2;
        }
        int across = Math.ceilDiv(columns, tileColumns);
        int tiles = Math.ceilDiv(rows, tileRows) * across;
        int height = tileRows;
        int width = tileColumns;
        workers.run(c.length * tiles, 1, (first, last) -> {
            for (int i = first; i < last; i++) {
                int product = i / tiles;
                int row = i % tiles / across * height;
                int column = i % tiles % across * width;
                Tile tile = new Tile(row, Math.min(height, rows - row), column, Math.min(width, columns - column));
                tile.multiply(a[product], b[product], c[product], add, wholeRows);
            }
        });
    }

    private record Tile(int row, int rows, int column, int columns) {

        void multiply(Operand a, Operand b, Operand c, boolean add, int wholeRows) {
            int padded = Math.ceilDiv(rows, wholeRows) * wholeRows;
            boolean inPlace = c.format == Format.F32 && padded == rows;
            long at = c.address + c.format.bytes(row * c.stride + column);
            long sums = inPlace ? at : NativeScratch.floats(0, (long) TILE_ROWS * TILE_COLUMNS);
            int stride = inPlace ? (int) c.stride : columns;
            if (!inPlace && add) {
                for (int r = 0; r < rows; r++) {
                    FloatConversion.toFloats(
                            c.format, at + c.format.bytes(r * c.stride), columns, sums + 4L * r * stride);
                }
            }
            for (int depth = 0; depth < a.columns; depth += TILE_DEPTH) {
                int count = Math.min(TILE_DEPTH, a.columns - depth);
                Panel left = Panel.of(a, row, rows, depth, count, 1, padded);
                Panel right = Panel.of(b, depth, count, column, columns, 2, count);
                Sgemm.multiply(
                        padded,
                        columns,
                        count,
                        left.address,
                        left.stride,
                        a.transposed,
                        right.address,
                        right.stride,
                        b.transposed,
                        add || depth > 0 ? 1 : 0,
                        sums,
                        stride);
            }
            if (!inPlace) {
                for (int r = 0; r < rows; r++) {
                    FloatConversion.fromFloats(
                            sums + 4L * r * stride, columns, c.format, at + c.format.bytes(r * c.stride));
                }
            }
        }
    }

    /** A part of an operand as floats: where it lies, or turned. */
    record Panel(long address, int stride) {

        /** @param padded rows, those that are not there being zeros; {@code x} is not transposed where it is more than {@code rows} */
        static Panel of(Operand x, int row, int rows, int column, int columns, int slot, int padded) {
            int firstRow = x.transposed ? column : row;
            int firstColumn = x.transposed ? row : column;
            int height = x.transposed ? columns : rows;
            int width = x.transposed ? rows : columns;
            long at = x.address + x.format.bytes(firstRow * x.stride + firstColumn);
            if (x.format == Format.F32 && padded == rows) {
                return new Panel(at, (int) x.stride);
            }
            long to = NativeScratch.floats(slot, (long) TILE_COLUMNS * TILE_DEPTH);
            for (int r = 0; r < height; r++) {
                FloatConversion.toFloats(x.format, at + x.format.bytes(r * x.stride), width, to + 4L * r * width);
            }
            RowFormat.F32.zero(to + 4L * height * width, 0, (padded - rows) * width);
            return new Panel(to, width);
        }
    }
}
