package dev.skald.engine;

import dev.skald.cache.KvBlock;
import dev.skald.cache.KvBlocks;
import dev.skald.cache.KvLayout;
import dev.skald.model.Llama;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Full blocks of sequences that were read before, so that another one that begins with the same ids need not read them again; as vLLM's automatic
 * prefix caching. A block is found by the block before it, its ids, and whether it was multiplied as many rows: what is found has the very bits
 * that reading would give. The least recently used ones, that nobody else holds, go first.
 */
final class PrefixCache {

    private static final int POSITIONS = KvLayout.POSITIONS;
    private static final long NONE = -1;

    private final KvBlocks pool;
    private final int most;
    private final Map<Key, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);
    private long made;

    /** A block, and the number by which the blocks after it name it. */
    record Entry(long number, Key key, KvBlock block) {}

    /** What a block holds. */
    @SuppressWarnings("ArrayRecordComponent") // equals and hashCode see the ids
    private record Key(long before, boolean many, int[] ids) {
        @Override
        public boolean equals(Object other) {
            return other instanceof Key key && before == key.before && many == key.many && Arrays.equals(ids, key.ids);
        }

        @Override
        public int hashCode() {
            return (31 * Long.hashCode(before) + Boolean.hashCode(many)) * 31 + Arrays.hashCode(ids);
        }
    }

    /** @param most how many blocks are held, unless sequences at work hold more */
    PrefixCache(KvBlocks pool, int most) {
        this.pool = pool;
        this.most = most;
    }

    /**
     * The blocks that a sequence may begin with.
     *
     * @param ids of the sequence
     * @param manyEnd positions before it are multiplied as many rows, in whole runs
     * @param limit no position from it on is taken
     */
    List<Entry> find(int[] ids, int manyEnd, int limit) {
        List<Entry> found = new ArrayList<>();
        long before = NONE;
        for (int from = 0; from + POSITIONS <= limit; from += POSITIONS) {
            Entry entry = entries.get(key(before, ids, from, manyEnd));
            if (entry == null) {
                break;
            }
            found.add(entry);
            before = entry.number;
        }
        int positions = found.size() * POSITIONS;
        if (positions < manyEnd) {
            found.subList(positions / Llama.RUN * Llama.RUN / POSITIONS, found.size())
                    .clear();
        }
        touch(found);
        return found;
    }

    /**
     * Keeps a full block.
     *
     * @param before the block before it, of the same sequence; empty for the first
     * @param from the block's first position
     * @return the entry with this content, whose block may be another one that was there already
     */
    Entry add(Optional<Entry> before, int[] ids, int from, int manyEnd, KvBlock block) {
        Key key = key(before.map(Entry::number).orElse(NONE), ids, from, manyEnd);
        Entry known = entries.get(key);
        if (known != null) {
            return known;
        }
        if (entries.size() >= most) {
            evict();
        }
        Entry entry = new Entry(made++, key, block);
        pool.retain(block);
        entries.put(key, entry);
        return entry;
    }

    /** Marks blocks of one sequence as used, the first ones last: those after them are of no use without them. */
    void touch(List<Entry> path) {
        for (Entry entry : path.reversed()) {
            entries.get(entry.key);
        }
    }

    /** Lets go of the block that was not used for the longest time; false where sequences at work hold all. */
    boolean evict() {
        for (Iterator<Entry> oldest = entries.values().iterator(); oldest.hasNext(); ) {
            Entry entry = oldest.next();
            if (entry.block.holders() == 1) {
                oldest.remove();
                pool.release(entry.block);
                return true;
            }
        }
        return false;
    }

    /** How many blocks {@link #evict} could free. */
    int unused() {
        int unused = 0;
        for (Entry entry : entries.values()) {
            if (entry.block.holders() == 1) {
                unused++;
            }
        }
        return unused;
    }

    private static Key key(long before, int[] ids, int from, int manyEnd) {
        return new Key(before, from + POSITIONS <= manyEnd, Arrays.copyOfRange(ids, from, from + POSITIONS));
    }
}
