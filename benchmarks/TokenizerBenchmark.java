import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingType;
import dev.skald.tokenizer.TokenIds;
import dev.skald.tokenizer.Tokenizer;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToLongFunction;
import java.util.zip.GZIPInputStream;

/**
 * Speed of encoding, one thread, documents one after the other: Skald against Hugging Face's tokenizers (through DJL) with the same tokenizer.json, and against JTokkit
 * with cl100k, which has the same pattern and the nearest vocabulary that it knows. Then runs of one character, of which the time per byte must not grow.
 *
 * <p>{@code java @jvm.options -cp app/target/skald.jar:$(cat app/target/class-path):TEST-JARS benchmarks/TokenizerBenchmark.java TOKENIZER.json MEGABYTES FILE.jsonl.gz...}
 */
final class TokenizerBenchmark {

    private static final int ROUNDS = 5;

    private TokenizerBenchmark() {}

    public static void main(String[] args) throws Exception {
        Path file = Path.of(args[0]);
        List<String> documents =
                read(Long.parseLong(args[1]) * 1_000_000, Arrays.asList(args).subList(2, args.length));
        List<byte[]> utf8 = documents.stream()
                .map(text -> text.getBytes(StandardCharsets.UTF_8))
                .toList();
        double megabytes = utf8.stream().mapToLong(bytes -> bytes.length).sum() / 1e6;
        System.out.printf(Locale.ROOT, "%d documents, %.1f MB of UTF-8%n", documents.size(), megabytes);

        long start = System.nanoTime();
        Tokenizer ours = Tokenizer.load(file);
        System.out.printf(Locale.ROOT, "Skald loads in %.0f ms%n", (System.nanoTime() - start) / 1e6);
        Encoding cl100k = Encodings.newLazyEncodingRegistry().getEncoding(EncodingType.CL100K_BASE);
        TokenIds ids = new TokenIds();
        try (HuggingFaceTokenizer theirs =
                HuggingFaceTokenizer.newInstance(file, Map.of("truncation", "false", "padding", "false"))) {
            double[][] speed = new double[4][ROUNDS];
            for (int round = -1; round < ROUNDS; round++) {
                double[] now = {
                    speed(megabytes, documents, text -> ours.encode(text).length),
                    speed(megabytes, utf8, text -> {
                        ids.clear();
                        ours.encode(text, 0, text.length, ids);
                        return ids.size();
                    }),
                    speed(
                            megabytes,
                            documents,
                            text -> theirs.encode(text, false, false).getIds().length),
                    speed(
                            megabytes,
                            documents,
                            text -> cl100k.encodeOrdinary(text).size())
                };
                for (int i = 0; i < 4 && round >= 0; i++) {
                    speed[i][round] = now[i];
                }
            }
            Arrays.stream(speed).forEach(Arrays::sort);
            print("Skald, String to int[]", speed[0], speed);
            print("Skald, UTF-8 to TokenIds", speed[1], speed);
            print("Hugging Face through DJL", speed[2], speed);
            print("JTokkit, cl100k", speed[3], speed);
        }
        for (String unit : List.of("a", " ", "å", "\n", "!")) {
            run(ours, unit);
        }
    }

    private static <T> double speed(double megabytes, List<T> documents, ToLongFunction<T> encode) {
        long start = System.nanoTime();
        long tokens = 0;
        for (T document : documents) {
            tokens += encode.applyAsLong(document);
        }
        if (tokens == 0) {
            throw new IllegalStateException("no tokens");
        }
        return megabytes / ((System.nanoTime() - start) / 1e9);
    }

    private static void print(String name, double[] sorted, double[][] all) {
        int middle = ROUNDS / 2;
        System.out.printf(
                Locale.ROOT,
                "%-26s %7.2f MB/s (%.2f to %.2f); Skald's UTF-8 path is %.1f times this%n",
                name,
                sorted[middle],
                sorted[0],
                sorted[ROUNDS - 1],
                all[1][middle] / sorted[middle]);
    }

    private static void run(Tokenizer tokenizer, String unit) {
        double[] nanos = new double[3];
        int[] sizes = {100_000, 200_000, 800_000};
        for (int i = 0; i < 3; i++) {
            byte[] text = unit.repeat(sizes[i]).getBytes(StandardCharsets.UTF_8);
            TokenIds ids = new TokenIds(sizes[i]);
            double best = Double.MAX_VALUE;
            for (int round = 0; round < 5; round++) {
                ids.clear();
                long start = System.nanoTime();
                tokenizer.encode(text, 0, text.length, ids);
                best = Math.min(best, (System.nanoTime() - start) / (double) text.length);
            }
            nanos[i] = best;
        }
        System.out.printf(
                Locale.ROOT,
                "runs of %-6s ns per byte at 100, 200, 800 thousand: %.1f %.1f %.1f%n",
                unit.equals("\n") ? "\\n" : "'" + unit + "'",
                nanos[0],
                nanos[1],
                nanos[2]);
    }

    private static List<String> read(long bytes, List<String> files) throws Exception {
        ObjectMapper json = new ObjectMapper();
        List<String> documents = new ArrayList<>();
        for (String file : files) {
            long left = bytes / files.size();
            try (BufferedReader lines = new BufferedReader(new InputStreamReader(
                    new GZIPInputStream(Files.newInputStream(Path.of(file))), StandardCharsets.UTF_8))) {
                for (String line = lines.readLine(); line != null && left > 0; line = lines.readLine()) {
                    String text = json.readTree(line).path("text").asText();
                    documents.add(text);
                    left -= text.length();
                }
            }
        }
        return documents;
    }
}
