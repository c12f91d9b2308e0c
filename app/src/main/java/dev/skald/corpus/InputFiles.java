package dev.skald.corpus;

import dev.skald.InvalidInputException;
import dev.skald.text.FilePattern;
import dev.skald.text.UnpackingInputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;

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
            FilePattern pattern = FilePattern.of(data(recipe), source.path());
            FilePattern.Found found = pattern.find(isRead(source), directory -> isSame(directory, recipe.output()));
            List<Path> others = found.others();
            if (!others.isEmpty()) {
                warnings.add("source '" + source.name()
                        + "': files that are not read, for their names tell no known format: " + others.size() + ", as "
                        + others.getFirst());
                skipped += others.size();
            }
            if (found.files().isEmpty()) {
                if (!source.optional()) {
                    String what = Files.exists(pattern.start()) ? "found no text" : "no such file";
                    throw new InvalidInputException("source '" + source.name() + "': " + pattern.start() + ": " + what
                            + "; path is '" + source.path() + "', data is '" + recipe.data() + "'");
                }
                continue;
            }
            for (Path file : found.files()) {
                if (taken.add(file.toRealPath())) {
                    if (Files.size(file) == 0 && Files.isReadable(file)) {
                        warnings.add(file + ": empty file");
                        skipped++;
                    } else {
                        addSplits(recipe, i, file, splits);
                    }
                }
            }
        }
        if (splits.isEmpty()) {
            throw new InvalidInputException("recipe: sources: "
                    + (taken.isEmpty() ? "none of them has a file" : "every file is empty")
                    + " under '" + recipe.data() + "'; set data=DIRECTORY");
        }
        return new Found(splits, skipped, warnings);
    }

    /**
     * Which files of a directory are read: those whose name tells a format that the source has, or no format and no other kind either, if the
     * source says its format.
     */
    private static Predicate<Path> isRead(Recipe.Source source) {
        if (source.format().isEmpty()) {
            return file -> InputFormat.of(file).isPresent();
        }
        InputFormat format = InputFormat.named(source.format());
        return file -> InputFormat.of(file)
                .map(told -> told == format || (format == InputFormat.TXT_LINES && told == InputFormat.TXT))
                .orElseGet(() -> !UnpackingInputStream.plainName(file).contains("."));
    }

    /** The files that a path, a directory or a glob of the recipe stands for, sorted; of a directory those of a known format. */
    static List<Path> find(Recipe recipe, String pattern) throws IOException {
        return FilePattern.of(data(recipe), pattern)
                .find(file -> InputFormat.of(file).isPresent(), directory -> isSame(directory, recipe.output()))
                .files();
    }

    private static Path data(Recipe recipe) {
        return Path.of(recipe.data()).toAbsolutePath().normalize();
    }

    /** Whether what the recipe itself writes would be read: that is no source. */
    private static boolean isSame(Path directory, String output) {
        try {
            return Files.isSameFile(directory, Path.of(output));
        } catch (IOException e) {
            return false; // not there yet
        }
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
        boolean compressed = checkCompression(file, format);
        long length = compressed ? size * GZIP_RATIO : size;
        long count = format.isDivisible()
                ? Math.max(
                        1,
                        (length + recipe.read().splitBytes() / 2)
                                / recipe.read().splitBytes())
                : 1;
        boolean readFromStart = count > 1 && !UnpackingInputStream.isSeekable(file);
        count = readFromStart ? Math.min(count, MOST_COMPRESSED_SPLITS) : count;
        String name = data(recipe)
                .relativize(file.toAbsolutePath().normalize())
                .toString()
                .replace(File.separatorChar, '/');
        for (long i = 0; i < count; i++) {
            long to = i == count - 1 ? Long.MAX_VALUE : length * (i + 1) / count;
            splits.add(new Split(index, file.toString(), name, format, length * i / count, to, size / count));
        }
    }

    /** Whether the file is compressed; its first bytes must be what its name says. */
    private static boolean checkCompression(Path file, InputFormat format) throws IOException {
        Packing packing;
        try (InputStream in = Files.newInputStream(file)) {
            packing = Packing.of(in.readNBytes(4));
        }
        if (UnpackingInputStream.isPacked(file)) {
            boolean gzip = file.toString().toLowerCase(Locale.ROOT).endsWith(".gz");
            if (packing != (gzip ? Packing.GZIP : Packing.ZSTANDARD)) {
                throw new InvalidInputException(file + ": not in the format that its name says: no "
                        + (gzip ? "gzip" : "Zstandard") + " header");
            }
            return true;
        }
        boolean text = format != InputFormat.PARQUET && format != InputFormat.WARC;
        if (text && packing != Packing.NONE) {
            throw new InvalidInputException(file + ": a file packed by " + packing.program
                    + ", expected text, or a name that ends with .gz or .zst");
        }
        return false;
    }

    /** By a file's first bytes. */
    private enum Packing {
        NONE(""),
        GZIP("gzip"),
        ZSTANDARD("zstd"),
        BZIP2("bzip2"),
        XZ("xz"),
        ZIP("zip");

        private final String program;

        Packing(String program) {
            this.program = program;
        }

        static Packing of(byte[] start) {
            int magic = ByteBuffer.wrap(Arrays.copyOf(start, 4)).getInt();
            if (magic >>> 16 == 0x1F8B) {
                return GZIP;
            }
            // what pzstd writes before each frame is one without content (RFC 8878, 3.1.2)
            if (magic == 0x28B52FFD || (magic & 0xF0FFFFFF) == 0x502A4D18) {
                return ZSTANDARD;
            }
            if (magic >>> 8 == 0x425A68) {
                return BZIP2;
            }
            return magic == 0xFD377A58 ? XZ : magic == 0x504B0304 ? ZIP : NONE;
        }
    }
}
