/**
 * The keys and values that attention has of sequences, in blocks of a fixed number of positions. {@link dev.skald.cache.KvBlocks} is the pool that
 * owns the memory; a {@link dev.skald.cache.KvSequence} holds blocks of it, which others may hold too.
 */
package dev.skald.cache;
