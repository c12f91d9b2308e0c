package dev.skald.gguf;

import dev.skald.InvalidInputException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A GGUF file, or all parts of a split one ({@code -00001-of-00003.gguf}), memory-mapped. All of the head is checked when it is opened, before
 * memory is taken for what it promises: a tensor that is handed out lies wholly inside its file. {@link #close} unmaps the files; the bytes of
 * tensors must not be used afterwards.
 */
public final class Gguf implements AutoCloseable {

    private static final Pattern PART = Pattern.compile("(.*-)(\\d{5})-of-(\\d{5})\\.gguf");

    private final Path file;
    private final Arena arena;
    private final GgufKeys keys;
    private final Map<String, GgufTensor> tensors;

    private Gguf(Path file, Arena arena, GgufKeys keys, Map<String, GgufTensor> tensors) {
        this.file = file;
        this.arena = arena;
        this.keys = keys;
        this.tensors = tensors;
    }

    /** Whether a path is that of a GGUF file, by its name. */
    public static boolean isGguf(Path path) {
        return !Files.isDirectory(path)
                && path.toString().toLowerCase(Locale.ROOT).endsWith(".gguf");
    }

    /**
     * Maps a file, and where it is the first part of a split one, the others with it.
     *
     * @throws InvalidInputException when a file is missing, truncated, or its head is not valid
     */
    @SuppressWarnings("MustBeClosedChecker") // closed by close(), or here when opening fails
    public static Gguf open(Path file) {
        Arena arena = Arena.ofShared();
        try {
            GgufPart first = GgufPart.read(file, arena);
            Map<String, GgufTensor> tensors = new LinkedHashMap<>(first.tensors());
            int parts = first.keys().integer("split.count").orElse(1);
            if (parts > 1) {
                readOthers(file, first.keys(), parts, arena, tensors);
            }
            return new Gguf(file, arena, first.keys(), Collections.unmodifiableMap(tensors));
        } catch (RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    private static void readOthers(Path file, GgufKeys keys, int parts, Arena arena, Map<String, GgufTensor> tensors) {
        Matcher name = PART.matcher(file.getFileName().toString());
        if (!name.matches() || Integer.parseInt(name.group(3)) != parts) {
            throw keys.error(
                    "split.count",
                    "is " + parts + ", expected a file name that ends in -00001-of-" + five(parts) + ".gguf");
        }
        if (Integer.parseInt(name.group(2)) != 1 || keys.integer("split.no").orElse(0) != 0) {
            throw new InvalidInputException(file + ": is not the first part of " + parts + ", expected "
                    + file.resolveSibling(name.group(1) + "00001-of-" + name.group(3) + ".gguf"));
        }
        for (int i = 1; i < parts; i++) {
            Path next = file.resolveSibling(name.group(1) + five(i + 1) + "-of-" + name.group(3) + ".gguf");
            GgufPart part = GgufPart.read(next, arena);
            if (part.keys().integer("split.no").orElse(-1) != i
                    || part.keys().integer("split.count").orElse(-1) != parts) {
                throw part.keys().error("split.no", "expected " + i + ", and split.count " + parts);
            }
            part.tensors().forEach((tensor, value) -> {
                if (tensors.put(tensor, value) != null) {
                    throw new InvalidInputException(next + ": tensor '" + tensor + "' is in another part, too");
                }
            });
        }
        int expected = keys.integer("split.tensors.count").orElse(tensors.size());
        if (expected != tensors.size()) {
            throw keys.error("split.tensors.count", "is " + expected + ", the parts have " + tensors.size());
        }
    }

    private static String five(int number) {
        return String.format("%05d", number);
    }

    /** The file, or the first part. */
    public Path file() {
        return file;
    }

    /** The keys, those of the first part. */
    public GgufKeys keys() {
        return keys;
    }

    /** All tensors by name, in the order of the files. */
    public Map<String, GgufTensor> tensors() {
        return tensors;
    }

    /** Unmaps the files. */
    @Override
    public void close() {
        arena.close();
    }
}
