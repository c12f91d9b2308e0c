import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.dataset.PackedTokens;
import dev.skald.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * Bits per byte of xz and of PPMd on the texts of packed validation sets, as {@code skald card --compare} reads them: what {@code xz} and
 * {@code 7z} make of one file with all documents of a language in it.
 *
 * <pre>java @jvm.options -cp app/target/skald.jar:$(cat app/target/class-path) benchmarks/CompressHeldOut.java TOKENIZER PACKED... > compressors.json</pre>
 *
 * TOKENIZER is the model directory whose tokenizer packed them, PACKED such as {@code corpus/packed/validation-sv}: each of one language.
 */
final class CompressHeldOut {

    public static void main(String[] args) throws Exception {
        Tokenizer tokenizer = Tokenizer.load(Path.of(args[0]));
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode result = mapper.createObjectNode();
        Path work = Files.createTempDirectory("compressed-");
        for (String directory : List.of(args).subList(1, args.length)) {
            PackedTokens packed = PackedTokens.open(Path.of(directory));
            String language = packed.document(0).language();
            Path file = Files.writeString(work.resolve("text"), text(packed, tokenizer));
            double bits = 8.0 / Files.size(file);
            long ppmd = compressed(work.resolve("text.7z"), "7z", "a", "-m0=PPMd:o=16:mem=256m", "text.7z", "text");
            long xz = compressed(work.resolve("text.xz"), "xz", "-9", "--keep", "text");
            result.withObject("/PPMd").put(language, bits * ppmd);
            result.withObject("/xz -9").put(language, bits * xz);
            Files.delete(file);
        }
        Files.delete(work);
        System.out.println(mapper.writerWithDefaultPrettyPrinter().writeValueAsString(result));
    }

    private static String text(PackedTokens packed, Tokenizer tokenizer) {
        StringBuilder text = new StringBuilder();
        for (long d = 0; d < packed.documents(); d++) {
            int[] ids = new int[(int) (packed.end(d) - packed.start(d))];
            packed.read(packed.start(d), ids, 0, ids.length);
            text.append(tokenizer.decode(ids, true)).append("\n\n");
        }
        return text.toString();
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
