package dev.skald.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skald.InvalidInputException;
import dev.skald.config.ConfigFile;
import dev.skald.model.LatestCheckpoint;
import dev.skald.tensor.Natives;
import dev.skald.text.Place;
import dev.skald.tokenizer.Tokenizer;
import dev.skald.tune.Example;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs that learn from answers that are wanted or not, against oracle/kto_golden.py. */
class KtoTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    private static final String YAML = """
            rl: kto
            rl_beta: 0.3
            kto_desirable_weight: 0.8
            kto_undesirable_weight: 1.2
            learning_rate: 5e-3
            lr_scheduler: constant
            warmup_steps: 0
            max_steps: 6
            weight_decay: 0.0
            micro_batch_size: 2
            gradient_accumulation_steps: 2
            sequence_len: 64
            shuffle_merged_datasets: false
            bf16: false
            save_steps: 100
            """;

    @TempDir
    private Path folder;

    private TinyRun runs;

    @BeforeEach
    void lay() throws IOException {
        Natives.load();
        runs = new TinyRun(folder.resolve("runs"));
    }

    private TrainerConfig config(String output, String... settings) throws IOException {
        String yaml = "base_model: " + runs.base() + "\ndatasets:\n  - path: "
                + Path.of("app/src/test/resources/dev/skald/train/oracle/kto_rows.jsonl")
                + "\ndataset_prepared_path: " + folder.resolve("prepared") + "\n" + YAML;
        List<String> overrides = new ArrayList<>(List.of("output_dir=" + folder.resolve(output)));
        overrides.addAll(Arrays.asList(settings));
        return TrainerConfig.of(ConfigFile.parseYaml("trainer.yaml", yaml), overrides, new ArrayList<>());
    }

    /** However an update is divided among micro-batches and ranks: mismatched pairs and what they say are those of the whole update. */
    @ParameterizedTest
    @CsvSource({"1, 4, 1", "1, 2, 2", "1, 1, 4", "2, 2, 1", "2, 1, 2"})
    void stepsAreAutograds(int ranks, int microBatch, int accumulation) throws Exception {
        List<StepMetrics> steps = runs.train(
                config("out", "micro_batch_size=" + microBatch, "gradient_accumulation_steps=" + accumulation),
                TinyRun.deepSpeed("{\"stage\": 2}"),
                ranks);
        JsonNode golden = TinyRun.golden("kto_golden.json");
        assertThat(steps).hasSize(golden.size());
        for (int i = 0; i < steps.size(); i++) {
            StepMetrics step = steps.get(i);
            // f32 in another order of operations, through Adam, whose first steps make of any gradient one of size 1.
            assertThat(step.loss()).isCloseTo(golden.get(i).get("loss").doubleValue(), within(1e-4));
            double norm = golden.get(i).get("grad_norm").doubleValue();
            assertThat(step.gradNorm()).isCloseTo(norm, within(1e-3 * norm));
            assertThat(step.objective().get("kl"))
                    .isCloseTo(golden.get(i).get("kl").doubleValue(), within(1e-3));
            assertThat(step.objective().get("rewards/chosen"))
                    .isCloseTo(golden.get(i).get("chosen").doubleValue(), within(1e-3));
            assertThat(step.objective().get("rewards/rejected"))
                    .isCloseTo(golden.get(i).get("rejected").doubleValue(), within(1e-3));
        }
    }

    /** A model that is its own reference is in the middle: half of each weight, of six wanted answers and two others. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void itBeginsInTheMiddle(boolean precomputed) throws Exception {
        List<StepMetrics> steps = runs.train(config(
                "out",
                "adapter=lora",
                "lora_r=4",
                "lora_alpha=8",
                "lora_target_linear=true",
                "micro_batch_size=8",
                "gradient_accumulation_steps=1",
                "val_set_size=0",
                "max_steps=12",
                "learning_rate=1e-2",
                "precompute_ref_log_probs=" + precomputed));
        assertThat(steps.getFirst().loss()).isCloseTo((6 * 0.8 + 2 * 1.2) / 8 / 2, within(1e-6));
        assertThat(steps.getFirst().objective()).containsEntry("kl", 0.0);
        assertThat(steps.getLast().loss()).isLessThan(0.3);
        assertThat(steps.getLast().objective().get("rewards/margins")).isPositive();
    }

    @Test
    void aRunIsResumedExactly() throws Exception {
        List<StepMetrics> whole = runs.train(config("whole", "save_steps=2"));
        List<StepMetrics> resumed =
                runs.train(config("resumed", "resume_from_checkpoint=" + folder.resolve("whole/checkpoint-2")));
        assertThat(resumed.stream().map(StepMetrics::loss))
                .isEqualTo(whole.stream().skip(2).map(StepMetrics::loss).toList());
        assertThat(LatestCheckpoint.in(folder.resolve("resumed")).orElseThrow().resolve("model.safetensors"))
                .hasSameBinaryContentAs(LatestCheckpoint.in(folder.resolve("whole"))
                        .orElseThrow()
                        .resolve("model.safetensors"));
    }

    private record Learned(String prompt, String answer, boolean wanted) {}

    private List<Learned> learned(String type, String... rows) throws IOException {
        Path file = folder.resolve("rows.jsonl");
        Files.write(file, List.of(rows));
        TrainerConfig config = config("out", "datasets=[{path: %s, type: %s}]".formatted(file, type));
        Tokenizer tokenizer = config.tokenizer().tokenizer();
        List<Learned> learned = new ArrayList<>();
        new LabelledRows(config, tokenizer).read(Long.MAX_VALUE, (String _, Place _, Example example) -> {
            int[] ids = example.ids();
            int answer = (int) Arrays.stream(example.labels())
                    .takeWhile(label -> label == Example.NOT_LEARNED)
                    .count();
            learned.add(new Learned(
                    tokenizer.decode(Arrays.copyOf(ids, answer), false),
                    tokenizer.decode(Arrays.copyOfRange(ids, answer, ids.length), false),
                    example.wanted()));
        });
        return learned;
    }

    /** Axolotl's types (prompt_strategies/kto), whose fields differ in name; and pairs, each of which is two answers. */
    @Test
    void rowsAreRead() throws Exception {
        assertThat(learned(
                        "{field_prompt: q, field_completion: a, field_label: good, prompt_format: '[{system}] {prompt}:'}",
                        "{\"q\": \"{completion}\", \"a\": \"x\", \"good\": 0, \"system\": \"s\"}"))
                .containsExactly(new Learned("[s] {completion}:", "x</s>", false));
        assertThat(learned("completion", "{\"prompt\": \"p\", \"chosen\": \"yes\", \"rejected\": \"no\"}"))
                .containsExactly(new Learned("p", "yes</s>", true), new Learned("p", "no</s>", false));
        ByteTokenizer.write(runs.base(), List.of("<|im_start|>", "<|im_end|>"), "<|im_start|>", "<|im_end|>");
        String start = "<|im_start|>user\np<|im_end|>\n<|im_start|>assistant\n";
        for (String row : List.of(
                "chatml.argilla {\"instruction\": \"p\", \"completion\": \"c\", \"label\": true}",
                "chatml.intel {\"question\": \"p\", \"completion\": \"c\", \"label\": true}",
                "chatml.prompt_pairs {\"prompt\": \"p\", \"completion\": \"c\", \"label\": true, \"system\": \"\"}",
                "chatml.ultra {\"prompt\": \"p\", \"completion\": \"c\", \"label\": true}",
                "chatml.argilla_chat {\"completion\": [{\"role\": \"user\", \"content\": \"p\"},"
                        + " {\"role\": \"assistant\", \"content\": \"c\"}], \"label\": true}")) {
            String[] parts = row.split(" ", 2);
            assertThat(learned(parts[0], parts[1])).containsExactly(new Learned(start, "c<|im_end|>", true));
        }
        assertThat(learned(
                        "chatml.intel",
                        "{\"system\": \"s\", \"question\": \"p\", \"completion\": \"c\", \"label\": false}"))
                .containsExactly(new Learned("<|im_start|>system\ns<|im_end|>\n" + start, "c<|im_end|>", false));
    }

    @Test
    void whatIsNoAnswerIsRefused() throws Exception {
        assertThatThrownBy(() -> learned("completion", "{\"prompt\": \"p\", \"completion\": \"c\", \"label\": 2}"))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("rows.jsonl: line 1: the field label: found 2, expected true or false");
        assertThatThrownBy(() -> learned("completion", "{\"prompt\": \"p\", \"completion\": \" \", \"label\": true}"))
                .hasMessageContaining("has an empty answer");
        assertThatThrownBy(() -> learned("{field_promt: q}", "{}")).hasMessageContaining("unknown key 'field_promt'");
        assertThatThrownBy(() -> config("out", "kto_desirable_weight=0"))
                .hasMessageContaining("kto_desirable_weight: found 0.0");
        assertThatThrownBy(() -> runs.train(config("out", "micro_batch_size=1", "gradient_accumulation_steps=1")))
                .hasMessageContaining("rl kto wants at least 2 sequences in a step");
    }

    /** What the metrics file says of a step, by TRL's names. */
    @Test
    void metricsHaveTheNamesOfTrl() throws Exception {
        runs.train(config(
                "out",
                "max_steps=1",
                "test_datasets=[{path: " + "app/src/test/resources/dev/skald/train/oracle/kto_rows.jsonl, name: test}]",
                "eval_steps=1"));
        JsonNode line = JSON.readTree(
                Files.readAllLines(folder.resolve("out/metrics.jsonl")).getFirst());
        assertThat(line.get("objective").fieldNames())
                .toIterable()
                .containsExactlyInAnyOrder(
                        "rewards/chosen",
                        "rewards/rejected",
                        "rewards/margins",
                        "logps/chosen",
                        "logps/rejected",
                        "kl");
        assertThat(TinyRun.validations(folder.resolve("out")).getLast().dataset())
                .isEqualTo("test");
    }
}
