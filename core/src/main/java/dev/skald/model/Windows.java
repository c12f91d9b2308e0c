package dev.skald.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How a document is cut to measure a model on it, by {@code evaluate} and by a training run's validation alike: windows of a fixed length, one after
 * the other without overlap, each read by itself; all tokens of a window but the first are predicted.
 */
public final class Windows {

    private Windows() {}

    /**
     * The windows of a document in which there is something to predict.
     *
     * @param document ids, marks included; without the token that ends it, which no text has
     * @param length tokens of a window, 2 or more
     */
    public static List<int[]> of(int[] document, int length) {
        List<int[]> windows = new ArrayList<>();
        for (int from = 0; from + 1 < document.length; from += length) {
            windows.add(Arrays.copyOfRange(document, from, Math.min(document.length, from + length)));
        }
        return windows;
    }

    /** Windows side by side, as rows that each predict the token after them. */
    public static PackedRows rows(List<int[]> windows) {
        int rows = windows.stream().mapToInt(window -> window.length - 1).sum();
        int[] ids = new int[rows];
        int[] targets = new int[rows];
        int[] positions = new int[rows];
        int[] starts = new int[windows.size()];
        int row = 0;
        for (int i = 0; i < starts.length; i++) {
            starts[i] = row;
            int[] window = windows.get(i);
            for (int p = 0; p + 1 < window.length; p++, row++) {
                ids[row] = window[p];
                targets[row] = window[p + 1];
                positions[row] = p;
            }
        }
        return new PackedRows(ids, targets, positions, starts);
    }
}
