package dev.skald.engine;

import org.bytedeco.pytorch.Tensor;

/** Rows of logits on their way to Java. */
final class Logits {

    private final Tensor rows;
    private final int vocab;

    /** @param rows f32 {@code [rows, vocab]}; the caller's scope keeps it */
    Logits(Tensor rows) {
        this.rows = rows.cpu().contiguous();
        this.vocab = (int) rows.size(1);
    }

    /** A row, in an array of its own. */
    float[] row(int row) {
        float[] copy = new float[vocab];
        rows.narrow(0, row, 1).data_ptr_float().get(copy);
        return copy;
    }
}
