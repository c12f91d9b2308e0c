package dev.skald.corpus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.github.luben.zstd.ZstdInputStream;
import dev.skald.InvalidInputException;
import dev.skald.base.AtomicFiles;
import dev.skald.dataset.PackedTokens;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole runs on embedded Spark, against what brute force says. */
class PipelineTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int DOCUMENTS = 240;

    @TempDir
    private Path directory;

    private final Map<String, String> texts = new TreeMap<>();

    /** Swedish sentences in random order; a third are copies with some sentences replaced, some are equal copies. */
    @BeforeEach
    void writeInput() throws IOException {
        SplittableRandom random = new SplittableRandom(5);
        List<String[]> all = new ArrayList<>();
        Path input = Files.createDirectories(directory.resolve("in"));
        List<StringBuilder> files = List.of(new StringBuilder(), new StringBuilder(), new StringBuilder());
        for (int i = 0; i < DOCUMENTS; i++) {
            String[] sentences;
            if (i % 3 == 2) {
                sentences = all.get(random.nextInt(all.size())).clone();
                for (int changes = random.nextInt(6); changes > 0; changes--) {
                    sentences[random.nextInt(sentences.length)] = sentence(random);
                }
            } else {
                sentences = new String[20 + random.nextInt(20)];
                Arrays.setAll(sentences, k -> sentence(random));
            }
            all.add(sentences);
            String text = String.join("\n", sentences);
            texts.put("doc" + i, text);
            files.get(i % 3)
                    .append(JSON.writeValueAsString(Map.of("id", "doc" + i, "text", text, "year", i)))
                    .append('\n');
        }
        Files.writeString(input.resolve("a.jsonl"), files.get(0));
        Files.write(input.resolve("b.jsonl.gz"), gzip(files.get(1).toString()));
        Files.write(input.resolve("c.jsonl.gz"), gzip(files.get(2).toString()));
    }

    /** A tokenizer of the 256 bytes. */
    @BeforeEach
    void writeTokenizer() throws IOException {
        Map<String, Integer> vocabulary = new TreeMap<>();
        int other = 256;
        for (int b = 0; b < 256; b++) {
            boolean printable = (b > 32 && b < 127) || (b > 160 && b != 173);
            vocabulary.put(String.valueOf((char) (printable ? b : other++)), b);
        }
        Map<String, Object> byteLevel =
                Map.of("type", "ByteLevel", "add_prefix_space", false, "trim_offsets", true, "use_regex", true);
        Map<String, Object> model = Map.of("type", "BPE", "vocab", vocabulary, "merges", List.of());
        Files.writeString(
                directory.resolve("tokenizer.json"),
                JSON.writeValueAsString(Map.of(
                        "version",
                        "1.0",
                        "added_tokens",
                        List.of(),
                        "pre_tokenizer",
                        byteLevel,
                        "decoder",
                        byteLevel,
                        "model",
                        model)));
    }

    private static byte[] gzip(String text) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        }
        return bytes.toByteArray();
    }

    private static String sentence(SplittableRandom random) {
        String[] subjects = {"Hunden", "Katten", "Läraren", "Grannen", "Båten", "Riksdagen", "Barnet", "Skogen"};
        String[] verbs = {"såg", "hörde", "tog", "lämnade", "hittade", "glömde", "följde"};
        String[] objects = {"huset", "vägen", "boken", "sjön", "staden", "brevet", "bilen", "dörren", "maten"};
        String[] ends = {
            "i går", "på kvällen", "och gick sedan hem", "utan att säga något", "med stor glädje", "för länge sedan"
        };
        return subjects[random.nextInt(8)] + " " + verbs[random.nextInt(7)] + " " + objects[random.nextInt(9)] + " "
                + ends[random.nextInt(6)] + ", nummer " + random.nextInt(100) + ".";
    }

    private Recipe recipe(String output, String... overrides) throws IOException {
        Path file = directory.resolve("recipe.yaml");
        Files.writeString(file, """
                sources:
                  - {name: a, path: in/a.jsonl, language: sv, category: wiki}
                  - {name: bc, path: "in/*.gz", language: sv, priority: 1}
                filters: {words: {min: 5}}
                mix: {weights: {wiki: {default: 1.5}}}
                validation: {fraction: 0.1}
                fuzzy_dedup: {shingle_size: 3}
                read: {split_bytes: 65536}
                pack: {shards: 3}
                """);
        List<String> all = new ArrayList<>(List.of(
                "data=" + directory,
                "output=" + directory.resolve(output),
                "tokenizer=" + directory.resolve("tokenizer.json")));
        all.addAll(List.of(overrides));
        return RecipeReader.read(file, all);
    }

    private static Path run(Recipe recipe, String master, boolean resume) throws IOException {
        Pipeline.Options options = new Pipeline.Options(master, resume, false, true, false);
        return new Pipeline(recipe, options, new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8))
                .run();
    }

    @Test
    void removesWhatBruteForceRemovesAndPacksTheRest() throws IOException {
        Path output = run(recipe("out"), "local[2]", false);
        Map<String, JsonNode> kept = documents(output.resolve("kept"));
        Map<String, JsonNode> removed = documents(output.resolve("removed"));
        assertThat(kept.size() + removed.size()).isEqualTo(DOCUMENTS);

        Map<String, String> cluster = bruteForceClusters(0.8);
        Map<String, Set<String>> members =
                cluster.keySet().stream().collect(Collectors.groupingBy(cluster::get, Collectors.toSet()));
        long clusters = members.size();
        // 20 bands of 5 rows find a pair of J = 0.8 with probability 0.9996
        assertThat((long) kept.size()).isEqualTo(clusters);
        removed.forEach((id, document) -> {
            String survivor = document.get("survivor").asText();
            assertThat(cluster.get(id)).as(id).isEqualTo(cluster.get(survivor));
        });
        members.values().forEach(cluster1 -> {
            Set<String> survivors = new HashSet<>(cluster1);
            survivors.retainAll(kept.keySet());
            assertThat(survivors).hasSize(1);
            boolean priority = cluster1.stream().anyMatch(id -> source(id).equals("bc"));
            assertThat(kept.get(survivors.iterator().next()).get("source").asText())
                    .isEqualTo(priority ? "bc" : "a");
        });
        assertThat(kept.get("doc0")).isNotNull();
        assertThat(kept.values())
                .allSatisfy(document ->
                        assertThat(document.get("metadata").get("year").isInt()).isTrue());

        PackedTokens train = PackedTokens.open(output.resolve("packed/train"));
        train.verify();
        PackedTokens held = PackedTokens.open(output.resolve("packed/validation-sv"));
        Map<String, Integer> copies = new HashMap<>();
        for (long i = 0; i < train.documents(); i++) {
            copies.merge(train.document(i).id(), 1, Integer::sum);
        }
        for (long i = 0; i < held.documents(); i++) {
            assertThat(copies).doesNotContainKey(held.document(i).id());
            copies.put(held.document(i).id(), 1);
        }
        assertThat(copies.keySet()).isEqualTo(kept.keySet());
        copies.forEach((id, count) -> assertThat(count).isBetween(1, source(id).equals("a") ? 2 : 1));
    }

    private static String source(String id) {
        return Integer.parseInt(id.substring(3)) % 3 == 0 ? "a" : "bc";
    }

    /** The name of each document's connected component under Jaccard of word 3-grams. */
    private Map<String, String> bruteForceClusters(double threshold) {
        List<String> ids = List.copyOf(texts.keySet());
        Map<String, Set<String>> shingles = new HashMap<>();
        texts.forEach((id, text) -> {
            List<String> words = Stream.of(text.toLowerCase(java.util.Locale.ROOT)
                            .replaceAll("[.,]", "")
                            .split("\\s+"))
                    .toList();
            Set<String> set = new HashSet<>();
            for (int i = 0; i + 3 <= words.size(); i++) {
                set.add(String.join(" ", words.subList(i, i + 3)));
            }
            shingles.put(id, set);
        });
        Map<String, String> cluster = new HashMap<>();
        ids.forEach(id -> cluster.put(id, id));
        for (String a : ids) {
            for (String b : ids) {
                Set<String> both = new HashSet<>(shingles.get(a));
                both.retainAll(shingles.get(b));
                int union = shingles.get(a).size() + shingles.get(b).size() - both.size();
                if (both.size() >= threshold * union) {
                    String old = cluster.get(a);
                    cluster.replaceAll((id, name) -> name.equals(old) ? cluster.get(b) : name);
                }
            }
        }
        return cluster;
    }

    private static Map<String, JsonNode> documents(Path folder) throws IOException {
        Map<String, JsonNode> found = new TreeMap<>();
        for (JsonNode document : all(folder)) {
            assertThat(found.put(document.get("id").asText(), document)).isNull();
        }
        return found;
    }

    private static List<JsonNode> all(Path folder) throws IOException {
        List<JsonNode> found = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                try (ZstdInputStream in = new ZstdInputStream(Files.newInputStream(file))) {
                    String lines = new String(in.readAllBytes(), StandardCharsets.UTF_8);
                    for (String line :
                            lines.lines().filter(each -> !each.isBlank()).toList()) {
                        found.add(JSON.readTree(line));
                    }
                }
            }
        }
        return found;
    }

    @Test
    void theResultDoesNotDependOnCoresNorOnAKill() throws IOException {
        Path first = run(recipe("first"), "local[2]", false);
        Path second = run(recipe("second"), "local[1]", false);
        assertThat(files(second)).isEqualTo(files(first));

        // as a kill would leave it: some tasks of three stages undone, one half-written, no report
        for (String mark :
                List.of("1-read/part-00001", "4-verify/part-00000", "7-tokens/part-00001", "9-pack/part-00002")) {
            Files.delete(second.resolve("work/" + mark + ".json"));
        }
        Files.writeString(second.resolve("work/1-read/part-00001.texts"), "half");
        Path part = Files.createFile(AtomicFiles.part(second.resolve("kept/part-00001.jsonl.zst")));
        Files.delete(second.resolve("report.json"));
        Files.delete(second.resolve("packed/train/index.json"));
        run(recipe("second"), "local[2]", true);
        assertThat(part).doesNotExist();
        assertThat(files(second)).isEqualTo(files(first));

        Files.write(second.resolve("work/1-read/part-00001.texts"), new byte[1 << 16]);
        Files.delete(second.resolve("work/7-tokens/part-00001.json"));
        assertThatThrownBy(() -> run(recipe("second"), "local[2]", true))
                .isInstanceOf(TaskFailedException.class)
                .hasMessageStartingWith("7-tokens, partition 1, on localhost (executor driver): ")
                .hasMessageEndingWith("--resume goes on")
                .message()
                .hasLineCount(1);

        // what cannot be written is named, and nothing of the task is left half-done
        Path kept = second.resolve("kept");
        Files.move(kept, second.resolve("elsewhere"));
        Files.createFile(kept);
        assertThatThrownBy(() -> run(recipe("second"), "local[2]", true))
                .isInstanceOf(FileSystemException.class)
                .hasMessageContaining(kept.toString());
        try (Stream<Path> left = Files.list(second.resolve("work/7-tokens"))) {
            assertThat(left.map(Path::toString)).noneMatch(name -> name.endsWith(".part"));
        }

        assertThatThrownBy(() -> run(recipe("second", "seed=43"), "local[2]", true))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("the recipe has changed in seed");
        assertThatThrownBy(() -> run(recipe("second"), "local[2]", false))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("not empty; use --resume");
    }

    /** Everything but work/ and the recipe, which names the output. */
    private static Map<String, String> files(Path output) throws IOException {
        Map<String, String> found = new TreeMap<>();
        try (Stream<Path> files = Files.walk(output)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String name = output.relativize(file).toString();
                if (!name.startsWith("work") && !name.equals("recipe.yaml")) {
                    found.put(
                            name,
                            java.util.HexFormat.of().formatHex(Hashes.md5(Arrays.toString(Files.readAllBytes(file)))));
                }
            }
        }
        return found;
    }

    @Test
    void badInputIsKeptAsideAndTheRestGoesOn() throws IOException {
        Path input = directory.resolve("in");
        byte[] packed = Files.readAllBytes(input.resolve("c.jsonl.gz"));
        Files.write(input.resolve("d.jsonl.gz"), Arrays.copyOf(packed, packed.length / 2));
        Files.createFile(input.resolve("empty.jsonl"));
        Files.createFile(input.resolve("notes.docx"));
        ByteArrayOutputStream bad = new ByteArrayOutputStream();
        bad.writeBytes(
                "{\"id\":\"good\",\"text\":\"En god text med några ord i rad.\"}\n".getBytes(StandardCharsets.UTF_8));
        bad.writeBytes("{\"id\":\"broken\",\"text\":\"no end\n".getBytes(StandardCharsets.UTF_8));
        bad.writeBytes("{\"id\":\"field\",\"body\":\"another field\"}\n".getBytes(StandardCharsets.UTF_8));
        bad.writeBytes("{\"id\":\"number\",\"text\":5}\n".getBytes(StandardCharsets.UTF_8));
        bad.writeBytes(
                "{\"id\":\"latin\",\"text\":\"Ett r\u00E5tt ord i en text.\"}\n".getBytes(StandardCharsets.ISO_8859_1));
        bad.writeBytes(
                ("{\"id\":\"long\",\"text\":\"" + "lång ".repeat(20_000) + "\"}\n").getBytes(StandardCharsets.UTF_8));
        Files.write(input.resolve("bad.jsonl"), bad.toByteArray());
        // an id that is given again is another document, and a copy is known by its text
        Files.writeString(input.resolve("again.jsonl"), """
                {"id": "again", "text": "Den första av två texter med samma namn."}
                {"id": "again", "text": "En helt annan text, som handlar om något annat."}
                {"id": "again", "text": "Den första av två texter med samma namn."}
                """);
        Path output = run(
                recipe(
                        "out",
                        "sources=[{path: in, name: all}]",
                        "read.max_document_bytes=50000",
                        "read.invalid_utf8=reject",
                        "language.keep=[sv,da,nb,nn,en,other]",
                        "filters={}",
                        "tokenizer="),
                "local[2]",
                false);
        List<JsonNode> rejected = new ArrayList<>();
        try (Stream<Path> files = Files.list(output.resolve("rejected"))) {
            for (Path file : files.sorted().toList()) {
                for (String line : Files.readAllLines(file)) {
                    rejected.add(JSON.readTree(line));
                }
            }
        }
        assertThat(rejected.stream()
                        .filter(node -> node.get("file").asText().endsWith("bad.jsonl"))
                        .map(node -> node.get("line").asInt() + " "
                                + node.get("reason").asText()))
                .containsExactly(
                        "2 not JSON",
                        "3 no text in field 'text'",
                        "4 no text in field 'text'",
                        "5 not UTF-8",
                        "6 longer than read.max_document_bytes");
        assertThat(rejected.stream()
                        .filter(node -> node.get("file").asText().endsWith("d.jsonl.gz"))
                        .map(node -> node.get("reason").asText() + ": "
                                + node.get("detail").asText()))
                .containsExactly("unreadable from here on: the file ends in the middle");
        assertThat(all(output.resolve("kept")))
                .extracting(node -> node.get("id").asText())
                .contains("good");
        assertThat(JSON.readTree(output.resolve("report.json").toFile())
                        .at("/counters/skipped_files")
                        .asInt())
                .isEqualTo(2);
        assertThat(Files.readString(output.resolve("report.html"))).contains("files skipped");
        assertThat(all(output.resolve("kept")).stream()
                        .filter(node -> node.get("id").asText().equals("again")))
                .hasSize(2);
        assertThat(all(output.resolve("removed")).stream()
                        .filter(node -> node.get("id").asText().equals("again"))
                        .map(node -> node.get("stage").asText() + " "
                                + node.get("survivor").asText()))
                .containsExactly("exact_dedup again");
    }

    @Test
    void mistakesStopTheRunWithOneLine() throws IOException {
        assertThatThrownBy(() -> run(recipe("out", "sources=[{path: nowhere.jsonl}]"), "local[1]", false))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("nowhere.jsonl: no such file");
        assertThatThrownBy(() -> run(recipe("wrong", "sources=[{path: in, text: body}]"), "local[1]", false))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("no text in field 'body'");
        Path empty = Files.createDirectory(directory.resolve("empty"));
        Files.createFile(empty.resolve("a.jsonl"));
        assertThatThrownBy(() -> run(recipe("out", "sources=[{path: empty}]"), "local[1]", false))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("every file is empty");
        Files.writeString(directory.resolve("in/x.jsonl.gz"), "plain text");
        assertThatThrownBy(() -> run(recipe("out", "sources=[{path: in}]"), "local[1]", false))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("no gzip header");
    }
}
