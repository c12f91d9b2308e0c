package dev.skald.grammar;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * The tokens of a vocabulary by their bytes, in the order of a walk through their trie: node by node, each with its byte, its depth, and how many nodes are
 * below it, which a walk passes over when none of them is allowed. Immutable.
 */
public final class TokenTrie {

    private final int vocabulary;
    private final byte[] value;
    private final int[] depth;
    /** The node after all that are below this one. */
    private final int[] end;
    /** Where the ids of a node's tokens begin; those of the next node's begin where they end. */
    private final int[] firstId;

    private final int[] ids;

    /**
     * @param vocabulary how many ids there are
     * @param bytes what a token stands for; empty for one that may never be chosen
     */
    public TokenTrie(int vocabulary, IntFunction<byte[]> bytes) {
        this.vocabulary = vocabulary;
        List<byte[]> spelled = IntStream.range(0, vocabulary).mapToObj(bytes).toList();
        ids = IntStream.range(0, vocabulary)
                .filter(id -> spelled.get(id).length > 0)
                .boxed()
                .sorted(Comparator.comparing(spelled::get, Arrays::compareUnsigned))
                .mapToInt(Integer::intValue)
                .toArray();
        int most = 0;
        byte[] before = {};
        for (int id : ids) {
            most += spelled.get(id).length - Math.max(0, shared(before, spelled.get(id)));
            before = spelled.get(id);
        }
        value = new byte[most];
        depth = new int[most];
        end = new int[most];
        firstId = new int[most + 1];
        build(spelled);
    }

    private static int shared(byte[] left, byte[] right) {
        int mismatch = Arrays.mismatch(left, right);
        return mismatch < 0 ? left.length : mismatch;
    }

    private void build(List<byte[]> spelled) {
        int[] path = new int[1024];
        int open = 0;
        int nodes = 0;
        byte[] before = {};
        for (int i = 0; i < ids.length; i++) {
            byte[] bytes = spelled.get(ids[i]);
            int shared = shared(before, bytes);
            for (; open > shared; open--) {
                end[path[open - 1]] = nodes;
            }
            for (; open < bytes.length; open++) {
                if (open == path.length) {
                    path = Arrays.copyOf(path, 2 * open);
                }
                value[nodes] = bytes[open];
                depth[nodes] = open;
                firstId[nodes] = i;
                path[open] = nodes++;
            }
            before = bytes;
        }
        for (; open > 0; open--) {
            end[path[open - 1]] = nodes;
        }
        firstId[nodes] = ids.length;
    }

    /** The tokens that lead from a state to one that is not dead, as bits. */
    long[] allowed(Grammar grammar, int state) {
        long[] mask = new long[(vocabulary + 63) >> 6];
        int[] states = new int[64];
        states[0] = state;
        for (int node = 0; node < value.length; ) {
            int level = depth[node];
            int next = grammar.next(states[level], value[node]);
            if (next == Grammar.DEAD) {
                node = end[node];
                continue;
            }
            for (int i = firstId[node]; i < firstId[node + 1]; i++) {
                mask[ids[i] >> 6] |= 1L << ids[i];
            }
            if (level + 2 > states.length) {
                states = Arrays.copyOf(states, 2 * states.length);
            }
            states[level + 1] = next;
            node++;
        }
        return mask;
    }
}
