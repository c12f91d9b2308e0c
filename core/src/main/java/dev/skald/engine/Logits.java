package dev.skald.engine;

import dev.skald.model.Llama;
import org.bytedeco.pytorch.AbstractTensor;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Rows of logits on their way to Java. */
final class Logits {

    private final Tensor rows;
    private final int vocab;

    /** @param rows f32 {@code [rows, vocab]}; the caller's scope keeps it */
    Logits(Tensor rows) {
        this.rows = rows.cpu().contiguous();
        this.vocab = (int) rows.size(1);
    }

    /**
     * The logits of some rows of hidden states.
     *
     * @param hidden {@code [rows, hidden]}
     * @param chosen ascending; at least one
     */
    static Logits of(Llama model, Tensor hidden, int[] chosen) {
        boolean contiguous = chosen[chosen.length - 1] - chosen[0] == chosen.length - 1;
        if (contiguous) {
            return new Logits(model.logits(hidden.narrow(0, chosen[0], chosen.length)));
        }
        return new Logits(model.logits(
                hidden.index_select(0, AbstractTensor.create(chosen).to(hidden.device(), ScalarType.Int))));
    }

    /** A row, copied to {@code to [vocab]}. */
    void row(int row, float[] to) {
        rows.narrow(0, row, 1).data_ptr_float().get(to, 0, vocab);
    }
}
