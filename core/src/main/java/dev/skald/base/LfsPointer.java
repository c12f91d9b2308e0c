package dev.skald.base;

import dev.skald.InvalidInputException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The few lines that Git leaves in place of a large file that was not fetched. */
public final class LfsPointer {

    private static final String BEGIN = "version https://git-lfs.github.com/spec/";

    private LfsPointer() {}

    /**
     * Refuses a pointer in place of a file.
     *
     * @throws InvalidInputException when it is one
     * @throws IOException when the file cannot be read
     */
    public static void refuse(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            if (new String(in.readNBytes(BEGIN.length()), StandardCharsets.UTF_8).equals(BEGIN)) {
                throw new InvalidInputException(
                        file + ": is a Git LFS pointer, not the file itself; fetch it with 'git lfs pull'");
            }
        }
    }
}
