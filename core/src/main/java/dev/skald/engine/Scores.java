package dev.skald.engine;

import dev.skald.kernel.LogitLoops;
import dev.skald.model.Llama;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/** The log-probabilities of given tokens, as they are found piece by piece. */
final class Scores {

    /** Rows whose logits are held at once. */
    private static final int ROWS = 32;

    private final float[] logProbabilities;
    private final int[] mostLikely;
    private final int[][] topIds;
    private final float[][] topLogProbabilities;

    Scores(int tokens, int top) {
        logProbabilities = new float[tokens];
        mostLikely = new int[tokens];
        topIds = new int[tokens][top];
        topLogProbabilities = new float[tokens][top];
    }

    Handle.TokenScores result() {
        return new Handle.TokenScores(logProbabilities, mostLikely, topIds, topLogProbabilities);
    }

    /**
     * Adds those that a span of the prompt predicts.
     *
     * @param hidden {@code [rows, hidden]} of the span
     * @param start the span's first position, which predicts the token after it
     * @param logits {@code [vocab]}: overwritten
     */
    void add(Llama model, Tensor hidden, Llama.Span span, int start, Request.Score score, float[] logits) {
        int rows = span.ids().length;
        int first = Math.max(0, score.from() - 1 - start);
        // Rows of many are multiplied with their whole run, so that their bits do not depend on where the scores begin.
        int piece = span.many() ? Llama.RUN : ROWS;
        for (int row = span.many() ? first / piece * piece : first; row < rows; row += piece) {
            int count = Math.min(piece, rows - row);
            try (PointerScope _ = new PointerScope()) {
                Tensor some = hidden.narrow(0, row, count);
                Logits found = new Logits(span.many() ? model.logitsOfMany(some) : model.logits(some));
                for (int i = Math.max(0, first - row); i < count; i++) {
                    int token = start + row + i + 1;
                    found.row(i, logits);
                    add(logits, score.prompt()[token], token - score.from());
                    score.observer().ifPresent(observer -> observer.see(token - score.from(), logits));
                }
            }
        }
    }

    private void add(float[] logits, int id, int at) {
        LogitLoops.requireFinite(logits, logits.length);
        double logSumExp = LogitLoops.logSumExp(logits, logits.length);
        logProbabilities[at] = (float) (logits[id] - logSumExp);
        mostLikely[at] = LogitLoops.highest(logits, logits.length);
        int[] top = LogitLoops.highest(logits, logits.length, topIds[at].length);
        topIds[at] = top;
        for (int i = 0; i < top.length; i++) {
            topLogProbabilities[at][i] = (float) (logits[top[i]] - logSumExp);
        }
    }
}
