package dev.skald.kernel;

import dev.skald.tensor.TensorMemory;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;

/** Operations that treat each row by itself, in one pass over memory. A row is computed in arrays of floats, which stay in the core's cache. */
record RowOperations(Workers workers) {

    /** Elements that are worth another thread. */
    private static final int GRAIN = 32 * 1024;

    /** Rows whose share of a weight's gradient is summed by itself; fixed, so that sums do not depend on the threads. */
    private static final int PARTIAL_ROWS = 64;

    void embedding(Tensor table, int[] ids, Tensor out) {
        int features = (int) table.size(1);
        RowFormat format = RowFormat.of(table);
        long bytes = format.bytes(features);
        long from = TensorMemory.address(table);
        long to = TensorMemory.address(out);
        long vocab = table.size(0);
        for (int r = 0; r < ids.length; r++) {
            checkId(ids[r], vocab);
            RowFormat.MEMORY
                    .asSlice(to + r * bytes, bytes)
                    .copyFrom(RowFormat.MEMORY.asSlice(from + ids[r] * bytes, bytes));
        }
    }

    /** Adds {@code x} to f32 {@code sum} of the same shape. */
    void addTo(Tensor x, Tensor sum) {
        RowFormat format = RowFormat.of(x);
        long from = TensorMemory.address(x);
        long to = TensorMemory.address(sum);
        int pieces = Math.toIntExact(Math.ceilDiv(x.numel(), (long) GRAIN));
        long n = x.numel();
        workers.run(pieces, 1, (first, last) -> {
            long start = (long) first * GRAIN;
            int count = (int) (Math.min(n, (long) last * GRAIN) - start);
            switch (format) {
                case BF16 -> FloatLoops.addBfloats(from + 2 * start, count, to + 4 * start);
                case F32 -> FloatLoops.addFloats(from + 4 * start, count, to + 4 * start);
            }
        });
    }

    /** Each task adds the rows of its share of the ids, in the order of the rows. */
    void embeddingBackward(Tensor dy, int[] ids, Tensor tableGradient) {
        int features = (int) dy.size(1);
        RowFormat format = RowFormat.of(dy);
        long from = TensorMemory.address(dy);
        long to = TensorMemory.address(tableGradient);
        long vocab = tableGradient.size(0);
        int shares = 8;
        workers.run(shares, (long) ids.length * features < GRAIN ? shares : 1, (first, last) -> {
            float[] row = Scratch.floats(0, features);
            for (int r = 0; r < ids.length; r++) {
                checkId(ids[r], vocab);
                int share = ids[r] % shares;
                if (share >= first && share < last) {
                    format.load(from + r * format.bytes(features), features, row);
                    addTo(format, row, features, to + ids[r] * 4L * features);
                }
            }
        });
    }

    private static void checkId(int id, long vocab) {
        if (id < 0 || id >= vocab) {
            throw new IllegalArgumentException("id " + id + " of a vocabulary of " + vocab);
        }
    }

    void rmsNorm(Tensor x, Tensor weight, double eps, Tensor out) {
        int features = (int) x.size(1);
        RowFormat format = RowFormat.of(x, weight);
        float[] w = row(format, weight);
        long from = TensorMemory.address(x);
        long to = TensorMemory.address(out);
        rows(x.size(0), features, (first, last) -> {
            float[] row = Scratch.floats(0, features);
            for (int r = first; r < last; r++) {
                format.load(from + r * format.bytes(features), features, row);
                FloatLoops.scale(row, features, inverseRms(row, features, eps));
                format.round(row, features);
                FloatLoops.multiply(row, w, features);
                format.store(row, features, to + r * format.bytes(features));
            }
        });
    }

    /** With {@code n = x / rms}: {@code dx = (dy w - n mean(dy w n)) / rms}, and {@code dw = sum over rows of dy n}. */
    void rmsNormBackward(Tensor dy, Tensor x, Tensor weight, double eps, Tensor weightGradient, Tensor dx) {
        int features = (int) x.size(1);
        int rows = (int) x.size(0);
        RowFormat format = RowFormat.of(dy, x, weight);
        float[] w = row(format, weight);
        long dyAt = TensorMemory.address(dy);
        long xAt = TensorMemory.address(x);
        long dxAt = TensorMemory.address(dx);
        float[][] partial = new float[Math.ceilDiv(rows, PARTIAL_ROWS)][features];
        workers.run(partial.length, (long) rows * features < GRAIN ? partial.length : 1, (first, last) -> {
            float[] normalized = Scratch.floats(0, features);
            float[] gradient = Scratch.floats(1, features);
            for (int r = first * PARTIAL_ROWS; r < Math.min(rows, last * PARTIAL_ROWS); r++) {
                long offset = r * format.bytes(features);
                format.load(xAt + offset, features, normalized);
                format.load(dyAt + offset, features, gradient);
                float inverse = inverseRms(normalized, features, eps);
                FloatLoops.scale(normalized, features, inverse);
                FloatLoops.addProduct(partial[r / PARTIAL_ROWS], gradient, normalized, features);
                FloatLoops.multiply(gradient, w, features);
                float along = FloatLoops.dot(gradient, normalized, features) / features;
                FloatLoops.combine(gradient, inverse, normalized, -along * inverse, features);
                format.store(gradient, features, dxAt + offset);
            }
        });
        for (int p = 1; p < partial.length; p++) {
            FloatLoops.add(partial[0], partial[p], features);
        }
        addTo(format, partial[0], features, TensorMemory.address(weightGradient));
    }

