package dev.skald.corpus;

import java.io.Serializable;

/**
 * A piece of an input file that one task reads.
 *
 * @param source index into the recipe's sources
 * @param file absolute path
 * @param name the path below the recipe's data directory, with / between its names: what the ids that are made for its documents are made of
 * @param from first byte of the uncompressed content; a record belongs to the split that its first byte lies in
 * @param to end of the split, exclusive; {@link Long#MAX_VALUE} for the last one of a file
 * @param bytes size on the disk that the split stands for, for the progress
 */
record Split(int source, String file, String name, InputFormat format, long from, long to, long bytes)
        implements Serializable {}
