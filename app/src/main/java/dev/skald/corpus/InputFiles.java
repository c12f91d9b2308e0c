package dev.skald.corpus;

import dev.skald.InvalidInputException;
import dev.skald.text.FilePattern;
import dev.skald.text.UnpackingInputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Finds the files of a recipe's sources and cuts them into splits. */
final class InputFiles {

    /** Uncompressed bytes for each compressed one, about: only how work is divided depends on it. */
    private static final int GZIP_RATIO = 3;

    /** Every split of a compressed file reads the file from its start, so there is a limit to them. */
    private static final int MOST_COMPRESSED_SPLITS = 16;

    private InputFiles() {}

    /**
     * What there is to read.
     *
     * @param splits of all sources, in the order of the sources and of the files' names
     * @param skipped files of the sources' directories that are not read, for they are empty or of no known format
     * @param warnings about them, a line each
     */
    record Found(List<Split> splits, long skipped, List<String> warnings) {}

    /** Finds the files of all sources. */
    static Found find(Recipe recipe) throws IOException {
        List<String> warnings = new ArrayList<>();
        long skipped = 0;
        List<Split> splits = new ArrayList<>();
        Set<Path> taken = new HashSet<>();
        for (int i = 0; i < recipe.sources().size(); i++) {
            Recipe.Source source = recipe.sources().get(i);
            Path base = Path.of(recipe.data()).toAbsolutePath().normalize();
            List<Path> files = find(base, source.path());
            if (files.isEmpty()) {
                if (!source.optional()) {
                    throw new InvalidInputException("source '" + source.name() + "': "
                            + base.resolve(FilePattern.plainPart(source.path())) + ": no such file; path is '"
                            + source.path()
                            + "', data is '" + recipe.data() + "'");
                }
                continue;
            }
            for (Path file : files) {
                if (taken.add(file)) {
                    if (Files.size(file) == 0 && Files.isReadable(file)) {
                        warnings.add(file + ": empty file");
                        skipped++;
                    } else {
                        addSplits(recipe, i, file, splits);
                    }
                }
            }
            List<Path> others = unread(base.resolve(source.path()), files);
            if (!others.isEmpty()) {
                warnings.add("source '" + source.name()
                        + "': files that are not read, for their names tell no known format: " + others.size() + ", as "
                        + others.getFirst());
                skipped += others.size();
            }
        }
        if (splits.isEmpty()) {
            throw new InvalidInputException("recipe: sources: "
                    + (taken.isEmpty() ? "none of them has a file" : "every file is empty")
                    + " under '" + recipe.data() + "'; set data=DIRECTORY");
        }
        return new Found(splits, skipped, warnings);
    }

    /** Files that a path, a directory or a glob stands for, sorted; of a directory those of a known format. */
    static List<Path> find(Path base, String pattern) throws IOException {
        return FilePattern.find(base, pattern, file -> InputFormat.of(file).isPresent());
    }

    /** The files of a directory that are neither read nor hidden. */
    private static List<Path> unread(Path directory, List<Path> read) throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        Set<Path> known = new HashSet<>(read);
        return FilePattern.find(directory, "", file -> !known.contains(file) && !isHidden(directory.normalize(), file));
    }

    private static boolean isHidden(Path directory, Path file) {
        for (Path name : directory.relativize(file)) {
            if (name.toString().startsWith(".")) {
                return true;
            }
        }
        return false;
    }

    private static void addSplits(Recipe recipe, int index, Path file, List<Split> splits) throws IOException {
        Recipe.Source source = recipe.sources().get(index);
        InputFormat format = source.format().isEmpty()
                ? InputFormat.of(file)
                        .orElseThrow(
                                () -> new InvalidInputException(
                                        "source '" + source.name() + "': " + file
                                                + ": the name does not tell the format; set format to jsonl, txt, txt-lines, parquet or warc"))
                : InputFormat.named(source.format());
        if (!Files.isReadable(file)) {
            throw new InvalidInputException(file + ": permission denied");
        }
        long size = Files.size(file);
        boolean compressed = checkCompression(file);
        long length = compressed ? size * GZIP_RATIO : size;
        long count = format.isDivisible()
                ? Math.max(
                        1,
                        (length + recipe.read().splitBytes() / 2)
                                / recipe.read().splitBytes())
                : 1;
        count = compressed ? Math.min(count, MOST_COMPRESSED_SPLITS) : count;
        Path base = Path.of(recipe.data()).toAbsolutePath().normalize();
        String name =
                base.relativize(file.toAbsolutePath().normalize()).toString().replace(File.separatorChar, '/');
        for (long i = 0; i < count; i++) {
            long to = i == count - 1 ? Long.MAX_VALUE : length * (i + 1) / count;
            splits.add(new Split(index, file.toString(), name, format, length * i / count, to, size / count));
        }
    }

    /** Whether the file is compressed; its first bytes must be what its name says. */
    private static boolean checkCompression(Path file) throws IOException {
        if (!UnpackingInputStream.isPacked(file)) {
            return false;
        }
        boolean gzip = file.toString().toLowerCase(Locale.ROOT).endsWith(".gz");
        int[] magic = gzip ? new int[] {0x1F, 0x8B} : new int[] {0x28, 0xB5};
        try (InputStream in = Files.newInputStream(file)) {
            if (in.read() != magic[0] || in.read() != magic[1]) {
                throw new InvalidInputException(file + ": not in the format that its name says: no "
                        + (gzip ? "gzip" : "Zstandard") + " header");
            }
        }
        return true;
    }
}
