package dev.skald.corpus;

import java.io.Serializable;

/**
 * A piece of an input file that one task reads.
 *
 * @param source index into the recipe's sources
 * @param file absolute path
 * @param from first byte of the uncompressed content; a record belongs to the split that its first byte lies in
 * @param to end of the split, exclusive; {@link Long#MAX_VALUE} for the last one of a file
 * @param bytes size on the disk that the split stands for, for the progress
 */
record Split(int source, String file, InputFormat format, long from, long to, long bytes) implements Serializable {}
