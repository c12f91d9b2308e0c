package dev.skald.base;

import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.stream.Stream;

/** Folders of the user's cache, for what lies in jars but has to be files: libraries, weights. */
public final class UserCache {

    private UserCache() {}

    /** Fills a folder. */
    public interface Contents {
        /**
         * Writes the files.
         *
         * @param folder an empty folder
         * @throws IOException when a file cannot be written
         */
        void writeTo(Path folder) throws IOException;
    }

    /**
     * A folder of the cache: {@code $XDG_CACHE_HOME/skald/name} or {@code ~/.cache/skald/name}, in the temporary folder where neither can be
     * written. If it is not there it is filled beside its place and renamed, so that other processes see it whole or not at all.
     *
     * @param name says the contents' version: a folder that is there is taken as it is
     * @throws IOException when it cannot be written (disk full, no writable folder)
     */
    public static Path folder(String name, Contents contents) throws IOException {
        Path target = home().resolve(name);
        if (!Files.isDirectory(target)) {
            Files.createDirectories(target.getParent());
            Path beside = Files.createTempDirectory(target.getParent(), "unpacking-");
            try {
                contents.writeTo(beside);
                rename(beside, target);
            } finally {
                delete(beside);
            }
        }
        return target;
    }

    private static Path home() {
        String xdg = System.getenv("XDG_CACHE_HOME");
        Path base = xdg != null && !xdg.isBlank() ? Path.of(xdg) : Path.of(System.getProperty("user.home"), ".cache");
        Path cache = base.resolve("skald");
        Path temporary = Path.of(System.getProperty("java.io.tmpdir"), "skald-" + System.getProperty("user.name"));
        try {
            Files.createDirectories(cache);
        } catch (IOException e) {
            return temporary;
        }
        return Files.isWritable(cache) ? cache : temporary;
    }

    /** Somebody else may have been faster: theirs is as good. */
    private static void rename(Path beside, Path target) throws IOException {
        try {
            Files.move(beside, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            throw e;
        } catch (FileSystemException e) {
            if (!Files.isDirectory(target)) {
                throw e;
            }
        }
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
