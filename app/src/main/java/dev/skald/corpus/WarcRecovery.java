package dev.skald.corpus;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.SequenceInputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.OptionalLong;
import java.util.zip.GZIPInputStream;

/**
 * Finds where the next record of a web archive begins, after one that is damaged: a gzip member, or a line, that begins with {@code WARC/1.}. Looks at the file's own
 * bytes, so that nothing that the damaged record says of its length counts.
 */
final class WarcRecovery {

    private static final byte[] VERSION = "WARC/1.".getBytes(StandardCharsets.US_ASCII);
    private static final int BLOCK = 1 << 16;

    private WarcRecovery() {}

    /**
     * The next record.
     *
     * @param from a byte of the file; records that begin before it are passed over
     * @param gzip whether each record is a gzip member
     */
    static OptionalLong next(Path file, long from, boolean gzip) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            byte[] sign = gzip ? new byte[] {0x1F, (byte) 0x8B, 8} : VERSION;
            ByteBuffer block = ByteBuffer.allocate(BLOCK);
            // Blocks overlap, so that a sign across two of them is found.
            for (long at = Math.max(0, from); at < channel.size(); at += BLOCK - sign.length) {
                block.clear();
                while (block.hasRemaining() && channel.read(block, at + block.position()) > 0) {
                    // reads on until the block is full, or the file ends
                }
                for (int i = 0; i + sign.length <= block.position(); i++) {
                    if (Arrays.equals(block.array(), i, i + sign.length, sign, 0, sign.length)
                            && (gzip ? isRecord(channel, at + i) : isLine(channel, at + i))) {
                        return OptionalLong.of(at + i);
                    }
                }
            }
            return OptionalLong.empty();
        }
    }

    private static boolean isLine(FileChannel channel, long at) throws IOException {
        ByteBuffer before = ByteBuffer.allocate(1);
        return at == 0 || (channel.read(before, at - 1) == 1 && before.get(0) == '\n');
    }

    private static boolean isRecord(FileChannel channel, long at) throws IOException {
        ByteBuffer head = ByteBuffer.allocate(4096);
        channel.read(head, at);
        channel.position(at + head.position());
        try (GZIPInputStream in = new GZIPInputStream(new SequenceInputStream(
                new ByteArrayInputStream(head.array(), 0, head.position()),
                Channels.newInputStream(unclosed(channel))))) {
            return Arrays.equals(in.readNBytes(VERSION.length), VERSION);
        } catch (IOException e) {
            return false; // bytes inside of a record that look like a member's beginning
        }
    }

    /** The channel is used again. */
    private static ReadableByteChannel unclosed(FileChannel channel) {
        return new ReadableByteChannel() {
            @Override
            public int read(ByteBuffer target) throws IOException {
                return channel.read(target);
            }

            @Override
            public boolean isOpen() {
                return channel.isOpen();
            }

            @Override
            public void close() {}
        };
    }
}
