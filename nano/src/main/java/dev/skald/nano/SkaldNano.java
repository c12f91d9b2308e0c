package dev.skald.nano;

import dev.skald.base.UserCache;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The small Nordic model that Skald ships: 5.8 million parameters, trained with Skald on Swedish, Danish and Norwegian text (its README.md
 * says on which). It is there to try things with, not to be right.
 */
public final class SkaldNano {

    private static final String RESOURCES = "/dev/skald/nano/";

    private static final List<String> FILES = List.of(
            "config.json",
            "generation_config.json",
            "model.safetensors",
            "tokenizer.json",
            "tokenizer_config.json",
            "README.md",
            "loss.png");

    private SkaldNano() {}

    /**
     * The model as a Hugging Face directory, in the user's cache: written there at the first call.
     *
     * @throws UncheckedIOException when it cannot be written (disk full, no writable cache folder)
     */
    public static Path directory() {
        try {
            String digest = new String(read("model.sha256"), StandardCharsets.US_ASCII);
            return UserCache.folder("skald-nano-" + digest.substring(0, 12), folder -> {
                for (String file : FILES) {
                    Files.write(folder.resolve(file), read(file));
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException("cannot unpack skald-nano: " + e.getMessage(), e);
        }
    }

    private static byte[] read(String file) throws IOException {
        try (InputStream in = SkaldNano.class.getResourceAsStream(RESOURCES + file)) {
            if (in == null) {
                throw new IOException(RESOURCES + file + " is not on the class path");
            }
            return in.readAllBytes();
        }
    }
}
