package dev.skald.grammar;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** Rules under construction. A rule is a choice of sequences; what stands in a sequence is a set of bytes, or another rule. */
final class Rules {

    /** What stands in a sequence. */
    sealed interface Item permits Bytes, Rule {}

    /** One byte of a set. */
    record Bytes(BitSet set) implements Item {}

    /** A choice of sequences; filled after it was made where it refers to itself. */
    static final class Rule implements Item {
        private final int number;
        private final List<List<Item>> choices = new ArrayList<>();

        private Rule(int number) {
            this.number = number;
        }

        int number() {
            return number;
        }

        List<List<Item>> choices() {
            return choices;
        }

        Rule or(Item... sequence) {
            choices.add(List.of(sequence));
            return this;
        }

        Rule or(List<Item> sequence) {
            choices.add(List.copyOf(sequence));
            return this;
        }
    }

    private int rules;

    Rule rule() {
        return new Rule(rules++);
    }

    /** How many there are. */
    int size() {
        return rules;
    }

    /** {@code from..to}, pairs of them. */
    static Bytes range(int... bounds) {
        BitSet set = new BitSet(256);
        for (int i = 0; i < bounds.length; i += 2) {
            set.set(bounds[i], bounds[i + 1] + 1);
        }
        return new Bytes(set);
    }

    /** A text as it is. */
    Rule literal(String text) {
        List<Item> items = new ArrayList<>();
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            items.add(range(b & 0xff, b & 0xff));
        }
        return rule().or(items);
    }

    Rule optional(Item item) {
        return rule().or(item).or();
    }

    /** {@code least} to {@code most} of an item. */
    Rule repeat(Item item, int least, int most) {
        Item rest = rule().or();
        for (int i = most; i > 0; i--) {
            rest = i > least ? rule().or(item, rest).or() : rule().or(item, rest);
        }
        return rule().or(rest);
    }

    /** Any number of an item. */
    Rule many(Item item) {
        Rule many = rule();
        return many.or(item, many).or();
    }
}
