package dev.skald.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.evaluate.Difference;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against comparison_golden.py: files in the layouts of others, and NumPy's and SciPy's figures of them. */
class ComparisonTest {

    /** Of sums over two dozen items in another order, and of a jackknife of values that are nearly equal. */
    private static final Offset<Double> TOLERANCE = offset(1e-10);

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String TIME = "2026-11-25T10-00-00.123456";

    @TempDir
    private Path directory;

    private JsonNode golden;

    @BeforeEach
    void write() throws IOException {
        try (InputStream in = ComparisonTest.class.getResourceAsStream("comparison_golden.json")) {
            golden = JSON.readTree(Objects.requireNonNull(in));
        }
        for (var file : golden.get("files").properties()) {
            Path path = directory.resolve(file.getKey());
            Files.createDirectories(path.getParent());
            Files.writeString(path, file.getValue().textValue());
        }
    }

    private Comparison compare(String... given) throws IOException {
        List<String> paths = new ArrayList<>();
        for (String each : given) {
            paths.add(directory.resolve(each).toString());
        }
        return Comparison.of(Runs.read(paths, Optional.empty(), List.of()));
    }

    private static Comparison.Row row(Comparison comparison, String task, String metric) {
        return comparison.rows().stream()
                .filter(row -> row.task().equals(task) && row.metric().equals(metric))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void pairsOfItemsAreAsNumpyHasThem() throws IOException {
        Comparison comparison = compare("base", "checkpoint-1000", "checkpoint-200");
        assertThat(comparison.runs().all())
                .extracting(Run::name)
                .containsExactly("base", "checkpoint-200", "checkpoint-1000");
        assertThat(comparison.notices()).isEmpty();
        assertThat(comparison.rows()).hasSize(4);
        for (var model : golden.get("expected").properties()) {
            for (var metric : model.getValue().properties()) {
                String task =
                        metric.getKey().startsWith("word") || metric.getKey().startsWith("bits") ? "text" : "quiz";
                Comparison.Cell cell =
                        row(comparison, task, metric.getKey()).cells().get(model.getKey());
                Difference found = cell.difference().orElseThrow();
                JsonNode expected = metric.getValue();
                String what = model.getKey() + " " + metric.getKey();
                assertThat(cell.value())
                        .isEqualTo(golden.at("/values/" + model.getKey() + "/" + metric.getKey())
                                .doubleValue());
                assertThat(found.value())
                        .as(what)
                        .isCloseTo(expected.get("value").doubleValue(), TOLERANCE);
                assertThat(found.standardError())
                        .as(what)
                        .isCloseTo(expected.get("stderr").doubleValue(), TOLERANCE);
                assertThat(found.low()).as(what).isCloseTo(expected.get("low").doubleValue(), TOLERANCE);
                assertThat(found.high()).as(what).isCloseTo(expected.get("high").doubleValue(), TOLERANCE);
                assertThat(found.p()).as(what).isCloseTo(expected.get("p").doubleValue(), TOLERANCE);
                assertThat(cell.holm())
                        .as(what)
                        .isCloseTo(expected.get("p_holm").doubleValue(), TOLERANCE);
                assertThat(found.test())
                        .as(what)
                        .isEqualTo(
                                switch (metric.getKey()) {
                                    case "acc" -> Difference.Test.MCNEMAR;
                                    case "brier" -> Difference.Test.PAIRED_T;
                                    default -> Difference.Test.PAIRED_JACKKNIFE;
                                });
            }
        }
        assertThat(row(comparison, "text", "bits_per_byte").cells().get("base").stderr())
                .as("what the file has none of is of its items")
                .isPositive();
    }

    @Test
    void itemsThatChangedAreCounted() throws IOException {
        Comparison comparison = compare("base", "checkpoint-200", "checkpoint-1000");
        for (var model : golden.get("changed").properties()) {
            Changes changes = row(comparison, "quiz", "acc")
                    .cells()
                    .get(model.getKey())
                    .changes()
                    .orElseThrow();
            JsonNode lost = JSON.valueToTree(
                    changes.lost().stream().map(each -> each.model().doc()).toList());
            JsonNode gained = JSON.valueToTree(
                    changes.gained().stream().map(each -> each.model().doc()).toList());
            assertThat(lost.toString()).isEqualTo(model.getValue().get("lost").toString());
            assertThat(gained.toString())
                    .isEqualTo(model.getValue().get("gained").toString());
        }
        Changes.Change first = row(comparison, "quiz", "acc")
                .cells()
                .get("checkpoint-1000")
                .changes()
                .orElseThrow()
                .lost()
                .getFirst();
        long doc = first.model().doc();
        assertThat(first.model().question()).isEqualTo("Fråga " + doc + ": <b>?\nSvar:");
        assertThat(first.baseline().answer())
                .as("it was right")
                .isEqualTo(first.baseline().target())
                .endsWith("av " + doc);
        assertThat(first.model().answer()).isNotEqualTo(first.model().target()).endsWith("av " + doc);
        assertThat(row(comparison, "quiz", "brier")
                        .cells()
                        .get("checkpoint-200")
                        .changes())
                .isEmpty();
    }

    @Test
    void euroEvalsRunsAreItsModels() throws IOException {
        Comparison comparison = compare("euroeval_benchmark_results.jsonl");
        assertThat(comparison.runs().all()).extracting(Run::name).containsExactly("org/first", "org/second");
        for (var task : golden.get("euroeval").properties()) {
            Difference found = row(comparison, task.getKey(), "mcc")
                    .cells()
                    .get("org/second")
                    .difference()
                    .orElseThrow();
            assertThat(found.value()).isCloseTo(task.getValue().get("value").doubleValue(), TOLERANCE);
            assertThat(found.standardError())
                    .isCloseTo(task.getValue().get("stderr").doubleValue(), TOLERANCE);
            assertThat(found.p()).isCloseTo(task.getValue().get("p").doubleValue(), TOLERANCE);
            assertThat(found.test()).isEqualTo(Difference.Test.UNPAIRED);
        }
        assertThat(comparison.notices())
                .extracting(Notice::line)
                .containsExactly(
                        "org/second: scala-sv, swerec: version of EuroEval: 18.2.0, the baseline has 12.10.5",
                        "org/second: scala-sv, swerec: compared by standard errors, not by item: no samples");
        assertThat(Runs.read(
                                List.of(directory
                                        .resolve("euroeval_benchmark_results.jsonl")
                                        .toString()),
                                Optional.of("org/second"),
                                List.of("*first"))
                        .all())
                .extracting(Run::name)
                .containsExactly("org/second", "org/first");
    }

    /** A copy of a run with changes to its results file, and to the lines of its quiz. */
    private Comparison changed(String results, String by, UnaryOperator<List<String>> lines) throws IOException {
        Path copy = Files.createDirectories(directory.resolve("copy"));
        for (String name : List.of(
                "results_" + TIME + ".json", "samples_quiz_" + TIME + ".jsonl", "samples_text_" + TIME + ".jsonl")) {
            String text = Files.readString(directory.resolve("checkpoint-200").resolve(name));
            if (name.startsWith("results")) {
                text = text.replace(results, by);
            } else if (name.startsWith("samples_quiz")) {
                text = String.join("\n", lines.apply(text.lines().toList())) + "\n";
            }
            Files.writeString(copy.resolve(name), text);
        }
        return compare("base", "copy");
    }

    private static List<String> kinds(Comparison comparison) {
        return comparison.notices().stream()
                .map(notice -> notice.kind() + " " + notice.line())
                .toList();
    }

    @Test
    void whatIsNotTheSameIsSaid() throws IOException {
        assertThat(kinds(changed("\"n-shot\": {\n    \"quiz\": 0", "\"n-shot\": {\n    \"quiz\": 5", lines -> lines)))
                .containsExactly("setting copy: quiz: shots: 5, the baseline has 0");
        assertThat(kinds(changed(
                        "\"versions\": {\n    \"quiz\": 1.0", "\"versions\": {\n    \"quiz\": 2.0", lines -> lines)))
                .containsExactly("setting copy: quiz: version: 2.0, the baseline has 1.0");
        assertThat(kinds(changed(
                        "",
                        "",
                        lines -> lines.stream()
                                .map(line -> line.replace("Svar:", "Svara:"))
                                .toList())))
                .containsExactly("prompts copy: quiz: 24 of 24 prompts differ");
        Comparison others = changed(
                "",
                "",
                lines -> lines.stream()
                        .map(line -> line.replace("{\"q\": 3,", "{\"q\": 103,"))
                        .toList());
        assertThat(kinds(others))
                .containsExactly(
                        "items copy: quiz: 23 of 24 items are among the baseline's 24, and the difference is of those");
        Comparison.Cell cell = row(others, "quiz", "acc").cells().get("copy");
        assertThat(cell.unlike()).isTrue();
        assertThat(cell.difference().orElseThrow().items()).isEqualTo(23);
        assertThat(row(others, "text", "bits_per_byte").cells().get("copy").unlike())
                .isFalse();
        Comparison limited = changed("\"effective\": 24", "\"effective\": 10", lines -> lines.subList(0, 10));
        assertThat(kinds(limited))
                .as("and the value of 24 items is not that of 10")
                .contains(
                        "setting copy: quiz, text: items: 10, the baseline has 24",
                        "unpaired copy: quiz: acc: compared by standard errors, not by item: the samples do not add up to the values");
        Comparison reordered = changed(
                "",
                "",
                lines -> IntStream.range(0, 24)
                        .mapToObj(i -> lines.get(23 - i).replaceFirst("\"doc_id\": \\d+", "\"doc_id\": " + i))
                        .toList());
        assertThat(reordered.notices())
                .as("a document is itself wherever it stands")
                .isEmpty();
        Difference moved =
                row(reordered, "quiz", "acc").cells().get("copy").difference().orElseThrow();
        JsonNode expected = golden.at("/expected/checkpoint-200/acc");
        assertThat(moved.items()).isEqualTo(24);
        assertThat(moved.standardError()).isCloseTo(expected.get("stderr").doubleValue(), TOLERANCE);
    }

    @Test
    void withoutSamplesItIsUnpaired() throws IOException {
        Files.delete(directory.resolve("base/samples_quiz_" + TIME + ".jsonl"));
        Comparison comparison = compare("base", "checkpoint-200");
        Comparison.Cell cell = row(comparison, "quiz", "acc").cells().get("checkpoint-200");
        assertThat(cell.difference().orElseThrow().test()).isEqualTo(Difference.Test.UNPAIRED);
        assertThat(cell.changes()).isEmpty();
        assertThat(comparison.notices())
                .extracting(Notice::line)
                .containsExactly("checkpoint-200: quiz: compared by standard errors, not by item: no samples");
        assertThat(ComparisonText.of(comparison, 0)).contains("u: not paired by item");
    }

    @Test
    void thePageIsWellFormedAndEscapesWhatOthersWrote() throws Exception {
        String page = ComparisonPage.of(compare("base", "checkpoint-200", "checkpoint-1000"), 5);
        assertThat(page)
                .doesNotContain("Fråga 1: <b>", "<script", "http:")
                .contains("&lt;b&gt;?", "prefers-color-scheme: dark");
        int charts = 0;
        for (int at = page.indexOf("<svg"); at >= 0; at = page.indexOf("<svg", at + 1)) {
            String svg = page.substring(at, page.indexOf("</svg>", at) + 6);
            DocumentBuilderFactory.newInstance()
                    .newDocumentBuilder()
                    .parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)));
            assertThat(svg)
                    .as("checkpoints on a line of steps, the baseline level beside them")
                    .contains(">step<", ">base<", ">1000<");
            charts++;
        }
        assertThat(charts).as("one for each task").isEqualTo(2);
    }

    @Test
    void theTextFits() throws IOException {
        String text = ComparisonText.of(compare("base", "checkpoint-200", "checkpoint-1000"), 0);
        assertThat(text.lines()).allMatch(line -> line.codePointCount(0, line.length()) <= 100);
        assertThat(text).contains("quiz acc ", "checkpoint-200", "bits_per_byte ↓", "*: not by chance");
        List<String> ten = new ArrayList<>(List.of("base"));
        for (int step = 100; step <= 1000; step += 100) {
            Path copy = Files.createDirectories(directory.resolve("run-step" + step));
            for (String name : List.of("results_" + TIME + ".json", "samples_quiz_" + TIME + ".jsonl")) {
                Files.copy(directory.resolve("checkpoint-200").resolve(name), copy.resolve(name));
            }
            ten.add("run-step" + step);
        }
        Comparison many = compare(ten.toArray(String[]::new));
        assertThat(many.runs().all()).extracting(Run::name).endsWith("run-step900", "run-step1000");
        String lines = ComparisonText.of(many, 0);
        assertThat(lines.lines().filter(line -> line.startsWith("  run-step1000")))
                .hasSize(4);
        assertThat(lines.lines().filter(line -> !line.startsWith("note"))).allMatch(line -> line.length() <= 100);
    }

    @Test
    void jsonHasTheDocumentedKeys() throws IOException {
        ObjectNode json = ComparisonJson.of(compare("base", "checkpoint-1000"), 1);
        assertThat(json.properties().stream().map(key -> key.getKey()))
                .containsExactly("baseline", "confidence", "level", "runs", "results", "notices");
        assertThat(json.at("/runs/1").toString()).contains("\"step\":1000", "\"source\":\"lm-eval\"");
        JsonNode cell = json.at("/results/0/runs/checkpoint-1000");
        assertThat(cell.properties().stream().map(key -> key.getKey()))
                .containsExactly("value", "stderr", "low", "high", "items", "difference", "changed");
        assertThat(cell.get("difference").properties().stream().map(key -> key.getKey()))
                .containsExactly(
                        "value",
                        "stderr",
                        "low",
                        "high",
                        "p",
                        "p_holm",
                        "significant",
                        "better",
                        "test",
                        "paired_items",
                        "comparable");
        assertThat(cell.at("/changed/right_to_wrong/first")).hasSize(1);
        assertThat(cell.at("/changed/right_to_wrong/count").intValue())
                .isEqualTo(golden.at("/changed/checkpoint-1000/lost").size());
        assertThat(json.at("/results/0/runs/base").has("difference")).isFalse();
    }

    @Test
    void digitsFollowTheInterval() {
        assertThat(Numbers.value(0.46412, 0.0437)).isEqualTo("0.464");
        assertThat(Numbers.half(0.0437)).isEqualTo("0.044");
        assertThat(Numbers.value(258.123, 3.21)).isEqualTo("258.1");
        assertThat(Numbers.signed(-0.00421, 0.00112)).isEqualTo("-0.0042");
        assertThat(Numbers.value(1234.4, 321)).isEqualTo("1234");
        assertThat(Numbers.value(0.4641234, Double.NaN)).isEqualTo("0.4641");
        assertThat(Numbers.value(1, 0)).isEqualTo("1.000");
        assertThat(Numbers.value(Double.NaN, 1)).isEqualTo("-");
    }

    @Test
    void stepsAreReadFromNames() {
        for (var each : List.of(
                List.of("checkpoint-100", "100", ""),
                List.of("nordic/step_2000", "2000", "nordic"),
                List.of("ckpt7", "7", ""),
                List.of("global_step55-q4", "55", "global_-q4"))) {
            Run run = new Run(each.getFirst(), "", Path.of("x"), Run.Source.SKALD, Map.of());
            assertThat(run.step()).hasValue(Long.parseLong(each.get(1)));
            assertThat(run.series()).isEqualTo(each.get(2));
        }
        Run plain = new Run("Llama-3-8B", "", Path.of("x"), Run.Source.SKALD, Map.of());
        assertThat(plain.step()).isEmpty();
        assertThat(new Run("a", "out/checkpoint-9", Path.of("x"), Run.Source.SKALD, Map.of()).step())
                .hasValue(9);
    }
}
