package dev.skald.tokenizer;

import java.util.Arrays;

/** A growing list of token ids that can be filled again and again. Not thread-safe. */
public final class TokenIds {

    private int[] ids;
    private int size;

    /** An empty list. */
    public TokenIds() {
        this(256);
    }

    /**
     * @param capacity how many ids it holds before it grows
     */
    public TokenIds(int capacity) {
        ids = new int[Math.max(8, capacity)];
    }

    /** Appends one id. */
    public void add(int id) {
        if (size == ids.length) {
            ids = Arrays.copyOf(ids, size * 2);
        }
        ids[size++] = id;
    }

    /** The array behind this list, with room for {@code more} ids after the first {@link #size()}. */
    int[] room(int more) {
        if (size + more > ids.length) {
            ids = Arrays.copyOf(ids, Math.max(size + more, ids.length * 2));
        }
        return ids;
    }

    /** Counts in ids that were written to the array of {@link #room}. */
    void grow(int by) {
        size += by;
    }

    /** The number of ids. */
    public int size() {
        return size;
    }

    /** The id at {@code index}. */
    public int get(int index) {
        if (index >= size) {
            throw new IndexOutOfBoundsException("index " + index + " of " + size);
        }
        return ids[index];
    }

    /** Forgets the ids and keeps the room for them. */
    public void clear() {
        size = 0;
    }

    /** The array behind this list: the first {@link #size()} elements are the ids, until the next {@link #add}. */
    public int[] array() {
        return ids;
    }

    /** A copy of the ids. */
    public int[] toArray() {
        return Arrays.copyOf(ids, size);
    }
}
