package dev.skald.grammar;

import java.util.LinkedHashMap;
import java.util.Map;

/** Which tokens a grammar allows, by state; kept for the next text of the same grammar, the least recently used ones forgotten. For one thread. */
public final class TokenMasks {

    private static final int MOST_KEPT = 1024;

    private final Grammar grammar;
    private final TokenTrie vocabulary;
    private final Map<Integer, long[]> masks = new LinkedHashMap<>(64, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Integer, long[]> eldest) {
            return size() > MOST_KEPT;
        }
    };

    /** Masks that are worked out as they are needed. */
    public TokenMasks(Grammar grammar, TokenTrie vocabulary) {
        this.grammar = grammar;
        this.vocabulary = vocabulary;
    }

    /** The grammar. */
    public Grammar grammar() {
        return grammar;
    }

    /** The ids that may follow, as bits; not to be changed. */
    public long[] allowed(int state) {
        return masks.computeIfAbsent(state, _ -> vocabulary.allowed(grammar, state));
    }
}
