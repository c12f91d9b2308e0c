import dev.skald.convert.Conversion;
import dev.skald.convert.Preset;
import dev.skald.evaluate.Divergence;
import dev.skald.generate.Generator;
import dev.skald.tensor.DType;
import dev.skald.text.DocumentReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What quantising a model costs: it is converted to each type, and each file is compared with the f32 one over the same text, in f32, so that what differs
 * is the weights alone.
 *
 * <p>{@code java @jvm.options -cp app/target/skald.jar:$(cat app/target/class-path) benchmarks/QuantisationQuality.java MODEL TEXT FOLDER [TYPE...]}
 */
final class QuantisationQuality {

    private static final int WINDOW = 512;

    public static void main(String[] args) throws Exception {
        Path folder = Path.of(args[2]);
        Files.createDirectories(folder);
        System.out.println("| type | MB | bits a weight | perplexity | | KL mean | KL 99 % | same token |");
        System.out.println("|---|---|---|---|---|---|---|---|");
        try (Generator reference = load(convert(Path.of(args[0]), folder, Preset.F32))) {
            for (Preset preset : Preset.values()) {
                if (args.length == 3 || List.of(args).indexOf(preset.name()) > 2) {
                    compare(convert(Path.of(args[0]), folder, preset), preset, reference, Path.of(args[1]));
                }
            }
        }
    }

    private static void compare(Path file, Preset preset, Generator reference, Path text) throws Exception {
        try (Generator model = load(file)) {
            Divergence divergence = new Divergence(model, reference, WINDOW);
            DocumentReader.readTexts(text, divergence::add, bytes -> {});
            Divergence.Result result = divergence.result();
            System.out.printf(
                    Locale.ROOT,
                    "| %s | %.2f | %.2f | %.3f | %+.3f %% | %.6f | %.6f | %.2f %% |%n",
                    preset,
                    Files.size(file) / 1e6,
                    8.0 * Files.size(file) / model.config().parameterCount(),
                    result.perplexity(),
                    100 * (result.perplexity() / result.reference_perplexity() - 1),
                    result.kl_mean(),
                    result.kl_99(),
                    100 * result.same_top());
        }
    }

    private static Generator load(Path file) throws Exception {
        return Generator.load(file, Optional.of(DType.F32), "cpu");
    }

    private static Path convert(Path model, Path folder, Preset preset) throws Exception {
        Path file = folder.resolve(preset.name().toLowerCase(Locale.ROOT) + ".gguf");
        Conversion.Options options = new Conversion.Options(Conversion.Target.GGUF, Optional.of(preset), true);
        try (Conversion conversion = Conversion.open(model, file, options)) {
            conversion.write(done -> {});
        }
        return file;
    }
}
