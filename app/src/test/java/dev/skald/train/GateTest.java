package dev.skald.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skald.InvalidInputException;
import dev.skald.card.ModelCard;
import dev.skald.evaluate.Probe;
import dev.skald.evaluate.TaskRun;
import dev.skald.generate.Generator;
import dev.skald.tensor.DType;
import dev.skald.train.ProbeMetrics.Verdict;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs of a tiny model that has learned Swedish, and goes on with Danish: with and without Swedish beside it. */
class GateTest {

    private static final TaskRun.Options ALL = new TaskRun.Options(Optional.empty(), Integer.MAX_VALUE, 1234);

    @TempDir
    static Path shared;

    /** Knows Swedish a little. */
    private static Path swedish;

    @TempDir
    Path folder;

    /** The demo's own texts. */
    private static List<String> texts(String language) throws IOException {
        List<String> texts = new ArrayList<>();
        try (InputStream in = GateTest.class.getResourceAsStream("/dev/skald/demo/" + language + ".jsonl")) {
            String all = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
            for (String line : all.lines().toList()) {
                texts.add(new ObjectMapper().readTree(line).get("text").textValue());
            }
        }
        return texts;
    }

    private static void write(Path file, List<String> texts) throws IOException {
        ObjectMapper mapper = new ObjectMapper();
        List<String> lines = new ArrayList<>();
        for (String text : texts) {
            lines.add(mapper.writeValueAsString(mapper.createObjectNode().put("text", text)));
        }
        Files.write(file, lines);
    }

    @BeforeAll
    static void learnSwedish() throws Exception {
        TinyRun tiny = new TinyRun(Files.createDirectory(shared.resolve("tiny")));
        List<String> sv = texts("sv");
        List<String> da = texts("da");
        List<String> heldOut = new ArrayList<>();
        for (String text : sv.subList(14, sv.size())) {
            for (int from = 0; from + 250 <= text.length() && heldOut.size() < 30; from += 250) {
                heldOut.add(text.substring(from, from + 250));
            }
        }
        write(shared.resolve("sv.jsonl"), sv.subList(0, 14));
        write(shared.resolve("da.jsonl"), da);
        write(shared.resolve("probe.jsonl"), heldOut);
        tiny.train(tiny.config(
                "swedish",
                "datasets=" + shared.resolve("sv.jsonl"),
                "dataset_prepared_path=" + shared.resolve("prepared"),
                "shuffle_merged_datasets=true",
                "sequence_len=64",
                "micro_batch_size=8",
                "gradient_accumulation_steps=1",
                "max_steps=60",
                "save_steps=60"));
        swedish = tiny.output("swedish").resolve("checkpoint-60");
    }

    private Path yaml;

    @BeforeEach
    void configure() throws IOException {
        yaml = folder.resolve("trainer.yaml");
        Files.writeString(yaml, """
                base_model: %s
                datasets:
                  - path: %s
                dataset_prepared_path: %s
                learning_rate: 5e-3
                warmup_steps: 2
                max_steps: 30
                micro_batch_size: 8
                sequence_len: 64
                bf16: false
                save_steps: 4
                save_total_limit: 20
                eval_steps: 4
                forgetting_gate:
                  probes:
                    - {path: %s, name: Swedish}
                """.formatted(
                swedish, shared.resolve("da.jsonl"), shared.resolve("prepared"), shared.resolve("probe.jsonl")));
    }

    private TrainerConfig config(String output, String... settings) throws IOException {
        List<String> overrides = new ArrayList<>(List.of("output_dir=" + folder.resolve(output)));
        overrides.addAll(Arrays.asList(settings));
        return TrainerConfig.read(yaml, overrides, new ArrayList<>());
    }

    private static boolean forgets(TrainerConfig config) throws IOException {
        return new Training(config, DeepSpeedConfig.none(), Rank.alone()).run();
    }

    private List<ProbeMetrics> probes(String output) throws IOException {
        return RunLog.read(folder.resolve(output).resolve(RunLog.METRICS), ProbeMetrics.class);
    }

