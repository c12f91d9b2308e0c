package dev.skald.convert;

import dev.skald.InvalidInputException;
import dev.skald.base.AtomicFiles;
import dev.skald.gguf.Gguf;
import dev.skald.model.LatestCheckpoint;
import dev.skald.model.LlamaConfig;
import dev.skald.model.Parameter;
import dev.skald.model.WeightRows;
import dev.skald.tensor.Format;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.LongConsumer;

/**
 * One model's files written as other files: a Hugging Face directory or a GGUF file, as one or the other, with elements as they are or in another format.
 * {@link #open} checks all that can be checked before anything is written. {@link #close} unmaps the source.
 */
public final class Conversion implements AutoCloseable {

    /** What is written. */
    public enum Target {
        GGUF,
        HF
    }

    /**
     * What is asked for.
     *
     * @param preset the format of the elements; empty: as they are, blocks dequantised to bf16 where the target cannot have them
     * @param overwrite whether what is there may be replaced
     */
    public record Options(Target target, Optional<Preset> preset, boolean overwrite) {}

    private final Path out;
    private final WeightRows source;
    private final Export export;
    private final List<String> warnings;

    /** Writes one kind of files. */
    interface Export {

        /** The format of each parameter, in their order. */
        List<Format> formats();

        /** Bytes of the weights' files. */
        long bytes();

        /** Writes them; {@code done} is told the bytes of weights that are written, in pieces. */
        void write(LongConsumer done) throws IOException;
    }

    private Conversion(Path out, WeightRows source, Export export, List<String> warnings) {
        this.out = out;
        this.source = source;
        this.export = export;
        this.warnings = List.copyOf(warnings);
    }

    /**
     * Prepares a conversion.
     *
     * @param model a Hugging Face directory, the output directory of a training run, or a GGUF file
     * @param out the file or directory to write
     * @throws InvalidInputException when the model is not valid, the target cannot have what is asked for, {@code out} is there already, or the disk has no
     *     room
     * @throws IOException when a file cannot be read
     */
    @SuppressWarnings("MustBeClosedChecker") // closed by close(), or here when opening fails
    public static Conversion open(Path model, Path out, Options options) throws IOException {
        checkTarget(out, options);
        Path files = Gguf.isGguf(model) || Files.exists(model.resolve("config.json"))
                ? model
                : LatestCheckpoint.in(model).orElse(model);
        WeightRows source = WeightRows.open(files);
        try {
            List<String> warnings = new ArrayList<>();
            warnAboutBlocks(files, source, options, warnings);
            Export export = options.target() == Target.GGUF
                    ? GgufExport.of(files, source, out, options.preset(), warnings)
                    : new HuggingFaceExport(files, source, out, options.preset());
            Path folder = out.toAbsolutePath().getParent();
            Files.createDirectories(folder);
            long room = Files.getFileStore(folder).getUsableSpace();
            if (room < export.bytes()) {
                throw new InvalidInputException(String.format(
                        Locale.ROOT,
                        "%s: needs %.1f MB, the disk has %.1f MB left",
                        out,
                        export.bytes() / 1e6,
                        room / 1e6));
            }
            return new Conversion(out, source, export, warnings);
        } catch (RuntimeException | IOException e) {
            source.close();
            throw e;
        }
    }

    private static void checkTarget(Path out, Options options) {
        boolean named = out.getFileName() != null
                && out.toString().toLowerCase(Locale.ROOT).endsWith(".gguf");
        if (named != (options.target() == Target.GGUF)) {
            throw new InvalidInputException(out + ": "
                    + (named
                            ? "is the name of a GGUF file, expected a directory"
                            : "expected a name that ends in .gguf"));
        }
        if (options.target() == Target.HF) {
            options.preset().filter(Preset::isQuantised).ifPresent(preset -> {
                throw new InvalidInputException("a Hugging Face directory has no "
                        + preset.name().toLowerCase(Locale.ROOT) + ", expected f32, f16 or bf16");
            });
        }
        if (Files.exists(out) && named == Files.isDirectory(out)) {
            throw new InvalidInputException(
                    out + ": " + (named ? "is a directory, expected a file" : "is a file, expected a directory"));
        }
        if (Files.exists(out) && !options.overwrite()) {
            throw new InvalidInputException(out + ": is there already; --overwrite replaces it");
        }
    }

    private static void warnAboutBlocks(Path model, WeightRows source, Options options, List<String> warnings) {
        List<Format> blocks = Parameter.of(source.config()).stream()
                .map(source::format)
                .filter(format -> format.blockElements() > 1)
                .distinct()
                .toList();
        if (!blocks.isEmpty() && (options.preset().isPresent() || options.target() == Target.HF)) {
            boolean again = options.preset().filter(Preset::isQuantised).isPresent();
            warnings.add(model + " is quantised (" + blocks.getFirst() + " and so on): what it lost stays lost"
                    + (again ? ", and more is lost now; convert the model that it was made of where you have it" : ""));
        }
    }

    /** What the user should know, a line each. */
    public List<String> warnings() {
        return warnings;
    }

    /** The model's configuration. */
    public LlamaConfig config() {
        return source.config();
    }

    /** Bytes of the weights' files. */
    public long bytes() {
        return export.bytes();
    }

    /** How many elements get each format. */
    public SortedMap<Format, Long> elements() {
        SortedMap<Format, Long> elements = new TreeMap<>();
        List<Format> formats = export.formats();
        for (Parameter parameter : Parameter.of(source.config())) {
            elements.merge(formats.get(parameter.index()), parameter.numel(), Long::sum);
        }
        return elements;
    }

    /**
     * Writes the files beside their place, and renames them when they are complete.
     *
     * @param done told the bytes of weights that are written, in pieces
     * @throws InvalidInputException when a weight is no number that the format can have
     * @throws IOException when they cannot be written; what was there before is as it was
     */
    public void write(LongConsumer done) throws IOException {
        export.write(done);
    }

    /** What is written. */
    public Path out() {
        return out;
    }

    /** Unmaps the source's files. */
    @Override
    public void close() {
        source.close();
    }

    /** Runs a writer of a part, which goes when the process is ended from outside, too. */
    static void withoutRemains(Path part, AtomicFiles.Contents contents) throws IOException {
        Thread remover = new Thread(() -> {
            try {
                AtomicFiles.delete(part);
            } catch (IOException e) {
                // It is named as what it is: a part.
            }
        });
        Runtime.getRuntime().addShutdownHook(remover);
        try {
            contents.writeTo(part);
        } finally {
            try {
                Runtime.getRuntime().removeShutdownHook(remover);
            } catch (IllegalStateException e) {
                // The process ends, and the remover runs.
            }
        }
    }
}
