import dev.skald.evaluate.Perplexity;
import dev.skald.generate.Generator;
import dev.skald.tokenizer.PackedTokens;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Bits per byte of a model on held-out text, beside those of xz and of PPMd on the same text: what {@code xz} and {@code 7z} make of one file
 * with all documents of a language in it.
 *
 * <pre>java @jvm.options -cp target/skald.jar:$(cat target/class-path) benchmarks/BesideCompressors.java MODEL PACKED...</pre>
 *
 * PACKED are packed validation sets, such as {@code corpus/packed/validation-sv}, made with the model's tokenizer. Prints a Markdown table.
 */
final class BesideCompressors {

    public static void main(String[] args) throws Exception {
        System.out.println("| | documents | bytes | model | PPMd | xz -9 |");
        System.out.println("|---|---|---|---|---|---|");
        Path work = Files.createTempDirectory("compressors-");
        try (Generator model = Generator.load(Path.of(args[0]))) {
            for (String packed : List.of(args).subList(1, args.length)) {
                List<String> texts = texts(PackedTokens.open(Path.of(packed)), model);
                Perplexity perplexity = new Perplexity(
                        model.model(), model.tokenizer(), model.model().config().max_position_embeddings());
                texts.forEach(perplexity::add);
                Path file = Files.writeString(work.resolve("text"), String.join("\n\n", texts));
                long bytes = Files.size(file);
                long ppmd = compressed(work.resolve("text.7z"), "7z", "a", "-m0=PPMd:o=16:mem=256m", "text.7z", "text");
                long xz = compressed(work.resolve("text.xz"), "xz", "-9", "--keep", "text");
                System.out.printf(
                        Locale.ROOT,
                        "| %s | %d | %,d | %.3f | %.3f | %.3f |%n",
                        Path.of(packed).getFileName(),
                        texts.size(),
                        bytes,
                        perplexity.result().bitsPerByte(),
                        8.0 * ppmd / bytes,
                        8.0 * xz / bytes);
                Files.delete(file);
            }
        } finally {
            Files.delete(work);
        }
    }

    private static List<String> texts(PackedTokens packed, Generator model) {
        List<String> texts = new ArrayList<>();
        for (long d = 0; d < packed.documents(); d++) {
            int[] ids = new int[(int) (packed.end(d) - packed.start(d))];
            packed.read(packed.start(d), ids, 0, ids.length);
            texts.add(model.tokenizer().decode(ids, true));
        }
        return texts;
    }

    /** The size of the file that a command makes; the file is deleted. */
    private static long compressed(Path made, String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .directory(made.getParent().toFile())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(Arrays.toString(command) + ": " + said);
        }
        long size = Files.size(made);
        Files.delete(made);
        return size;
    }
}
