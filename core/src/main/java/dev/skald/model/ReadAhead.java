package dev.skald.model;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * Brings mapped files into the page cache by reading them from front to back on a thread of its own. A model whose pages are first touched
 * by the computation waits for the disk in small pieces; read ahead, they arrive at the disk's full rate. Files that are in memory already
 * are left alone.
 */
final class ReadAhead implements AutoCloseable {

    private static final int CHUNK = 8 << 20;

    private volatile boolean stopped;

    /** Begins to read those of the files that are not in memory. */
    ReadAhead(List<SafeTensors> files) {
        List<SafeTensors> cold = files.stream().filter(file -> !file.isLoaded()).toList();
        if (!cold.isEmpty()) {
            Thread.ofPlatform().daemon().name("skald-read-ahead").start(() -> cold.forEach(this::read));
        }
    }

    @Override
    public void close() {
        stopped = true;
    }

    private void read(SafeTensors file) {
        ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK);
        try (FileChannel channel = FileChannel.open(file.file(), StandardOpenOption.READ)) {
            while (!stopped && channel.read(chunk.clear()) > 0) {}
        } catch (IOException e) {
            stopped = true; // only a matter of speed: whoever needs the pages gets the error
        }
    }
}
