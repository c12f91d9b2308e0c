/**
 * Text files, read. The noun is the document; the door is {@link dev.skald.text.DocumentReader}, which reads JSON lines, text and Parquet,
 * compressed or not, for all that read documents: what differs between them is {@link dev.skald.text.ReadOptions}. {@link
 * dev.skald.text.FilePattern} finds files, {@link dev.skald.text.TextParts} gives text in parts without regard to documents. The native buffers
 * of Zstandard and Parquet are freed by closing the reader.
 */
package dev.skald.text;
