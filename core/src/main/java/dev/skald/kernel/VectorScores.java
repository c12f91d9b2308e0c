package dev.skald.kernel;

import dev.skald.tensor.TensorMemory;
import org.bytedeco.pytorch.Tensor;

/** Attention's scores, row by row: the keys that a query does not see are not computed with. */
record VectorScores(Workers workers) implements BlockedAttention.Scores {

    /** Scores that are worth another thread. */
    private static final int GRAIN = 32 * 1024;

    @Override
    public void softmax(Tensor scores, int[] firstKeys, int group, double scale, Tensor logSumExp) {
        Block block = new Block(scores, firstKeys, group);
        long sumsAt = TensorMemory.address(logSumExp);
        long sumsStride = stride(logSumExp);
        rows(block, (first, last) -> {
            float[] row = Scratch.floats(0, block.keys);
            for (int r = first; r < last; r++) {
                int seen = block.seen(r);
                block.format.load(block.seenAt(r), seen, row);
                float shift = (float) -(scale * FloatLoops.max(row, seen));
                float sum = FloatLoops.exp(row, seen, (float) scale, shift);
                FloatLoops.scale(row, seen, 1 / sum);
                block.store(row, r);
                RowFormat.MEMORY.set(
                        RowFormat.FLOAT, block.statistic(sumsAt, sumsStride, r), (float) Math.log(sum) - shift);
            }
        });
    }

    @Override
    public void gradient(
            Tensor scores, Tensor dP, int[] firstKeys, int group, double scale, Tensor logSumExp, Tensor delta) {
        Block block = new Block(scores, firstKeys, group);
        Block gradients = new Block(dP, firstKeys, group);
        long sumsAt = TensorMemory.address(logSumExp);
        long sumsStride = stride(logSumExp);
        long deltaAt = TensorMemory.address(delta);
        long deltaStride = stride(delta);
        rows(block, (first, last) -> {
            float[] p = Scratch.floats(0, block.keys);
            float[] d = Scratch.floats(1, block.keys);
            for (int r = first; r < last; r++) {
                int seen = block.seen(r);
                block.format.load(block.seenAt(r), seen, p);
                block.format.load(gradients.seenAt(r), seen, d);
                float sum = RowFormat.MEMORY.get(RowFormat.FLOAT, block.statistic(sumsAt, sumsStride, r));
                FloatLoops.exp(p, seen, (float) scale, -sum);
                float mean = RowFormat.MEMORY.get(RowFormat.FLOAT, block.statistic(deltaAt, deltaStride, r));
                FloatLoops.scoreGradient(d, p, seen, mean, (float) scale);
                block.store(p, r);
                gradients.store(d, r);
            }
        });
    }

    private void rows(Block block, Workers.Task task) {
        workers.run(block.rows, Math.max(1, GRAIN / block.keys), task);
    }

    /** Floats from one head to the next. */
    private static long stride(Tensor statistics) {
        return statistics.stride(0);
    }

    /** The rows of {@code [kvHeads, time * group, keys]}, of all heads. */
    private static final class Block {
        private final RowFormat format;
        private final long start;
        private final int rows;
        private final int rowsOfHead;
        private final int keys;
        private final int[] firstKeys;
        private final int group;

        Block(Tensor scores, int[] firstKeys, int group) {
            this.format = RowFormat.of(scores);
            this.start = TensorMemory.address(scores);
            this.rowsOfHead = (int) scores.size(1);
            this.rows = (int) scores.size(0) * rowsOfHead;
            this.keys = (int) scores.size(2);
            this.firstKeys = firstKeys;
            this.group = group;
        }

        /** How many keys a row's query sees. */
        int seen(int row) {
            return end(row) - first(row);
        }

        /** The score of the first key that is seen. */
        long seenAt(int row) {
            return address(row) + format.bytes(first(row));
        }

        /** Writes the values of the keys that are seen, and zeros for the others. */
        void store(float[] values, int row) {
            format.zero(address(row), 0, first(row));
            format.store(values, seen(row), seenAt(row));
            format.zero(address(row), end(row), keys);
        }

        private int first(int row) {
            return firstKeys[row % rowsOfHead / group];
        }

        private int end(int row) {
            return keys - (rowsOfHead - 1 - row % rowsOfHead) / group;
        }

        private long address(int row) {
            return start + format.bytes((long) row * keys);
        }

        /** Where a row's number is in f32 {@code [kvHeads, time, group]} with a stride between the heads. */
        long statistic(long start, long stride, int row) {
            return start + 4 * (row / rowsOfHead * stride + row % rowsOfHead);
        }
    }
}
