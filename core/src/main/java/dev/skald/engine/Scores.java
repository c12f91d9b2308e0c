package dev.skald.engine;

import dev.skald.model.Llama;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/** The log-probabilities of given tokens, as they are found piece by piece. */
final class Scores {

    /** Rows whose logits are held at once. */
    private static final int ROWS = 32;

    final float[] logProbabilities;
    final int[] mostLikely;

    Scores(int tokens) {
        logProbabilities = new float[tokens];
        mostLikely = new int[tokens];
    }

    /**
     * Adds those that a piece of the prompt predicts.
     *
     * @param hidden {@code [rows, hidden]} of the piece
     * @param end where the piece ends in the prompt: its last row predicts token {@code end}
     */
    void add(Llama model, Tensor hidden, Request.Score score, int end) {
        int begin = end - (int) hidden.size(0);
        int first = Math.max(0, score.from() - 1 - begin);
        for (int row = first; row < end - begin; row += ROWS) {
            int count = Math.min(ROWS, end - begin - row);
            try (PointerScope _ = new PointerScope()) {
                Logits logits = new Logits(model.logits(hidden.narrow(0, row, count)));
                for (int i = 0; i < count; i++) {
                    int token = begin + row + i + 1;
                    add(logits.row(i), score.prompt()[token], token - score.from());
                }
            }
        }
    }

    private void add(float[] logits, int id, int at) {
        int best = 0;
        for (int i = 1; i < logits.length; i++) {
            if (logits[i] > logits[best]) {
                best = i;
            }
        }
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp((double) logit - logits[best]);
        }
        logProbabilities[at] = (float) (logits[id] - logits[best] - Math.log(sum));
        mostLikely[at] = best;
    }
}