    private static float inverseRms(float[] x, int n, double eps) {
        return (float) (1 / Math.sqrt(FloatLoops.dot(x, x, n) / (double) n + eps));
    }

    void swiGlu(Tensor gate, Tensor up, Tensor out) {
        int features = (int) gate.size(1);
        RowFormat format = RowFormat.of(gate, up);
        long gateAt = TensorMemory.address(gate);
        long upAt = TensorMemory.address(up);
        long outAt = TensorMemory.address(out);
        rows(gate.size(0), features, (first, last) -> {
            float[] g = Scratch.floats(0, features);
            float[] u = Scratch.floats(1, features);
            for (int r = first; r < last; r++) {
                long offset = r * format.bytes(features);
                format.load(gateAt + offset, features, g);
                format.load(upAt + offset, features, u);
                FloatLoops.swiGlu(g, u, features);
                format.store(g, features, outAt + offset);
            }
        });
    }

    void swiGluBackward(Tensor dy, Tensor gate, Tensor up) {
        int features = (int) gate.size(1);
        RowFormat format = RowFormat.of(dy, gate, up);
        long dyAt = TensorMemory.address(dy);
        long gateAt = TensorMemory.address(gate);
        long upAt = TensorMemory.address(up);
        rows(gate.size(0), features, (first, last) -> {
            float[] d = Scratch.floats(0, features);
            float[] g = Scratch.floats(1, features);
            float[] u = Scratch.floats(2, features);
            for (int r = first; r < last; r++) {
                long offset = r * format.bytes(features);
                format.load(dyAt + offset, features, d);
                format.load(gateAt + offset, features, g);
                format.load(upAt + offset, features, u);
                FloatLoops.swiGluBackward(d, g, u, features);
                format.store(g, features, gateAt + offset);
                format.store(u, features, upAt + offset);
            }
        });
    }

    /** Rotates by the angles, or, with {@code direction} -1, back. */
    void rope(Tensor x, Tensor cos, Tensor sin, int[] positions, int direction) {
        int heads = (int) x.size(1);
        int headDim = (int) x.size(2);
        int half = headDim / 2;
        RowFormat format = RowFormat.of(x);
        long at = TensorMemory.address(x);
        int limit = (int) cos.size(0);
        long cosAt = TensorMemory.address(cos);
        long sinAt = TensorMemory.address(sin);
        rows(x.size(0), heads * headDim, (first, last) -> {
            float[] a = Scratch.floats(0, half);
            float[] b = Scratch.floats(1, half);
            float[] c = Scratch.floats(2, half);
            float[] s = Scratch.floats(3, half);
            for (int r = first; r < last; r++) {
                long angle = 4L * half * Objects.checkIndex(positions[r], limit);
                angles(format, cosAt + angle, half, 1, c);
                angles(format, sinAt + angle, half, direction, s);
                for (int h = 0; h < heads; h++) {
                    long firstHalf = at + format.bytes(((long) r * heads + h) * headDim);
                    long secondHalf = firstHalf + format.bytes(half);
                    format.load(firstHalf, half, a);
                    format.load(secondHalf, half, b);
                    FloatLoops.rotate(a, b, c, s, half);
                    format.store(a, half, firstHalf);
                    format.store(b, half, secondHalf);
                }
            }
        });
    }

    /** A row of the f32 table in the order that {@code format} gives to rows. */
    private static void angles(RowFormat format, long address, int n, int sign, float[] to) {
        for (int i = 0; i < n; i++) {
            to[format.index(i, n)] = sign * RowFormat.MEMORY.get(RowFormat.FLOAT, address + 4L * i);
        }
    }

    private void rows(long rows, int features, Workers.Task task) {
        workers.run((int) rows, Math.max(1, GRAIN / features), task);
    }

    private static float[] row(RowFormat format, Tensor tensor) {
        float[] row = new float[(int) tensor.numel()];
        format.load(TensorMemory.address(tensor), row.length, row);
        return row;
    }

    /** Adds a row that is in the order of {@code format} to the floats at {@code address}. */
    private static void addTo(RowFormat format, float[] row, int n, long address) {
        switch (format) {
            case F32 -> FloatLoops.addTo(row, n, address);
            case BF16 -> FloatLoops.addPairsTo(row, n, address);
        }
    }
}
