package dev.skald.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Byte-pair encoding of one piece of text: its symbols are joined, always the pair of lowest rank and of these the leftmost, until no pair merges.
 *
 * <p>A short piece keeps the ranks of its pairs in an array and looks for the lowest by a scan; a long one keeps them in a heap, with the symbols in a doubly
 * linked list, so that a run of a million letters takes n log n. Not thread-safe: it owns the arrays it works in.
 */
final class BytePairEncoder {

    private static final int NONE = Integer.MAX_VALUE;
    private static final int SHORT = 64;

    private final BytePairModel model;
    private final PieceCache cache = new PieceCache();
    private int[] symbols = new int[256];
    private int[] ranks = new int[SHORT];
    private int count;
    private int pendingUnknowns;

    BytePairEncoder(BytePairModel model) {
        this.model = model;
    }

    /** Appends the ids of the piece {@code from <= i < to}: bytes for a byte-level model, UTF-8 for another. */
    void encode(byte[] piece, int from, int to, TokenIds out) {
        if (to - from > PieceCache.LONGEST) {
            compute(piece, from, to, out);
        } else if (!cache.find(piece, from, to, out)) {
            int start = out.size();
            compute(piece, from, to, out);
            cache.keep(out, start);
        }
    }

    private void compute(byte[] piece, int from, int to, TokenIds out) {
        if (model.ignoreMerges()) {
            int id = model.vocabulary().find(piece, from, to);
            if (id >= 0) {
                out.add(id);
                return;
            }
        }
        split(piece, from, to);
        if (count > SHORT) {
            mergeLong();
        } else {
            mergeShort();
        }
        for (int i = 0; i < count; i++) {
            out.add(symbols[i]);
        }
    }

    private void split(byte[] piece, int from, int to) {
        count = 0;
        pendingUnknowns = 0;
        if (symbols.length < to - from) {
            symbols = new int[Math.max(to - from, symbols.length * 2)];
        }
        Vocabulary vocabulary = model.vocabulary();
        if (vocabulary.byteLevel()) {
            for (int i = from; i < to; i++) {
                int id = model.byteId(piece[i]);
                if (id >= 0) {
                    known(id);
                } else {
                    byte[] spelled =
                            String.valueOf(ByteAlphabet.character(piece[i])).getBytes(StandardCharsets.UTF_8);
                    unknown(spelled, 0, spelled.length);
                }
            }
        } else {
            for (int i = from; i < to; ) {
                int end = Utf8.next(piece, i, to);
                int id = end == i + 1 ? model.byteId(piece[i]) : vocabulary.find(piece, i, end);
                if (id >= 0) {
                    known(id);
                } else {
                    unknown(piece, i, end);
                }
                i = end;
            }
        }
        flushUnknowns();
    }

    private void known(int id) {
        flushUnknowns();
        append(id);
    }

    /** A character that is no token: the tokens of its bytes, the unknown token, or nothing, as the model has it. */
    private void unknown(byte[] utf8, int from, int to) {
        if (model.fallback(utf8, from, to)) {
            for (int i = from; i < to; i++) {
                append(model.fallbackId(utf8[i]));
            }
        } else if (model.unknownId() >= 0) {
            if (!model.fuseUnknown()) {
                flushUnknowns();
            }
            pendingUnknowns = 1;
        }
    }

    private void flushUnknowns() {
        if (pendingUnknowns > 0) {
            append(model.unknownId());
            pendingUnknowns = 0;
        }
    }

    private void append(int id) {
        if (count == symbols.length) {
            symbols = Arrays.copyOf(symbols, count * 2);
        }
        symbols[count++] = id;
    }

    private void mergeShort() {
        Merges merges = model.merges();
        int pairs = count - 1;
        for (int i = 0; i < pairs; i++) {
            ranks[i] = merges.rank(symbols[i], symbols[i + 1]);
        }
        while (pairs > 0) {
            int best = 0;
            int lowest = ranks[0];
            for (int i = 1; i < pairs; i++) {
                if (ranks[i] < lowest) {
                    lowest = ranks[i];
                    best = i;
                }
            }
            if (lowest == NONE) {
                break;
            }
            symbols[best] = merges.merged(lowest);
            System.arraycopy(symbols, best + 2, symbols, best + 1, pairs - best - 1);
            pairs--;
            System.arraycopy(ranks, best + 1, ranks, best, pairs - best);
            if (best < pairs) {
                ranks[best] = merges.rank(symbols[best], symbols[best + 1]);
            }
            if (best > 0) {
                ranks[best - 1] = merges.rank(symbols[best - 1], symbols[best]);
            }
        }
        count = Math.min(count, pairs + 1);
    }

    /** As {@link #mergeShort}, by a heap of rank and position; a pair that changed since it was put there is passed over. */
    private void mergeLong() {
        Merges merges = model.merges();
        int n = count;
        int[] next = new int[n];
        int[] previous = new int[n];
        int[] rank = new int[n]; // of the pair that starts here
        LongHeap heap = new LongHeap(n);
        for (int i = 0; i < n; i++) {
            next[i] = i + 1;
            previous[i] = i - 1;
            rank[i] = i + 1 < n ? merges.rank(symbols[i], symbols[i + 1]) : NONE;
            push(heap, rank[i], i);
        }
        while (!heap.isEmpty()) {
            long top = heap.remove();
            int at = (int) top;
            int lowest = (int) (top >>> 32);
            if (rank[at] != lowest) {
                continue;
            }
            int right = next[at];
            symbols[at] = merges.merged(lowest);
            rank[right] = NONE;
            next[at] = next[right];
            rank[at] = NONE;
            if (next[at] < n) {
                previous[next[at]] = at;
                rank[at] = merges.rank(symbols[at], symbols[next[at]]);
                push(heap, rank[at], at);
            }
            int left = previous[at];
            if (left >= 0) {
                rank[left] = merges.rank(symbols[left], symbols[at]);
                push(heap, rank[left], left);
            }
        }
        count = 0;
        for (int i = 0; i < n; i = next[i]) {
            symbols[count++] = symbols[i];
        }
    }

    private static void push(LongHeap heap, int rank, int at) {
        if (rank != NONE) {
            heap.add((long) rank << 32 | at);
        }
    }
}
