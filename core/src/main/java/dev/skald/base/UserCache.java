package dev.skald.base;

import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Folders of the user's cache, for what lies in jars but has to be files: libraries, weights. */
public final class UserCache {

    private UserCache() {}

    /**
     * A folder of the cache: {@code $XDG_CACHE_HOME/skald/name} or {@code ~/.cache/skald/name}, in the temporary folder where neither can be
     * written. If it is not there it is filled beside its place and renamed, so that other processes see it whole or not at all.
     *
     * @param name says the contents' version: a folder that is there is taken as it is
     * @throws IOException when it cannot be written (disk full, no writable folder)
     */
    public static Path folder(String name, AtomicFiles.Contents contents) throws IOException {
        Path target = home().resolve(name);
        if (!Files.isDirectory(target)) {
            try {
                AtomicFiles.writeFolder(target, contents);
            } catch (AtomicMoveNotSupportedException e) {
                throw e;
            } catch (FileSystemException e) {
                if (!Files.isDirectory(target)) {
                    throw e;
                } // somebody else was faster: theirs is as good
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
}
