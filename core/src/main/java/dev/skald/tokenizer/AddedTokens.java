package dev.skald.tokenizer;

import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * Finds added tokens in text: at each place the longest one that begins there, from left to right. Immutable.
 *
 * <p>The tokens lie in a trie whose nodes are four arrays: the byte, the first child, the next sibling, the token that ends here.
 */
final class AddedTokens {

    /** A token that is looked for in the text before the model sees it; the names are those of tokenizer.json. */
    record AddedToken(
            int id,
            String content,
            boolean singleWord,
            boolean lstrip,
            boolean rstrip,
            boolean normalized,
            boolean special) {}

    /** Takes the parts of a text in order. */
    interface Sink {
        void text(byte[] utf8, int from, int to);

        void token(int id);
    }

    private final List<AddedToken> tokens;
    private final boolean[] first = new boolean[256];
    private byte[] value = new byte[64];
    private int[] child = new int[64];
    private int[] sibling = new int[64];
    private int[] token = new int[64];
    private int nodes = 1;

    /**
     * @param tokens the tokens, of which the first of two with the same spelling counts
     * @param spellings what each looks like in the text, in UTF-8
     */
    AddedTokens(List<AddedToken> tokens, List<byte[]> spellings) {
        this.tokens = List.copyOf(tokens);
        Arrays.fill(token, -1);
        for (int i = 0; i < tokens.size(); i++) {
            insert(spellings.get(i), i);
        }
    }

    boolean isEmpty() {
        return tokens.isEmpty();
    }

    private void insert(byte[] spelling, int index) {
        if (spelling.length == 0) {
            return;
        }
        first[spelling[0] & 0xFF] = true;
        int node = 0;
        for (byte b : spelling) {
            int next = step(node, b);
            if (next == 0) {
                next = newNode(b);
                sibling[next] = child[node];
                child[node] = next;
            }
            node = next;
        }
        if (token[node] < 0) {
            token[node] = index;
        }
    }

    private int newNode(byte b) {
        if (nodes == value.length) {
            value = Arrays.copyOf(value, nodes * 2);
            child = Arrays.copyOf(child, nodes * 2);
            sibling = Arrays.copyOf(sibling, nodes * 2);
            token = Arrays.copyOf(token, nodes * 2);
            Arrays.fill(token, nodes, nodes * 2, -1);
        }
        value[nodes] = b;
        return nodes++;
    }

    private int step(int node, byte b) {
        int next = child[node];
        while (next != 0 && value[next] != b) {
            next = sibling[next];
        }
        return next;
    }

    /**
     * Hands the text {@code from <= i < to} to the sink, cut at the added tokens.
     *
     * @param plain bytes of {@code utf8} that are no part of a special token
     */
    void split(byte[] utf8, int from, int to, BitSet plain, Sink sink) {
        int done = from;
        int at = from;
        while (at < to) {
            if (!first[utf8[at] & 0xFF]) {
                at++;
                continue;
            }
            int node = 0;
            int found = -1;
            int end = at;
            for (int i = at; i < to && (node = step(node, utf8[i])) != 0; i++) {
                if (token[node] >= 0 && isAllowed(tokens.get(token[node]), plain, at, i + 1)) {
                    found = token[node];
                    end = i + 1;
                }
            }
            if (found < 0) {
                at++;
                continue;
            }
            AddedToken match = tokens.get(found);
            int start = at;
            at = end;
            if (match.singleWord() && !isSingleWord(utf8, from, to, start, end)) {
                continue;
            }
            if (match.lstrip()) {
                start = Math.max(blanksBefore(utf8, from, start), done);
            }
            if (match.rstrip()) {
                end = blanksAfter(utf8, end, to);
            }
            if (done < start) {
                sink.text(utf8, done, start);
            }
            sink.token(match.id());
            done = end;
        }
        if (done < to) {
            sink.text(utf8, done, to);
        }
    }

    private static boolean isAllowed(AddedToken token, BitSet plain, int from, int to) {
        int next = token.special() ? plain.nextSetBit(from) : -1;
        return next < 0 || next >= to;
    }

    private static boolean isSingleWord(byte[] utf8, int from, int to, int start, int end) {
        boolean before = start > from && isWord(Utf8.codePoint(utf8, Utf8.previous(utf8, from, start), to));
        boolean after = end < to && isWord(Utf8.codePoint(utf8, end, to));
        return !before && !after;
    }

    /** {@code \w} of Unicode's regular expressions: alphabetic, mark, decimal number, connector, join control. */
    private static boolean isWord(int codePoint) {
        return Character.isAlphabetic(codePoint)
                || codePoint == 0x200C
                || codePoint == 0x200D
                || switch (Character.getType(codePoint)) {
                    case Character.NON_SPACING_MARK,
                            Character.ENCLOSING_MARK,
                            Character.COMBINING_SPACING_MARK,
                            Character.DECIMAL_DIGIT_NUMBER,
                            Character.CONNECTOR_PUNCTUATION -> true;
                    default -> false;
                };
    }

    private static int blanksBefore(byte[] utf8, int from, int at) {
        int start = at;
        while (start > from) {
            int previous = Utf8.previous(utf8, from, start);
            if (!CharacterClass.isWhiteSpace(Utf8.codePoint(utf8, previous, start))) {
                break;
            }
            start = previous;
        }
        return start;
    }

    private static int blanksAfter(byte[] utf8, int at, int to) {
        int end = at;
        while (end < to && CharacterClass.isWhiteSpace(Utf8.codePoint(utf8, end, to))) {
            end = Utf8.next(utf8, end, to);
        }
        return end;
    }
}
