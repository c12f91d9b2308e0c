package dev.skald.base;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Files and folders that are there whole or not at all: they are written beside their place, as {@code NAME.RANDOM.part}, and renamed when they
 * are complete. A file that was there before is replaced, or stays as it was. Any number of threads and processes may write the same one: the
 * last to be complete stays. A kill leaves the part; its directory's owner removes it with {@link #deleteParts}.
 */
public final class AtomicFiles {

    private static final Pattern PART = Pattern.compile(".+\\.[0-9a-f]{16}\\.part");

    private AtomicFiles() {}

    /** Writes the content of a file or folder. */
    public interface Contents {
        /**
         * Writes it.
         *
         * @param part where to: the path of a file that is not there yet; or an empty folder
         * @throws IOException when it cannot be written
         */
        void writeTo(Path part) throws IOException;
    }

    /** @throws IOException when it cannot be written, naming {@code target}; what was there before is as it was */
    public static void write(Path target, Contents contents) throws IOException {
        Path part = part(target);
        try {
            contents.writeTo(part);
            rename(part, target);
        } catch (IOException e) {
            discard(part, e);
            throw named(e, part, target);
        } catch (RuntimeException | Error e) {
            discard(part, e);
            throw e;
        }
    }

    /** @throws IOException when it cannot be written; what was there before is as it was */
    public static void write(Path target, byte[] content) throws IOException {
        write(target, (Path part) -> Files.write(part, content));
    }

    /** @throws IOException when it cannot be written; what was there before is as it was */
    public static void write(Path target, String content) throws IOException {
        write(target, content.getBytes(StandardCharsets.UTF_8));
    }

    /** As {@link #write(Path, byte[])}, and the content is on the disk before it has the name: it outlives a loss of power. */
    public static void writeDurably(Path target, byte[] content) throws IOException {
        write(target, (Path part) -> {
            Files.write(part, content);
            force(part);
        });
    }

    /**
     * Writes a folder, and the folders that it lies in where they are not there.
     *
     * @param target new, or an empty folder
     * @throws IOException when it cannot be written; nothing of it is left then
     */
    public static void writeFolder(Path target, Contents contents) throws IOException {
        Path part = part(target.toAbsolutePath());
        Files.createDirectories(part.getParent());
        Files.createDirectory(part);
        try {
            contents.writeTo(part);
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException | RuntimeException | Error e) {
            discard(part, e);
            throw e;
        }
    }

    private static void discard(Path part, Throwable reason) {
        try {
            delete(part);
        } catch (IOException e) {
            reason.addSuppressed(e);
        }
    }

    /** A new path beside {@code target}, for a writer that calls {@link #rename} itself. */
    public static Path part(Path target) {
        String random = HexFormat.of().toHexDigits(UUID.randomUUID().getLeastSignificantBits());
        return target.resolveSibling(target.getFileName() + "." + random + ".part");
    }

    /** Puts what is complete in its place, in one step: a file over the one that may be there, a folder where none is. */
    public static void rename(Path part, Path target) throws IOException {
        Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Deletes the parts that kills left in a directory and below; nobody may be writing there. */
    public static void deleteParts(Path directory) throws IOException {
        List<Path> parts;
        try (Stream<Path> files = Files.walk(directory)) {
            parts = files.filter(
                            file -> PART.matcher(file.getFileName().toString()).matches())
                    .toList();
        }
        for (Path part : parts) {
            delete(part);
        }
    }

    /** Deletes a file, or a folder with all that is in it; nothing where there is neither. */
    public static void delete(Path path) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        Files.walkFileTree(path, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.deleteIfExists(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, IOException failed) throws IOException {
                Files.deleteIfExists(visited);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    /** Forces a file's content, or a directory's names, to the disk. */
    public static void force(Path path) throws IOException {
        StandardOpenOption option = Files.isDirectory(path) ? StandardOpenOption.READ : StandardOpenOption.WRITE;
        try (FileChannel channel = FileChannel.open(path, option)) {
            channel.force(true);
        }
    }

    /** An error of the part as one of the target, which is what the user knows of. */
    private static IOException named(IOException e, Path part, Path target) {
        IOException named;
        if (e instanceof FileSystemException f && part.toString().equals(f.getFile())) {
            named = switch (f) {
                case NoSuchFileException _ -> new NoSuchFileException(target.toString());
                case AccessDeniedException _ -> new AccessDeniedException(target.toString());
                default -> new FileSystemException(target.toString(), null, f.getReason());
            };
        } else if (e.getClass() == IOException.class) {
            named = new FileSystemException(target.toString(), null, e.getMessage());
        } else {
            return e;
        }
        named.initCause(e);
        return named;
    }
}
