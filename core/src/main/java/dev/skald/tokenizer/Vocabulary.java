package dev.skald.tokenizer;

import dev.skald.InvalidInputException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;

/**
 * The tokens of the model: id to bytes, and bytes to id by open addressing. All bytes lie in one array, so that a vocabulary of 128,000 tokens is four
 * arrays and no object per token.
 *
 * <p>In a byte-level vocabulary a token is the bytes that it spells in the {@link ByteAlphabet}; otherwise it is its UTF-8. A token of a byte-level
 * vocabulary with a character outside the alphabet is kept as UTF-8 and is never found by its bytes, as no text reaches it.
 */
final class Vocabulary {

    /** Ids are below this, so that a pair of them and a rank fit one long. */
    static final int MAX_SIZE = 1 << 21;

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final boolean byteLevel;
    private final byte[] bytes;
    private final int[] start;
    private final int[] end;
    private final int[] slots;
    private final BitSet literal;
    private final int maxLength;

    private Vocabulary(Builder builder) {
        byteLevel = builder.byteLevel;
        bytes = Arrays.copyOf(builder.bytes, builder.used);
        start = Arrays.copyOf(builder.start, builder.size);
        end = Arrays.copyOf(builder.end, builder.size);
        literal = builder.literal;
        slots = new int[Integer.highestOneBit(Math.max(8, builder.count) * 2 - 1) * 2];
        int longest = 0;
        for (int id = 0; id < start.length; id++) {
            if (start[id] >= 0 && !literal.get(id)) {
                insert(id);
                longest = Math.max(longest, end[id] - start[id]);
            }
        }
        maxLength = longest;
    }

    private void insert(int id) {
        int mask = slots.length - 1;
        int slot = (int) hash(bytes, start[id], end[id]) & mask;
        while (slots[slot] != 0) {
            int other = slots[slot] - 1;
            if (is(other, bytes, start[id], end[id])) {
                throw new InvalidInputException(
                        "model.vocab: the token " + Quoted.of(token(id)) + " has two ids: " + other + " and " + id);
            }
            slot = (slot + 1) & mask;
        }
        slots[slot] = id + 1;
    }

    boolean byteLevel() {
        return byteLevel;
    }

    /** One more than the highest id. */
    int size() {
        return start.length;
    }

    /** The length of the longest token in bytes. */
    int maxLength() {
        return maxLength;
    }

    /** The id of the token with the bytes {@code from <= i < to}, or -1. */
    int find(byte[] text, int from, int to) {
        if (to - from > maxLength) {
            return -1;
        }
        int mask = slots.length - 1;
        int slot = (int) hash(text, from, to) & mask;
        while (slots[slot] != 0) {
            int id = slots[slot] - 1;
            if (is(id, text, from, to)) {
                return id;
            }
            slot = (slot + 1) & mask;
        }
        return -1;
    }

    /** Whether there is such a token and {@link #find} gives it for these bytes. */
    boolean finds(int id, byte[] text, int from, int to) {
        return has(id) && !literal.get(id) && is(id, text, from, to);
    }

    /** Whether the token has these bytes. Arrays.equals is slower until it is compiled, and loading a tokenizer is over by then. */
    private boolean is(int id, byte[] text, int from, int to) {
        int at = start[id];
        if (end[id] - at != to - from) {
            return false;
        }
        for (int i = from; i < to; i++) {
            if (text[i] != bytes[at++]) {
                return false;
            }
        }
        return true;
    }

    /** The id of the token spelled as in tokenizer.json, or -1. */
    int find(String token) {
        byte[] utf8 = token.getBytes(StandardCharsets.UTF_8);
        if (!byteLevel) {
            return find(utf8, 0, utf8.length);
        }
        byte[] spelled = utf8.clone();
        int length = ByteAlphabet.unspell(spelled, spelled.length);
        if (length >= 0) {
            return find(spelled, 0, length);
        }
        return literal.stream()
                .filter(id -> is(id, utf8, 0, utf8.length))
                .findFirst()
                .orElse(-1);
    }

    boolean has(int id) {
        return id >= 0 && id < start.length && start[id] >= 0;
    }

    /** The token as tokenizer.json spells it. */
    String token(int id) {
        return byteLevel && !literal.get(id)
                ? ByteAlphabet.spell(bytes, start[id], end[id])
                : new String(bytes, start[id], end[id] - start[id], StandardCharsets.UTF_8);
    }

    /** The bytes of the token. */
    byte[] bytes(int id) {
        return Arrays.copyOfRange(bytes, start[id], end[id]);
    }

    int length(int id) {
        return end[id] - start[id];
    }

    /** Copies the bytes of the token to {@code target} at {@code at}; returns how many. */
    int copy(int id, byte[] target, int at) {
        int length = end[id] - start[id];
        System.arraycopy(bytes, start[id], target, at, length);
        return length;
    }

    static long hash(byte[] text, int from, int to) {
        long hash = (long) to - from;
        int i = from;
        for (; i + 8 <= to; i += 8) {
            hash = mix(hash ^ (long) LONG.get(text, i));
        }
        long tail = 0;
        for (int shift = 0; i < to; i++, shift += 8) {
            tail |= (text[i] & 0xFFL) << shift;
        }
        return mix(hash ^ tail);
    }

    private static long mix(long x) {
        long product = x * 0x9E3779B97F4A7C15L;
        return product ^ product >>> 32;
    }

    /** Collects the tokens in the order of the file. */
    static final class Builder {
        private final boolean byteLevel;
        private final BitSet literal = new BitSet();
        private byte[] bytes = new byte[1 << 20];
        private int used;
        private int[] start = new int[1 << 17];
        private int[] end = new int[1 << 17];
        private int size;
        private int count;

        Builder(boolean byteLevel) {
            this.byteLevel = byteLevel;
            Arrays.fill(start, -1);
        }

        /** Adds a token, given as tokenizer.json spells it, in UTF-8; {@code utf8} is overwritten. */
        void add(byte[] utf8, int length, int id) {
            if (id < 0 || id >= MAX_SIZE) {
                throw new InvalidInputException(
                        "model.vocab: id " + id + " of " + Quoted.of(utf8, length) + " is not in 0.." + (MAX_SIZE - 1));
            }
            if (id >= start.length) {
                int old = start.length;
                int room = Math.max(id + 1, old * 2);
                start = Arrays.copyOf(start, room);
                end = Arrays.copyOf(end, room);
                Arrays.fill(start, old, room, -1);
            }
            if (start[id] >= 0) {
                throw new InvalidInputException(
                        "model.vocab: id " + id + " is given twice, the second time to " + Quoted.of(utf8, length));
            }
            int stored = length;
            if (byteLevel) {
                stored = ByteAlphabet.unspell(utf8, length);
                if (stored < 0) {
                    literal.set(id);
                    stored = length;
                }
            }
            if (used + stored > bytes.length) {
                bytes = Arrays.copyOf(bytes, Math.max(used + stored, bytes.length * 2));
            }
            System.arraycopy(utf8, 0, bytes, used, stored);
            start[id] = used;
            used += stored;
            end[id] = used;
            size = Math.max(size, id + 1);
            count++;
        }

        Vocabulary build() {
            return new Vocabulary(this);
        }
    }
}
