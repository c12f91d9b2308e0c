/**
 * Text files, read. The noun is the document; the doors are {@link dev.skald.text.TextDocuments}, which gives documents one by one, {@link
 * dev.skald.text.TextFile}, which gives text in parts that fit in memory, and {@link dev.skald.text.UnpackingInputStream}, the bytes of a file
 * that may be packed. Zstandard's native buffers are freed by closing the stream.
 */
package dev.skald.text;
