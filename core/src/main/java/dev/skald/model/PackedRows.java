package dev.skald.model;

import java.util.List;

/**
 * One micro-batch: the token rows of all its sequences, one after the other, without padding.
 *
 * @param ids token of each row
 * @param targets token that each row has to predict; -100: none
 * @param positions position of each row, for RoPE
 * @param documentStarts ascending, first 0: every row at which a new span of attention begins; the start of a sequence is one too
 */
@SuppressWarnings("ArrayRecordComponent") // as large as a batch, and read only
public record PackedRows(int[] ids, int[] targets, int[] positions, int[] documentStarts) {

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
