import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.github.luben.zstd.ZstdInputStream;
import dev.skald.corpus.Pipeline;
import dev.skald.corpus.RecipeReader;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/**
 * Near-duplicate removal against exact Jaccard similarity of all pairs: documents of given files, and a perturbed copy of every second one.
 * Word 5-grams here are sets of strings, made without the pipeline's code.
 *
 * <p>{@code java @jvm.options @jvm-spark.options -cp app/target/skald.jar:$(cat app/target/class-path-spark) benchmarks/DedupRecall.java DOCUMENTS
 * FILE.jsonl.gz...}
 */
public class DedupRecall {

    private static final double THRESHOLD = 0.8;

    public static void main(String[] args) throws IOException {
        Map<String, String> texts =
                texts(Integer.parseInt(args[0]), Arrays.asList(args).subList(1, args.length));
        Path directory = Files.createTempDirectory("dedup-recall");
        ObjectMapper json = new ObjectMapper();
        try (BufferedWriter out = Files.newBufferedWriter(directory.resolve("in.jsonl"))) {
            for (var text : texts.entrySet()) {
                out.write(json.writeValueAsString(Map.of("id", text.getKey(), "text", text.getValue())));
                out.write('\n');
            }
        }
        Path recipe = Files.writeString(directory.resolve("recipe.yaml"), """
                sources: [{path: in.jsonl}]
                language: {keep: [sv, da, nb, nn, is, fo, en, other]}
                """);
        Path output = new Pipeline(
                        RecipeReader.read(recipe, List.of("data=" + directory, "output=" + directory.resolve("out"))),
                        new Pipeline.Options("local[2]", false, false, false, false),
                        System.err)
                .run();
        Map<String, String> cluster = new HashMap<>();
        Map<String, String> language = new HashMap<>();
        for (String folder : List.of("kept", "removed")) {
            for (JsonNode document : documents(output.resolve(folder))) {
                String id = document.get("id").asText();
                language.put(id, document.get("language").asText());
                cluster.put(
                        id, document.has("survivor") ? document.get("survivor").asText() : id);
            }
        }
        // the survivor of an exact duplicate may itself be removed as a near one
        cluster.replaceAll((id, survivor) -> cluster.get(survivor));
        compare(texts, cluster, language);
    }

    private static Map<String, String> texts(int documents, List<String> files) throws IOException {
        Map<String, String> texts = new java.util.LinkedHashMap<>();
        SplittableRandom random = new SplittableRandom(1);
        ObjectMapper json = new ObjectMapper();
        for (String file : files) {
            try (BufferedReader in = new BufferedReader(new InputStreamReader(
                    new GZIPInputStream(Files.newInputStream(Path.of(file))), StandardCharsets.UTF_8))) {
                int taken = 0;
                for (String line = in.readLine();
                        line != null && taken < documents / files.size();
                        line = in.readLine()) {
                    String text = json.readTree(line).get("text").asText();
                    if (text.length() > 20_000) {
                        continue;
                    }
                    String id = "d" + texts.size();
                    texts.put(id, text);
                    taken++;
                    if (taken % 2 == 0) {
                        texts.put("d" + texts.size(), perturbed(text, random));
                        taken++;
                    }
                }
            }
        }
        return texts;
    }

    /** Replaces up to 6 % of the words, which leaves a Jaccard similarity of about 0.6 to 1. */
    private static String perturbed(String text, SplittableRandom random) {
        String[] words = text.split(" ");
        int changes = random.nextInt(1 + words.length * 6 / 100);
        for (int i = 0; i < changes; i++) {
            words[random.nextInt(words.length)] = "ord" + random.nextInt(1000);
        }
        return String.join(" ", words);
    }

    private static List<JsonNode> documents(Path folder) throws IOException {
        List<JsonNode> found = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                try (ZstdInputStream in = new ZstdInputStream(Files.newInputStream(file))) {
                    for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8)
                            .lines()
                            .toList()) {
                        if (!line.isBlank()) {
                            found.add(new ObjectMapper().readTree(line));
                        }
                    }
                }
            }
        }
        return found;
    }

    private static void compare(Map<String, String> texts, Map<String, String> cluster, Map<String, String> language) {
        List<String> ids = List.copyOf(texts.keySet());
        Map<String, Integer> number = new HashMap<>();
        List<Set<Integer>> sets = new ArrayList<>();
        for (String id : ids) {
            List<String> words = Stream.of(
                            texts.get(id).toLowerCase(Locale.ROOT).split("\\s+"))
                    .map(word -> word.replaceAll("[^\\p{L}\\p{N}]", ""))
                    .filter(word -> !word.isEmpty())
                    .toList();
            int size = Math.min(5, words.size());
            Set<Integer> set = new HashSet<>();
            for (int i = 0; i + size <= words.size(); i++) {
                set.add(number.computeIfAbsent(String.join(" ", words.subList(i, i + size)), key -> number.size()));
            }
            sets.add(set);
        }
        long similar = 0;
        long found = 0;
        int[] component = new int[ids.size()];
        Arrays.setAll(component, i -> i);
        for (int a = 0; a < ids.size(); a++) {
            for (int b = a + 1; b < ids.size(); b++) {
                Set<Integer> small = sets.get(a).size() < sets.get(b).size() ? sets.get(a) : sets.get(b);
                Set<Integer> large = small == sets.get(a) ? sets.get(b) : sets.get(a);
                if (small.size() < THRESHOLD * large.size()
                        || !language.get(ids.get(a)).equals(language.get(ids.get(b)))) {
                    continue;
                }
                long common = small.stream().filter(large::contains).count();
                if (common >= THRESHOLD * (small.size() + large.size() - common)) {
                    similar++;
                    found += cluster.get(ids.get(a)).equals(cluster.get(ids.get(b))) ? 1 : 0;
                    int from = component[b];
                    int to = component[a];
                    for (int i = 0; i < component.length; i++) {
                        component[i] = component[i] == from ? to : component[i];
                    }
                }
            }
        }
        int wrong = 0;
        int removed = 0;
        for (int i = 0; i < ids.size(); i++) {
            String survivor = cluster.get(ids.get(i));
            if (!survivor.equals(ids.get(i))) {
                removed++;
                wrong += component[ids.indexOf(survivor)] == component[i] ? 0 : 1;
            }
        }
        System.out.printf(
                "%d documents, %d pairs of Jaccard >= %.1f by brute force, %d of them in one cluster: recall %.2f %%%n",
                ids.size(), similar, THRESHOLD, found, 100.0 * found / similar);
        System.out.printf(
                "%d documents removed; %d of them without a chain of such pairs to their survivor%n", removed, wrong);
    }
}
