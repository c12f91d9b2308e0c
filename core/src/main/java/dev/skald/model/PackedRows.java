package dev.skald.model;

import java.util.Arrays;
import java.util.List;

/**
 * One micro-batch: the token rows of all its sequences, one after the other, without padding.
 *
 * @param ids token of each row
 * @param targets token that each row has to predict; -100: none
 * @param positions position of each row, for RoPE
 * @param documentStarts ascending, first 0: every row at which a new span of attention begins; the start of a sequence is one too
 * @param padding rows at the end that are there for the number of rows alone
 */
@SuppressWarnings("ArrayRecordComponent") // as large as a batch, and read only
public record PackedRows(int[] ids, int[] targets, int[] positions, int[] documentStarts, int padding) {

    /** Marks a row that predicts nothing; as PyTorch's cross entropy. */
    public static final int NOT_PREDICTED = -100;

    public PackedRows {
        if (ids.length == 0 || targets.length != ids.length || positions.length != ids.length) {
            throw new IllegalArgumentException(
                    "rows: " + ids.length + " ids, " + targets.length + " targets, " + positions.length + " positions");
        }
        if (documentStarts.length == 0 || documentStarts[0] != 0) {
            throw new IllegalArgumentException("the first document has to start at row 0");
        }
        for (int i = 1; i < documentStarts.length; i++) {
            if (documentStarts[i] <= documentStarts[i - 1] || documentStarts[i] >= ids.length) {
                throw new IllegalArgumentException(
                        "document " + i + " starts at row " + documentStarts[i] + " of " + ids.length);
            }
        }
    }

    /** Without padding. */
    public PackedRows(int[] ids, int[] targets, int[] positions, int[] documentStarts) {
        this(ids, targets, positions, documentStarts, 0);
    }

    /**
     * The same with rows at the end, a span of attention of their own, up to a multiple of so many rows. Libraries keep something for each number of
     * rows that they have multiplied.
     */
    public PackedRows paddedTo(int multiple) {
        int rows = rows();
        int all = Math.ceilDiv(rows, multiple) * multiple;
        if (all == rows) {
            return this;
        }
        int[] allTargets = Arrays.copyOf(targets, all);
        int[] allPositions = Arrays.copyOf(positions, all);
        Arrays.fill(allTargets, rows, all, NOT_PREDICTED);
        for (int i = rows; i < all; i++) {
            allPositions[i] = i - rows;
        }
        int[] starts = Arrays.copyOf(documentStarts, documentStarts.length + 1);
        starts[documentStarts.length] = rows;
        return new PackedRows(Arrays.copyOf(ids, all), allTargets, allPositions, starts, all - rows);
    }

    /** How many rows are no padding. */
    public int tokens() {
        return rows() - padding;
    }

    /** Micro-batches as one, one after the other. */
    public static PackedRows joined(List<PackedRows> parts) {
        if (parts.size() == 1) {
            return parts.getFirst();
        }
        int rows = parts.stream().mapToInt(PackedRows::rows).sum();
        int[] ids = new int[rows];
        int[] targets = new int[rows];
        int[] positions = new int[rows];
        int[] starts = new int
                [parts.stream().mapToInt(part -> part.documentStarts.length).sum()];
        int row = 0;
        int start = 0;
        for (PackedRows part : parts) {
            System.arraycopy(part.ids, 0, ids, row, part.rows());
            System.arraycopy(part.targets, 0, targets, row, part.rows());
            System.arraycopy(part.positions, 0, positions, row, part.rows());
            for (int each : part.documentStarts) {
                starts[start++] = row + each;
            }
            row += part.rows();
        }
        return new PackedRows(ids, targets, positions, starts);
    }

    /** How many rows. */
    public int rows() {
        return ids.length;
    }

    /** How many rows predict something. */
    public int predicted() {
        int predicted = 0;
        for (int target : targets) {
            if (target != NOT_PREDICTED) {
                predicted++;
            }
        }
        return predicted;
    }
}
