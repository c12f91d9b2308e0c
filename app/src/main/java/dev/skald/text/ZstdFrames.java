package dev.skald.text;

import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.zip.ZipException;

/**
 * The content of Zstandard frames one after the other, those without content included (RFC 8878). An end in the middle of a frame is an {@link
 * EOFException}, whatever came before: zstd-jni's own stream takes one after a whole frame for the end. Owns native buffers until it is closed.
 */
final class ZstdFrames extends InputStream {

    private static final int BUFFER = 1 << 17;

    private final InputStream in;
    private final ZstdDecompressCtx context = new ZstdDecompressCtx();
    private final byte[] block = new byte[BUFFER];
    private final ByteBuffer packed = ByteBuffer.allocateDirect(BUFFER).flip();
    private final ByteBuffer content = ByteBuffer.allocateDirect(BUFFER).flip();
    /** Between two frames, or before the first; a file of no bytes has none, and is not Zstandard. */
    private boolean between;

    private boolean closed;

    ZstdFrames(InputStream in) {
        this.in = in;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] target, int from, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        while (!content.hasRemaining()) {
            if (!packed.hasRemaining() && !fill() && between) {
                return -1;
            }
            unpack();
        }
        int count = Math.min(length, content.remaining());
        content.get(target, from, count);
        return count;
    }

    private boolean fill() throws IOException {
        int read = in.read(block, 0, BUFFER);
        packed.clear();
        packed.put(block, 0, Math.max(0, read)).flip();
        return read > 0;
    }

    private void unpack() throws IOException {
        content.clear();
        boolean ends = !packed.hasRemaining();
        try {
            between = context.decompressDirectByteBufferStream(content, packed);
        } catch (ZstdException e) {
            throw (ZipException) new ZipException(e.getMessage()).initCause(e);
        } finally {
            content.flip();
        }
        if (ends && !between && !content.hasRemaining()) {
            throw new EOFException("the file ends in the middle of a frame");
        }
    }

    @Override
    public void close() throws IOException {
        if (!closed) {
            closed = true;
            context.close();
            in.close();
        }
    }
}
