package dev.skald.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import dev.skald.InvalidInputException;
import dev.skald.grammar.Rules.Bytes;
import dev.skald.grammar.Rules.Item;
import dev.skald.grammar.Rules.Rule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The texts that are allowed, as an automaton over bytes. A state is a set of stacks of what is still to come, as in llama.cpp's grammars; states are numbered as they are met, and
 * what follows a state by a byte is worked out once, so that most steps are a look into an array. For one thread.
 */
public final class Grammar {

    /** The state that nothing leads out of: the text is not allowed. */
    public static final int DEAD = -1;

    private static final int UNKNOWN = -2;
    private static final int MOST_STACKS = 10_000;

    private final Map<Stack, Stack> stacks = new HashMap<>();
    private final Map<List<Integer>, Integer> states = new HashMap<>();
    private final List<List<Stack>> stacksOf = new ArrayList<>();
    private final List<int[]> following = new ArrayList<>();
    private final List<Boolean> accepting = new ArrayList<>();
    private int stackNumbers;

    /** What is still to come: an item and what comes after it, shared between stacks. */
    private static final class Stack {
        private final Item item;
        private final Stack below;
        private final int number;

        Stack(Item item, Stack below, int number) {
            this.item = item;
            this.below = below;
            this.number = number;
        }

        @Override
        @SuppressWarnings("ReferenceEquality") // items and stacks are shared
        public boolean equals(Object other) {
            return other instanceof Stack stack && stack.item == item && stack.below == below;
        }

        @Override
        public int hashCode() {
            return 31 * System.identityHashCode(item) + System.identityHashCode(below);
        }
    }

    private Grammar(Rule start) {
        Map<Integer, Stack> expanded = new TreeMap<>();
        boolean[] ends = new boolean[1];
        try {
            expand(start, null, expanded, ends);
        } catch (StackOverflowError e) {
            throw new InvalidInputException("the schema refers to itself without end", e);
        }
        state(expanded, ends[0]);
    }

    /** Any JSON object. */
    public static Grammar anyObject() {
        return new Grammar(new Json(new Rules()).object);
    }

    /**
     * The JSON that a schema allows.
     *
     * @throws InvalidInputException when the schema is not valid, or uses what is not supported
     */
    public static Grammar ofSchema(JsonNode schema) {
        return around("", schema, "");
    }

    /**
     * The JSON that a schema allows, between two texts.
     *
     * @throws InvalidInputException when the schema is not valid, or uses what is not supported
     */
    public static Grammar around(String before, JsonNode schema, String after) {
        Rules rules = new Rules();
        Rule json = new JsonSchema(schema, rules).rule();
        return new Grammar(rules.rule().or(rules.literal(before), json, rules.literal(after)));
    }

    /** The state before any byte. */
    public int start() {
        return 0;
    }

    /** How many states have been met. */
    int size() {
        return stacksOf.size();
    }

    /** Whether the text may end here. */
    public boolean accepts(int state) {
        return state != DEAD && accepting.get(state);
    }

    /** The state after one more byte. */
    public int next(int state, byte next) {
        if (state == DEAD) {
            return DEAD;
        }
        int[] known = following.get(state);
        int index = next & 0xff;
        if (known[index] == UNKNOWN) {
            known[index] = step(state, index);
        }
        return known[index];
    }

    /** The state after some more bytes. */
    public int next(int state, byte[] bytes) {
        int at = state;
        for (byte b : bytes) {
            at = next(at, b);
        }
        return at;
    }

    private int step(int state, int next) {
        Map<Integer, Stack> expanded = new TreeMap<>();
        boolean[] ends = new boolean[1];
        for (Stack stack : stacksOf.get(state)) {
            if (((Bytes) stack.item).set().get(next)) {
                push(stack.below, expanded, ends);
            }
        }
        return expanded.isEmpty() && !ends[0] ? DEAD : state(expanded, ends[0]);
    }

    /** Adds the stacks that begin with bytes and say what {@code stack} says. */
    private void push(Stack stack, Map<Integer, Stack> expanded, boolean[] ends) {
        if (stack == null) {
            ends[0] = true;
        } else {
            expand(stack.item, stack.below, expanded, ends);
        }
    }

    private void expand(Item item, Stack below, Map<Integer, Stack> expanded, boolean[] ends) {
        switch (item) {
            case Bytes bytes -> {
                Stack stack = stack(bytes, below);
                expanded.put(stack.number, stack);
                if (expanded.size() > MOST_STACKS) {
                    throw new InvalidInputException("the schema allows too many things at once");
                }
            }
            case Rule rule -> {
                for (List<Item> choice : rule.choices()) {
                    Stack rest = below;
                    for (int i = choice.size() - 1; i > 0; i--) {
                        rest = stack(choice.get(i), rest);
                    }
                    if (choice.isEmpty()) {
                        push(below, expanded, ends);
                    } else {
                        expand(choice.getFirst(), rest, expanded, ends);
                    }
                }
            }
        }
    }

    private Stack stack(Item item, Stack below) {
        return stacks.computeIfAbsent(new Stack(item, below, stackNumbers), stack -> {
            stackNumbers++;
            return stack;
        });
    }

    private int state(Map<Integer, Stack> expanded, boolean ends) {
        List<Integer> key = new ArrayList<>(expanded.keySet());
        key.add(ends ? -1 : -2);
        return states.computeIfAbsent(key, _ -> {
            int[] unknown = new int[256];
            Arrays.fill(unknown, UNKNOWN);
            stacksOf.add(List.copyOf(expanded.values()));
            following.add(unknown);
            accepting.add(ends);
            return stacksOf.size() - 1;
        });
    }
}
