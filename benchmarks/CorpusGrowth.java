import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.corpus.Pipeline;
import dev.skald.corpus.RecipeReader;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/**
 * Speed from compressed JSON lines to packed tokens on local[2], by stage, for one, two and four times the data: the copies have one word in ten
 * replaced, so they are no near-duplicates.
 *
 * <p>{@code java -Xmx2g @jvm.options @jvm-spark.options -cp app/target/skald.jar:$(cat app/target/class-path-spark) benchmarks/CorpusGrowth.java DATA
 * TOKENIZER WORK [times...]}
 */
public class CorpusGrowth {

    private static final Pattern STAGE = Pattern.compile("^(\\S+) +\\d+ tasks? in ([0-9.]+) s.*");

    public static void main(String[] args) throws IOException {
        Path work = Path.of(args[2]);
        for (int i = 3; i < Math.max(4, args.length); i++) {
            int times = args.length > 3 ? Integer.parseInt(args[i]) : 1;
            Path data = work.resolve("times" + times);
            long bytes = Files.isDirectory(data)
                    ? Long.parseLong(Files.readString(data.resolve("bytes")))
                    : write(Path.of(args[0]), data, times);
            run(data, args[1], work.resolve("out" + times), times, bytes);
        }
    }

    private static void run(Path data, String tokenizer, Path output, int times, long bytes) throws IOException {
        for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
            pool.resetPeakUsage();
        }
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        new Pipeline(
                        RecipeReader.read(
                                Path.of("configs/nordic-pile/corpus.yaml"),
                                List.of("data=" + data, "output=" + output, "tokenizer=" + tokenizer)),
                        new Pipeline.Options("local[2]", false, true, false, false),
                        new PrintStream(log, true, StandardCharsets.UTF_8))
                .run();
        long heap = ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP)
                .mapToLong(pool -> pool.getPeakUsage().getUsed())
                .sum();
        double total = 0;
        StringBuilder stages = new StringBuilder();
        for (String line : log.toString(StandardCharsets.UTF_8).lines().toList()) {
            Matcher stage = STAGE.matcher(line);
            if (stage.matches()) {
                total += Double.parseDouble(stage.group(2));
                stages.append("  ").append(stage.group(1)).append(' ').append(stage.group(2));
            }
        }
        System.out.printf(
                Locale.ROOT,
                "%dx: %.1f MB in %.1f s: %.2f MB/s per core, peak heap %d MB;%s%n",
                times,
                bytes / 1e6,
                total,
                bytes / 1e6 / total / 2,
                heap >> 20,
                stages);
    }

    private static long write(Path from, Path to, int times) throws IOException {
        ObjectMapper json = new ObjectMapper();
        long bytes = 0;
        List<Path> files;
        try (Stream<Path> found = Files.walk(from)) {
            files = found.filter(file -> file.toString().endsWith(".jsonl.gz"))
                    .sorted()
                    .toList();
        }
        for (Path file : files) {
            for (int copy = 0; copy < times; copy++) {
                SplittableRandom random = new SplittableRandom(copy);
                Path target =
                        to.resolve(from.relativize(file).toString().replace(".jsonl.gz", "-" + copy + ".jsonl.gz"));
                Files.createDirectories(target.getParent());
                try (BufferedReader in = new BufferedReader(new InputStreamReader(
                                new GZIPInputStream(Files.newInputStream(file)), StandardCharsets.UTF_8));
                        BufferedWriter out = new BufferedWriter(new OutputStreamWriter(
                                new GZIPOutputStream(Files.newOutputStream(target)), StandardCharsets.UTF_8))) {
                    for (String line = in.readLine(); line != null; line = in.readLine()) {
                        JsonNode document = json.readTree(line);
                        String text = copy == 0
                                ? document.get("text").asText()
                                : perturbed(document.get("text").asText(), random);
                        bytes += text.getBytes(StandardCharsets.UTF_8).length;
                        ((ObjectNode) document)
                                .put("text", text)
                                .put("id", document.get("id").asText() + "-" + copy);
                        out.write(json.writeValueAsString(document));
                        out.write('\n');
                    }
                }
            }
        }
        Files.writeString(to.resolve("bytes"), Long.toString(bytes));
        return bytes;
    }

    private static String perturbed(String text, SplittableRandom random) {
        String[] words = text.split(" ");
        for (int i = 0; i < words.length; i++) {
            if (random.nextInt(10) == 0) {
                words[i] = words[random.nextInt(words.length)];
            }
        }
        return String.join(" ", words);
    }
}
