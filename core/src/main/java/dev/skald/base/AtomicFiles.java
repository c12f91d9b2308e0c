package dev.skald.base;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * Files that are there whole or not at all: they are written beside their place, as {@code NAME.part}, and renamed when they are complete. A
 * file that was there before is replaced, or stays as it was. One writer at a time for a file.
 */
public final class AtomicFiles {

    private AtomicFiles() {}

    /** Writes a file's content. */
    public interface Contents {
        /**
         * Writes it.
         *
         * @param part where to; a file that may be there is to be replaced
         * @throws IOException when it cannot be written
         */
        void writeTo(Path part) throws IOException;
    }

    /** @throws IOException when it cannot be written; what was there before is as it was */
    public static void write(Path target, Contents contents) throws IOException {
        Path part = target.resolveSibling(target.getFileName() + ".part");
        try {
            contents.writeTo(part);
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(part);
        }
    }

    /** @throws IOException when it cannot be written; what was there before is as it was */
    public static void write(Path target, byte[] content) throws IOException {
        write(target, (Path part) -> Files.write(part, content));
    }

    /** As {@link #write(Path, byte[])}, and the content is on the disk before it has the name: it outlives a loss of power. */
    public static void writeDurably(Path target, byte[] content) throws IOException {
        write(target, (Path part) -> {
            Files.write(part, content);
            force(part);
        });
    }

    /** Forces a file's content, or a directory's names, to the disk. */
    public static void force(Path path) throws IOException {
        StandardOpenOption option = Files.isDirectory(path) ? StandardOpenOption.READ : StandardOpenOption.WRITE;
        try (FileChannel channel = FileChannel.open(path, option)) {
            channel.force(true);
        }
    }
}
