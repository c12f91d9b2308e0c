package dev.skald.tune;

import dev.skald.chat.Conversation;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * Which tokens of a conversation are learned: what the messages say of the roles that are, and the tokens that end them; never headers. The
 * rule is that of Axolotl's chat_template.py; but what a message says is known from its rendering, where Axolotl compares texts.
 *
 * @param eos the tokenizer's eos token; -1: none
 * @param eot tokens that end a message
 */
record LabelRule(int eos, Set<Integer> eot, String trainOnEos, String trainOnEot) {

    /** A token that ends a message is looked for up to here behind it. */
    private static final int NEAR = 3;

    private static final String ALL = "all";

    LabelRule {
        eot = Set.copyOf(eot);
    }

    /**
     * The labels of a conversation's tokens.
     *
     * @param starts by message, a token before its first that the template writes for it alone, such as the mark before a call; -1: none
     */
    int[] of(Conversation conversation, List<Turn> turns, int[] starts) {
        int[] ids = conversation.ids();
        int[] labels = new int[ids.length];
        Arrays.fill(labels, Example.NOT_LEARNED);
        int lastEot = -1;
        int lastEos = -1;
        for (int i = 0; i < turns.size(); i++) {
            Turn turn = turns.get(i);
            if (!turn.learned() && !trainOnEos.equals(ALL) && !trainOnEot.equals(ALL)) {
                continue;
            }
            int start = starts[i] >= 0 ? starts[i] : start(conversation, i);
            int end = end(conversation, turns, i);
            if (start < 0 || start >= end) {
                continue;
            }
            int ends = find(ids, end, eot);
            int endsText = find(ids, end, Set.of(eos));
            if (turn.learned()) {
                for (int t = start; t < end; t++) {
                    Conversation.Said said = conversation.tokens().get(t);
                    if (said.message() != i || turn.learns(said.from(), said.to())) {
                        labels[t] = ids[t];
                    }
                }
            }
            lastEot = label(labels, ids, ends, trainOnEot, turn.learned()) ? ends : lastEot;
            lastEos = label(labels, ids, endsText, trainOnEos, turn.learned()) ? endsText : lastEos;
        }
        if (trainOnEot.equals("last") && lastEot >= 0) {
            labels[lastEot] = ids[lastEot];
        }
        if (trainOnEos.equals("last") && lastEos >= 0) {
            labels[lastEos] = ids[lastEos];
        }
        return labels;
    }

    /** Labels a token that ends a message, when it is to be; returns whether there is one. */
    private static boolean label(int[] labels, int[] ids, int at, String which, boolean learned) {
        if (at >= 0 && (which.equals(ALL) || (which.equals("turn") && learned))) {
            labels[at] = ids[at];
        }
        return at >= 0;
    }

    /** The first token of what a message says. */
    private static int start(Conversation conversation, int message) {
        for (int t = 0; t < conversation.ids().length; t++) {
            if (conversation.tokens().get(t).message() == message) {
                return t;
            }
        }
        return -1;
    }

    /** After the last token of what a message says; with calls of tools, after what the template writes up to the token that ends it. */
    private int end(Conversation conversation, List<Turn> turns, int message) {
        int[] ids = conversation.ids();
        int end = ids.length;
        while (end > 0 && conversation.tokens().get(end - 1).message() != message) {
            end--;
        }
        if (end > 0 && turns.get(message).calls()) {
            for (int t = end; t < ids.length && conversation.tokens().get(t).message() < 0; t++) {
                if (ids[t] == eos || eot.contains(ids[t])) {
                    return t;
                }
            }
        }
        return end;
    }

    private static int find(int[] ids, int from, Set<Integer> wanted) {
        for (int t = from; t < Math.min(ids.length, from + NEAR + 1); t++) {
            if (wanted.contains(ids[t])) {
                return t;
            }
        }
        return -1;
    }
}
