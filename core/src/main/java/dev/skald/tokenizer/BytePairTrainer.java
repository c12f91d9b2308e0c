package dev.skald.tokenizer;

import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;

/**
 * Learns merges from counted pieces: again and again the pair of neighbours that occurs most often becomes a token. Of pairs that occur equally often the one with
 * the lower left id, then the lower right id, comes first, as in Hugging Face's trainer.
 *
 * <p>The counts of pairs are kept up to date: a merge changes those of the pairs to its left and right only, in the pieces that it is in. The heap holds each
 * pair with a count that it once had; if the count has fallen since, the pair goes back with the present one.
 */
final class BytePairTrainer {

    /** A merge: two ids, and how often the pair occurred. The id of what it makes is 256 + its index. */
    record Merge(int left, int right, long count) {}

    private record Candidate(long count, long key, int pair) implements Comparable<Candidate> {
        @Override
        public int compareTo(Candidate other) {
            return count != other.count ? Long.compare(other.count, count) : Long.compare(key, other.key);
        }
    }

    /** The ids of all pieces, one after the other; a piece shrinks where it stands. */
    private final int[] symbols;

    private final int[] start;
    private final int[] length;
    private final PieceCounts pieces;
    private final PairCounts pairs = new PairCounts();
    private final PriorityQueue<Candidate> heap = new PriorityQueue<>();

    /**
     * @param pieces what to learn from
     * @param byteIds the id of each byte
     */
    BytePairTrainer(PieceCounts pieces, int[] byteIds) {
        this.pieces = pieces;
        int n = pieces.pieces();
        symbols = new int[n == 0 ? 0 : pieces.end(n - 1)];
        start = new int[n];
        length = new int[n];
        for (int piece = 0; piece < n; piece++) {
            start[piece] = pieces.start(piece);
            length[piece] = pieces.end(piece) - start[piece];
            for (int i = start[piece]; i < pieces.end(piece); i++) {
                symbols[i] = byteIds[pieces.bytes()[i] & 0xFF];
            }
            for (int i = start[piece]; i + 1 < pieces.end(piece); i++) {
                int pair = pairs.index(PairCounts.key(symbols[i], symbols[i + 1]));
                pairs.change(pair, pieces.count(piece));
                pairs.place(pair, piece);
            }
        }
        for (int pair = 0; pair < pairs.size(); pair++) {
            push(pair);
        }
    }

    private void push(int pair) {
        heap.add(new Candidate(pairs.count(pair), pairs.key(pair), pair));
    }

    /**
     * Learns up to {@code count} merges, fewer when no pair occurs {@code minFrequency} times any more.
     */
    List<Merge> learn(int count, long minFrequency) {
        List<Merge> merges = new ArrayList<>();
        while (merges.size() < count && !heap.isEmpty()) {
            Candidate top = heap.remove();
            long present = pairs.count(top.pair());
            if (present < Math.max(1, minFrequency)) {
                continue;
            }
            if (present != top.count()) {
                push(top.pair());
                continue;
            }
            int left = (int) (top.key() >>> 32);
            int right = (int) top.key();
            mergeEverywhere(top.pair(), left, right, 256 + merges.size());
            merges.add(new Merge(left, right, present));
        }
        return merges;
    }

    private void mergeEverywhere(int pair, int left, int right, int merged) {
        int[] places = pairs.places(pair);
        int known = pairs.size();
        for (int piece : places) {
            merge(piece, left, right, merged);
        }
        pairs.remove(pair);
        for (int fresh = known; fresh < pairs.size(); fresh++) {
            push(fresh);
        }
    }

    private void merge(int piece, int left, int right, int merged) {
        long times = pieces.count(piece);
        int from = start[piece];
        int to = from + length[piece];
        int size = from;
        int i = from;
        while (i < to) {
            if (symbols[i] != left || i + 1 == to || symbols[i + 1] != right) {
                symbols[size++] = symbols[i++];
                continue;
            }
            if (size > from) {
                pairs.change(pairs.index(PairCounts.key(symbols[size - 1], left)), -times);
                gain(symbols[size - 1], merged, piece, times);
            }
            i += 2;
            if (i < to) {
                pairs.change(pairs.index(PairCounts.key(right, symbols[i])), -times);
                gain(merged, symbols[i], piece, times);
            }
            symbols[size++] = merged;
        }
        length[piece] = size - from;
    }

    private void gain(int left, int right, int piece, long times) {
        int pair = pairs.index(PairCounts.key(left, right));
        pairs.change(pair, times);
        pairs.place(pair, piece);
    }
}