    private String withReplay() {
        return "datasets=[{path: " + shared.resolve("da.jsonl") + "}, {path: " + shared.resolve("sv.jsonl")
                + ", type: replay, weight: 0.25}]";
    }

    @Test
    void aRunOfDanishAloneIsStoppedAndOneWithAQuarterOfSwedishIsNot() throws Exception {
        assertThat(forgets(config("danish"))).isTrue();
        List<ProbeMetrics> danish = probes("danish");
        assertThat(danish.getFirst().verdict()).isEqualTo(Verdict.BASELINE);
        assertThat(danish.getFirst().step()).isZero();
        // The learning rate rises for 2 steps, and 5 % of 30 steps follow in which nothing counts.
        assertThat(danish).extracting(ProbeMetrics::step).startsWith(0L, 4L, 8L);
        ProbeMetrics last = danish.getLast();
        assertThat(last.verdict()).isEqualTo(Verdict.STOP);
        assertThat(last.inARow()).isEqualTo(2);
        assertThat(last.step()).isLessThan(30);
        assertThat(last.dropLow()).isGreaterThan(0).isLessThan(last.drop());
        assertThat(last.drop())
                .isCloseTo(100 * (last.value() / danish.getFirst().value() - 1), within(1e-9));
        assertThat(folder.resolve("danish/latest")).hasContent("checkpoint-" + last.step());

        assertThat(forgets(config("replay", withReplay()))).isFalse();
        List<ProbeMetrics> replay = probes("replay");
        assertThat(replay.getLast().step()).isEqualTo(30);
        assertThat(replay).extracting(ProbeMetrics::verdict).doesNotContain(Verdict.STOP);
        assertThat(Files.readString(folder.resolve("replay/report.html")))
                .contains(
                        "Forgetting: Swedish, bits_per_byte, %", "worse by", "<td>Swedish</td><td>bits_per_byte</td>");
        ModelCard.Options options = new ModelCard.Options(
                "a/b",
                Optional.empty(),
                List.of(),
                Optional.empty(),
                "Det",
                Optional.empty(),
                Map.of(),
                Optional.empty(),
                List.of());
        assertThat(ModelCard.of(TrainingRun.read(folder.resolve("replay")), options))
                .contains("## Tasks and forgetting", "3 standard errors in 2 checks in a row ends the run")
                .containsPattern("\\| Swedish \\| bits_per_byte \\| \\d+ \\| \\d\\.\\d{4} ");
        assertThat(replay.getFirst().value()).isEqualTo(danish.getFirst().value());

        assertThat(forgets(config("again"))).isTrue();
        assertThat(probes("again")).isEqualTo(danish);
        assertThat(forgets(config("warned", "forgetting_gate.action=warn"))).isFalse();
        assertThat(probes("warned").getLast().inARow()).isGreaterThan(2);
    }

    @Test
    void aRunThatIsInterruptedComparesWithTheSameStart() throws Exception {
        forgets(config("whole"));
        List<ProbeMetrics> whole = probes("whole");
        assertThat(forgets(config(
                        "resumed",
                        "resume_from_checkpoint=" + folder.resolve("whole").resolve("checkpoint-4"))))
                .isTrue();
        assertThat(probes("resumed"))
                .isEqualTo(whole.stream().filter(each -> each.step() > 4).toList());
        String latest = Files.readString(folder.resolve("whole/latest")).strip();
        assertThat(folder.resolve("resumed").resolve(latest).resolve(GateState.FILE))
                .hasSameTextualContentAs(folder.resolve("whole").resolve(latest).resolve(GateState.FILE));

        // Stopped is stopped; with other thresholds it goes on.
        TrainerConfig again = config("whole", "auto_resume_from_checkpoints=true");
        assertThat(forgets(again)).isTrue();
        assertThat(probes("whole")).isEqualTo(whole);
        Path checkpoint = folder.resolve("whole").resolve(latest);
        assertThat(new Resumption(checkpoint, TrainerState.read(checkpoint), Timetable.of(again, 1000, 1))
                        .finished(again))
                .get()
                .asString()
                .contains("forgetting_gate: Swedish is ", " % worse (95 % interval ", "2 checks in a row", "replay");
        assertThat(forgets(config("whole", "auto_resume_from_checkpoints=true", "forgetting_gate.stop_drop=99")))
                .isFalse();
        assertThat(probes("whole").getLast().step()).isEqualTo(30);
    }

