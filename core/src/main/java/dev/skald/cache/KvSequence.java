package dev.skald.cache;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The blocks of one sequence's keys and values: position {@code p} is in block {@code p / POSITIONS}. A fork shares all blocks, and who adds to a
 * block that others hold gets a copy of its own first. Not thread-safe; {@link #close} lets go of the blocks.
 */
public final class KvSequence implements AutoCloseable {

    private final KvBlocks pool;
    private final List<KvBlock> blocks = new ArrayList<>();
    private int length;

    KvSequence(KvBlocks pool) {
        this.pool = pool;
    }

    /** How many positions are filled. */
    public int length() {
        return length;
    }

    /** What lies where in its blocks. */
    public KvLayout layout() {
        return pool.layout();
    }

    /** The block of positions {@code index * POSITIONS} and on. */
    public KvBlock block(int index) {
        return blocks.get(index);
    }

    /** How many blocks of the pool {@link #reserve} would take. */
    public int needed(int positions) {
        int more = KvLayout.blocks(length + positions) - blocks.size();
        return Math.max(0, more) + (positions > 0 && endsInShared() ? 1 : 0);
    }

    /**
     * Makes room for {@code positions} more.
     *
     * @return false where the pool has too few free blocks; those that were taken are kept
     */
    public boolean reserve(int positions) {
        if (positions > 0 && endsInShared() && !ownLast()) {
            return false;
        }
        while (blocks.size() < KvLayout.blocks(length + positions)) {
            Optional<KvBlock> taken = pool.take();
            if (taken.isEmpty()) {
                return false;
            }
            blocks.add(taken.get());
        }
        return true;
    }

    /**
     * Counts {@code positions} more as filled, for which {@link #reserve} made room; the caller fills them.
     *
     * @return the first of them
     */
    public int append(int positions) {
        if (KvLayout.blocks(length + positions) > blocks.size() || (positions > 0 && endsInShared())) {
            throw new IllegalStateException("no room was reserved for " + positions + " positions after " + length);
        }
        int first = length;
        length += positions;
        return first;
    }

    /** Begins with full blocks that others hold too; for an empty sequence. */
    public void adopt(List<KvBlock> full) {
        if (!blocks.isEmpty()) {
            throw new IllegalStateException("a sequence of " + length + " positions has its blocks");
        }
        full.forEach(pool::retain);
        blocks.addAll(full);
        length = full.size() * KvLayout.POSITIONS;
    }

    /** Holds {@code same}, whose content is the same bits, in place of a full block of its own. */
    public void replace(int index, KvBlock same) {
        pool.retain(same);
        pool.release(blocks.set(index, same));
    }

    /** A sequence with the same content that goes on by itself. */
    public KvSequence fork() {
        KvSequence fork = new KvSequence(pool);
        for (KvBlock block : blocks.subList(0, KvLayout.blocks(length))) {
            pool.retain(block);
            fork.blocks.add(block);
        }
        fork.length = length;
        return fork;
    }

    /** Lets go of all positions. */
    @Override
    public void close() {
        blocks.forEach(pool::release);
        blocks.clear();
        length = 0;
    }

    /** Whether the next position lies in a block that others hold. */
    private boolean endsInShared() {
        return length % KvLayout.POSITIONS != 0
                && blocks.get(length / KvLayout.POSITIONS).holders() > 1;
    }

    private boolean ownLast() {
        int last = length / KvLayout.POSITIONS;
        Optional<KvBlock> copy = pool.take();
        copy.ifPresent(block -> {
            block.copyFrom(blocks.get(last));
            pool.release(blocks.set(last, block));
        });
        return copy.isPresent();
    }
}
