package dev.skald.generate;

import dev.skald.grammar.Grammar;
import dev.skald.grammar.TokenMasks;
import java.util.List;

/** Rules out what a grammar does not allow. Follows one text. */
final class GrammarMask {

    private final TokenMasks masks;
    private final Grammars grammars;
    private final List<Integer> ends;
    private int state;

    /** @param ends tokens that end the text, allowed where it may end */
    GrammarMask(TokenMasks masks, Grammars grammars, List<Integer> ends) {
        this.masks = masks;
        this.grammars = grammars;
        this.ends = ends;
        this.state = masks.grammar().start();
    }

    void process(float[] scores) {
        long[] allowed = masks.allowed(state);
        float[] endScores = new float[ends.size()];
        for (int i = 0; i < endScores.length; i++) {
            endScores[i] = ends.get(i) < scores.length ? scores[ends.get(i)] : 0;
        }
        for (int id = 0; id < scores.length; id++) {
            if ((allowed[id >> 6] >> id & 1) == 0) {
                scores[id] = Float.NEGATIVE_INFINITY;
            }
        }
        if (masks.grammar().accepts(state)) {
            for (int i = 0; i < endScores.length; i++) {
                if (ends.get(i) < scores.length) {
                    scores[ends.get(i)] = endScores[i];
                }
            }
        }
    }

    void add(int id) {
        state = ends.contains(id) ? state : masks.grammar().next(state, grammars.bytes(id));
    }

    /** Whether the text is complete, and nothing may follow. */
    boolean isComplete() {
        if (state == Grammar.DEAD || !masks.grammar().accepts(state)) {
            return false;
        }
        for (long word : masks.allowed(state)) {
            if (word != 0) {
                return false;
            }
        }
        return true;
    }
}