    @Test
    void ranksStopTogether() throws Exception {
        TrainerConfig config = config("two", "micro_batch_size=4");
        int port = Ranks.freePort();
        try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
            List<Future<Boolean>> ranks = Stream.of(0, 1)
                    .map(r -> threads.submit(
                            () -> new Training(config, DeepSpeedConfig.none(), new Rank(r, 2, r, 2, "localhost", port))
                                    .run()))
                    .toList();
            for (Future<Boolean> rank : ranks) {
                assertThat(rank.get()).isTrue();
            }
        }
        assertThat(probes("two").getLast().verdict()).isEqualTo(Verdict.STOP);
        assertThat(folder.resolve("two/latest"))
                .hasContent("checkpoint-" + probes("two").getLast().step());
    }

    /** What a probe says of the weights in memory is what evaluate says of the checkpoint. */
    @Test
    void aProbeIsWhatEvaluateMeasures() throws Exception {
        Map<String, String> texts = new LinkedHashMap<>();
        for (String line : Files.readAllLines(shared.resolve("probe.jsonl"))) {
            texts.put(
                    "text " + texts.size(),
                    new ObjectMapper().readTree(line).get("text").textValue());
        }
        Probe probe = Probe.ofTexts("Swedish", texts, ALL);
        String[] lora = {"adapter=lora", "lora_r=4", "lora_alpha=32", "lora_dropout=0.5", "lora_target_linear=true"};
        for (String[] settings : List.of(new String[] {"bf16=true"}, lora)) {
            String output = "out-" + settings.length;
            List<String> all = new ArrayList<>(Arrays.asList(settings));
            all.addAll(List.of("max_steps=8", "save_steps=8"));
            forgets(config(output, all.toArray(String[]::new)));
            boolean adapter = settings.length > 1;
            try (Generator saved = Generator.load(
                    adapter ? swedish : folder.resolve(output),
                    adapter ? Optional.of(folder.resolve(output)) : Optional.empty(),
                    adapter ? Optional.of(DType.F32) : Optional.empty(),
                    "cpu")) {
                ProbeMetrics last = probes(output).getLast();
                assertThat(last.step()).isEqualTo(8);
                assertThat(last.value()).isEqualTo(probe.measure(saved).value());
                assertThat(last.drop()).isNotZero();
            }
        }
    }

    /** The learning rate is so small that no weight changes. */
    @Test
    void nothingIsForgottenWhereNothingChanges() throws Exception {
        for (String bf16 : List.of("true", "false")) {
            String output = "still-" + bf16;
            assertThat(forgets(config(output, "learning_rate=1e-30", "max_steps=12", "eval_steps=2", "bf16=" + bf16)))
                    .isFalse();
            assertThat(probes(output).stream().skip(1)).allMatch(each -> each.drop() == 0 && each.dropHigh() == 0);
            assertThat(probes(output)).extracting(ProbeMetrics::verdict).doesNotContain(Verdict.WARN, Verdict.STOP);
        }
    }

    @Test
    void tasksAreLoggedWithTheirErrors() throws Exception {
        Path task = task(12);
        assertThat(forgets(config(
                        "out",
                        "max_steps=4",
                        "eval_tasks=" + task,
                        "forgetting_gate={action: warn, probes: [{path: " + task + ", metric: acc_norm, limit: 10}]}")))
                .isFalse();
        List<ProbeMetrics> all = probes("out");
        assertThat(all).extracting(ProbeMetrics::step).containsExactly(0L, 0L, 0L, 4L, 4L, 4L);
        assertThat(all).extracting(ProbeMetrics::metric).startsWith("acc_norm", "acc", "acc_norm");
        assertThat(all).extracting(ProbeMetrics::items).startsWith(10, 12, 12);
        assertThat(all.get(1).verdict()).isNull();
        assertThat(all.get(1).stderr()).isNotNull();
        JsonNode line = new ObjectMapper()
                .readTree(
                        Files.readAllLines(folder.resolve("out/metrics.jsonl")).getFirst());
        assertThat(line.get("probe").textValue()).isEqualTo("verbs");
        assertThat(line.get("verdict").textValue()).isEqualTo("BASELINE");
        assertThat(line.get("in_a_row").intValue()).isZero();
        assertThat(line.size()).isEqualTo(8);
        assertThat(TrainingRun.read(folder.resolve("out")).steps()).hasSize(4);
        assertThat(TrainingRun.read(folder.resolve("out")).probes()).isEqualTo(all);
    }

    private Path task(int items) throws IOException {
        List<String> rows = new ArrayList<>();
        for (int i = 0; i < items; i++) {
            rows.add("{\"q\": \"Hunden nummer " + i + "\", \"a\": " + i % 2 + "}");
        }
        Files.write(folder.resolve("verbs.jsonl"), rows);
        return Files.writeString(folder.resolve("verbs.yaml"), """
                task: verbs
                dataset_path: json
                dataset_kwargs: {data_files: {test: verbs.jsonl}}
                test_split: test
                output_type: multiple_choice
                doc_to_text: q
                doc_to_choice: ["skäller", "jamar"]
                doc_to_target: a
                """);
    }

    @Test
    void whatCannotBeMeasuredIsSaidBeforeTheFirstStep() throws Exception {
        String probes = "forgetting_gate.probes=";
        assertThatThrownBy(() -> forgets(config("out", probes + "[none.jsonl]")))
                .isInstanceOf(InvalidInputException.class)
                .hasMessage("forgetting_gate.probes: none.jsonl: no such file or directory");
        assertThatThrownBy(() -> forgets(config("out", "eval_tasks=none.yaml")))
                .hasMessage("eval_tasks: none.yaml: no such file or directory");
        assertThatThrownBy(() -> forgets(config("out", probes + "[" + task(3) + "]")))
                .hasMessage("forgetting_gate.probes: " + folder.resolve("verbs.yaml")
                        + ": found 3 items, expected at least 10: with fewer a standard error says nothing");
        assertThatThrownBy(() -> forgets(config("out", probes + "[{path: " + task(12) + ", metric: f2}]")))
                .hasMessageContaining("verbs.yaml: metric: found 'f2', expected one that task verbs is measured by");
        assertThatThrownBy(() -> forgets(config("out", probes + "[" + task(0) + "]")))
                .hasMessageContaining("verbs");
        Path empty = Files.writeString(folder.resolve("empty.jsonl"), "{\"text\": \" \"}\n");
        assertThatThrownBy(() -> forgets(config("out", probes + "[" + empty + "]")))
                .hasMessage("forgetting_gate.probes: " + empty + ": found no text");
        assertThat(folder.resolve("out")).doesNotExist();

        forgets(config("without", "forgetting_gate=null", "max_steps=4"));
        Path checkpoint = folder.resolve("without/checkpoint-4");
        assertThatThrownBy(() -> forgets(config("out", "resume_from_checkpoint=" + checkpoint)))
                .hasMessageContaining("forgetting_gate: " + checkpoint + " has no values from before the first update");
        forgets(config("with", "max_steps=4"));
        Path other = folder.resolve("with/checkpoint-4");
        assertThatThrownBy(() -> forgets(config(
                        "out", "resume_from_checkpoint=" + other, probes + "[" + shared.resolve("sv.jsonl") + "]")))
                .hasMessageContaining("forgetting_gate.probes: sv: " + other + " has no values of it");
        assertThatThrownBy(() -> forgets(config(
                        "out",
                        "resume_from_checkpoint=" + other,
                        probes + "[{name: Swedish, path: " + shared.resolve("sv.jsonl") + "}]")))
                .hasMessageContaining("forgetting_gate.probes: Swedish: its items");
    }
}
