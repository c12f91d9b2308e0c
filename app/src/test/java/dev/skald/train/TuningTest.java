package dev.skald.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.InvalidInputException;
import dev.skald.TinyLlama;
import dev.skald.chat.ChatTemplate;
import dev.skald.chat.Message;
import dev.skald.chat.PromptOptions;
import dev.skald.config.ConfigFile;
import dev.skald.generate.GenerationOptions;
import dev.skald.generate.Generator;
import dev.skald.kernel.VectorKernels;
import dev.skald.model.AdapterConfig;
import dev.skald.model.Gradients;
import dev.skald.model.LatestCheckpoint;
import dev.skald.model.LlamaCheckpoint;
import dev.skald.model.LlamaParameters;
import dev.skald.model.PackedRows;
import dev.skald.model.Parameter;
import dev.skald.model.TrainableLlama;
import dev.skald.tensor.DType;
import dev.skald.tensor.DeviceType;
import dev.skald.tensor.Natives;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs on examples with labels, from a configuration to what the tuned model says. */
class TuningTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    private static final String TEMPLATE =
            "{{ bos_token }}{% for m in messages %}{{ m.role[0] }}:{{ m.content }}{{ eos_token }}{% endfor %}"
                    + "{% if add_generation_prompt %}a:{% endif %}";

    private static final String YAML = """
            base_model: BASE
            chat_template_jinja: TEMPLATE
            datasets:
              - {path: ROWS, type: chat_template}
            sequence_len: 96
            learning_rate: 1e-2
            lr_scheduler: constant
            weight_decay: 0.0
            max_grad_norm: 1.0
            micro_batch_size: 2
            bf16: false
            save_steps: 1000
            dataset_prepared_path: PREPARED
            """;

    private static final List<String> LORA =
            List.of("adapter=lora", "lora_r=4", "lora_alpha=8", "lora_target_linear=true");

    @TempDir
    private Path folder;

    private TinyRun runs;

    @BeforeEach
    void lay() throws IOException {
        Natives.load();
        runs = new TinyRun(folder.resolve("runs"));
        TinyLlama.random(4).write(folder.resolve("base"));
        conversations(24);
    }

    private void conversations(int count) throws IOException {
        StringBuilder rows = new StringBuilder();
        for (int i = 0; i < count; i++) {
            ObjectNode row = JSON.createObjectNode();
            row.withArray("messages").addObject().put("role", "user").put("content", (i + 3) + "+" + i + "?");
            row.withArray("messages")
                    .addObject()
                    .put("role", "assistant")
                    .put("content", "=" + (2 * i + 3) + "x".repeat(i % 7));
            rows.append(row).append('\n');
        }
        Files.writeString(folder.resolve("rows.jsonl"), rows);
    }

    private static final String PREFERENCES = "datasets=[{path: %s, type: chat_template.default}]";

    private Path rows() {
        return folder.resolve("rows.jsonl");
    }

    private TrainerConfig config(String output, List<String> some, String... settings) throws IOException {
        String yaml = YAML.replace("BASE", folder.resolve("base").toString())
                .replace("TEMPLATE", "'" + TEMPLATE + "'")
                .replace("ROWS", folder.resolve("rows.jsonl").toString())
                .replace("PREPARED", folder.resolve("prepared").toString());
        List<String> overrides = new ArrayList<>(some);
        overrides.add("output_dir=" + folder.resolve(output));
        overrides.addAll(Arrays.asList(settings));
        return TrainerConfig.of(ConfigFile.parseYaml("trainer.yaml", yaml), overrides, new ArrayList<>());
    }

    private static List<Double> losses(List<StepMetrics> steps) {
        return steps.stream().map(StepMetrics::loss).toList();
    }

    private Path latest(String output) throws IOException {
        return LatestCheckpoint.in(folder.resolve(output)).orElseThrow();
    }

    /** Twenty conversations learned by heart: the exact answers, each ended by the end token. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatIsLearnedByHeartIsAnsweredExactly(boolean adapter) throws Exception {
        conversations(20);
        List<String> lora = adapter
                ? List.of(
                        "adapter=lora",
                        "lora_r=32",
                        "lora_alpha=64",
                        "lora_target_linear=true",
                        "lora_modules_to_save=[embed_tokens, lm_head]")
                : List.of();
        runs.train(config(
                "out", lora, "num_epochs=120", "sample_packing=true", "learning_rate=8e-3", "lr_scheduler=cosine"));

        Path model = adapter ? folder.resolve("base") : latest("out");
        Optional<Path> beside = adapter ? Optional.of(folder.resolve("out")) : Optional.empty();
        try (Generator generator = Generator.load(model, beside, Optional.empty(), "cpu")) {
            ChatTemplate template = ChatTemplate.of(generator.tokenizer()).orElseThrow();
            int right = 0;
            for (String line : Files.readAllLines(folder.resolve("rows.jsonl"))) {
                JsonNode messages = JSON.readTree(line).get("messages");
                int[] prompt = template.prompt(
                                List.of(Message.user(
                                        messages.get(0).get("content").asText())),
                                PromptOptions.REPLY)
                        .ids();
                GenerationOptions greedy =
                        GenerationOptions.modelDefaults().maxNewTokens(30).sample(false);
                String said = generator
                        .generate(prompt, greedy, (_, _) -> {})
                        .getFirst()
                        .generatedText();
                right += said.equals(messages.get(1).get("content").asText()) ? 1 : 0;
            }
            assertThat(right).isEqualTo(20);
        }
    }

    /** Packed or one by one: the same loss and the same gradients, for each token counts once and sees its own example alone. */
    @Test
    void packingChangesNeitherLossNorGradients() throws Exception {
        TrainerConfig packed = config("packed", List.of(), "sample_packing=true", "micro_batch_size=1");
        TrainerConfig single = config("single", List.of(), "sample_packing=false", "micro_batch_size=1");
        TrainingData.prepare(packed, packed.tokenizer().tokenizer());
        TrainingData together = TrainingData.open(packed, packed.tokenizer().tokenizer());
        TrainingData apart = TrainingData.open(single, single.tokenizer().tokenizer());
        assertThat(together.sequences()).isLessThan(apart.sequences());
        assertThat(apart.sequences()).isEqualTo(24);
        assertThat(together.tokens()).isEqualTo(apart.tokens());
        try (PointerScope _ = new PointerScope();
                LlamaCheckpoint base = LlamaCheckpoint.open(folder.resolve("base"), Optional.empty(), DeviceType.CPU);
                LlamaParameters parameters = new LlamaParameters(base.config(), DType.F32, DeviceType.CPU)) {
            parameters.copyFrom(base.tensors());
            Tensor one = torch.zeros(parameters.flat().numel());
            Tensor other = torch.zeros(parameters.flat().numel());
            double packedLoss = pass(base, parameters, together, one);
            double singleLoss = pass(base, parameters, apart, other);
            assertThat(packedLoss).isCloseTo(singleLoss, within(1e-5 * singleLoss));
            double distance = one.sub(other).norm().item_double() / other.norm().item_double();
            assertThat(distance).isLessThan(1e-5);
        }
    }

    private static double pass(LlamaCheckpoint base, LlamaParameters parameters, TrainingData data, Tensor sink) {
        double loss = 0;
        try (TrainableLlama model =
                new TrainableLlama(base.config(), parameters, DeviceType.CPU, new VectorKernels(), false)) {
            for (int i = 0; i < data.sequences(); i++) {
                PackedRows rows = data.rows(i, 0, 0, 1);
                loss += model.forwardBackward(rows, 1, new Gradients() {
                    @Override
                    public Tensor of(Parameter p) {
                        return sink.narrow(0, p.offset(), p.numel()).view(p.shape());
                    }

                    @Override
                    public void complete(Parameter parameter) {}
                });
            }
        }
        return loss;
    }

    /** Dropout and all: what is random follows from the seed and the place in the run. */
    @Test
    void aRunWithAnAdapterIsResumedExactly() throws Exception {
        List<StepMetrics> whole = runs.train(config("whole", LORA, "lora_dropout=0.2", "max_steps=9", "save_steps=4"));
        List<StepMetrics> resumed = runs.train(config(
                "resumed",
                LORA,
                "lora_dropout=0.2",
                "max_steps=9",
                "resume_from_checkpoint=" + folder.resolve("whole/checkpoint-4")));
        assertThat(losses(resumed)).isEqualTo(losses(whole).subList(4, 9));
        assertThat(latest("resumed").resolve("adapter_model.safetensors"))
                .hasSameBinaryContentAs(latest("whole").resolve("adapter_model.safetensors"));
    }

    /** Noise is drawn from the seed and the place, is there while learning and not when measuring, and is small. */
    @Test
    void noiseOnTheEmbeddingsIsRepeatable() throws Exception {
        List<StepMetrics> plain = runs.train(config("plain", List.of(), "max_steps=3"));
        List<StepMetrics> once = runs.train(config("once", List.of(), "max_steps=3", "neftune_noise_alpha=5"));
        List<StepMetrics> again = runs.train(config("again", List.of(), "max_steps=3", "neftune_noise_alpha=5"));
        assertThat(losses(again)).isEqualTo(losses(once));
        assertThat(once.getFirst().loss()).isNotEqualTo(plain.getFirst().loss());
        assertThat(once.getFirst().loss())
                .isCloseTo(
                        plain.getFirst().loss(), within(0.2 * plain.getFirst().loss()));
    }

    @ParameterizedTest
    @CsvSource({"0", "1", "2"})
    void twoRanksLearnWhatOneDoes(int stage) throws Exception {
        List<StepMetrics> one = runs.train(config("one", LORA, "max_steps=5", "gradient_accumulation_steps=2"));
        List<StepMetrics> two =
                runs.train(config("two", LORA, "max_steps=5"), TinyRun.deepSpeed("{\"stage\": " + stage + "}"), 2);
        for (int i = 0; i < one.size(); i++) {
            assertThat(two.get(i).loss())
                    .isCloseTo(one.get(i).loss(), within(1e-5 * one.get(i).loss()));
        }
    }

    /** A micro-batch with few labels counts for as many tokens as it has: accumulation is one batch in pieces. */
    @Test
    void accumulationIsOneBatchInPieces() throws Exception {
        List<StepMetrics> pieces = runs.train(
                config("pieces", LORA, "max_steps=5", "micro_batch_size=1", "gradient_accumulation_steps=4"));
        List<StepMetrics> whole = runs.train(config("whole", LORA, "max_steps=5", "micro_batch_size=4"));
        for (int i = 0; i < whole.size(); i++) {
            assertThat(pieces.get(i).loss())
                    .isCloseTo(whole.get(i).loss(), within(1e-5 * whole.get(i).loss()));
            assertThat(pieces.get(i).gradNorm())
                    .isCloseTo(
                            whole.get(i).gradNorm(), within(1e-4 * whole.get(i).gradNorm()));
        }
    }

    @Test
    void tokensThatAreAddedAreSavedWithTheAdapter() throws Exception {
        runs.train(config("out", LORA, "max_steps=2", "tokens=['<x>']", "special_tokens={eos_token: '<x>'}"));
        AdapterConfig adapter = AdapterConfig.read(latest("out"));
        assertThat(adapter.modulesToSave()).containsExactly("embed_tokens", "lm_head");
        JsonNode generation =
                JSON.readTree(latest("out").resolve("generation_config.json").toFile());
        assertThat(generation.get("eos_token_id").toString()).isEqualTo("[258,257]");
        assertThat(latest("out").resolve("chat_template.jinja")).hasContent(TEMPLATE);
        try (Generator generator =
                Generator.load(folder.resolve("base"), Optional.of(latest("out")), Optional.empty(), "cpu")) {
            assertThat(generator.config().vocab_size()).isEqualTo(259);
            assertThat(generator.tokenizer().eosId()).hasValue(258);
            assertThat(generator.tokenizer().isSpecial(258)).isTrue();
        }
    }

    /** Three parts of 24 rows, and of 20 after a slice: as large as they can be alike, together all rows, drawn by the seed. */
    @Test
    void shardsDivideTheRows() throws Exception {
        Set<String> all = new TreeSet<>();
        List<String> first = new ArrayList<>();
        List<Integer> sizes = new ArrayList<>();
        for (int index = 0; index < 3; index++) {
            List<String> rows = shard("train", 3, index, 42);
            all.addAll(rows);
            sizes.add(rows.size());
            first.add(rows.getFirst());
            assertThat(shard("train", 3, index, 42)).isEqualTo(rows);
            assertThat(shard("train", 3, index, 7)).isNotEqualTo(rows);
        }
        assertThat(all).hasSize(24);
        assertThat(first).doesNotHaveDuplicates();
        for (int index = 0; index < 3; index++) {
            sizes.add(shard("train[4:]", 3, index, 42).size());
        }
        assertThat(sizes).containsExactly(8, 8, 8, 7, 7, 6);
        assertThatThrownBy(() -> shard("train", 3, 3, 42))
                .hasMessageContaining("shards 3, shards_idx 3: expected at least one, and one of them counted from 0");
    }

    private List<String> shard(String split, int shards, int index, int seed) throws IOException {
        TrainerConfig config = config(
                "out",
                List.of(),
                "seed=" + seed,
                "datasets=[{path: %s, type: chat_template, split: '%s', shards: %d, shards_idx: %d}]"
                        .formatted(rows(), split, shards, index));
        List<String> texts = new ArrayList<>();
        new LabelledRows(config, config.tokenizer().tokenizer())
                .read(
                        Long.MAX_VALUE,
                        (_, _, example) -> texts.add(
                                LabelledRows.marked(example, config.tokenizer().tokenizer())));
        return texts;
    }

    private void preferences() throws IOException {
        StringBuilder rows = new StringBuilder();
        for (int i = 0; i < 12; i++) {
            ObjectNode row = JSON.createObjectNode();
            row.withArray("messages").addObject().put("role", "user").put("content", i + "?");
            row.put("chosen", "yes " + i).put("rejected", "no, not at all " + i);
            rows.append(row).append('\n');
        }
        Files.writeString(folder.resolve("rows.jsonl"), rows);
    }

    /** The model is its own reference at first: every pair costs ln 2, and nothing is preferred. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void preferencesBeginAtLogTwo(boolean adapter) throws Exception {
        preferences();
        List<StepMetrics> steps = runs.train(config(
                "out",
                adapter ? LORA : List.of(),
                "rl=dpo",
                PREFERENCES.formatted(rows()),
                "learning_rate=3e-3",
                "max_steps=12",
                "val_set_size=2"));
        assertThat(steps.getFirst().loss()).isEqualTo(Math.log(2));
        assertThat(steps.getFirst().objective()).containsEntry("rewards/margins", 0.0);
        assertThat(steps.getFirst().objective()).containsEntry("rewards/accuracies", 0.0);
        assertThat(steps.getLast().loss()).isLessThan(0.6);
        assertThat(steps.getLast().objective().get("rewards/accuracies")).isEqualTo(1.0);
        assertThat(TinyRun.validations(folder.resolve("out")).getLast().loss()).isLessThan(Math.log(2));
    }

    /** Once, before the first step, or at each step: the same losses; the second run finds what the first one wrote, on any number of ranks. */
    @ParameterizedTest
    @CsvSource({"false, 1", "true, 1", "true, 2"})
    void theReferenceMayBeComputedOnce(boolean adapter, int ranks) throws Exception {
        preferences();
        List<String> lora = adapter ? LORA : List.of();
        String[] settings = {
            "rl=dpo",
            PREFERENCES.formatted(rows()),
            "learning_rate=3e-3",
            "max_steps=6",
            "val_set_size=2",
            "gradient_accumulation_steps=" + 2 / ranks
        };
        List<String> once = new ArrayList<>(lora);
        once.add("precompute_ref_log_probs=true");
        List<StepMetrics> each = runs.train(config("each", lora, settings), DeepSpeedConfig.none(), ranks);
        List<StepMetrics> known = runs.train(config("once", once, settings), DeepSpeedConfig.none(), ranks);
        for (int i = 0; i < each.size(); i++) {
            assertThat(known.get(i).loss()).isCloseTo(each.get(i).loss(), within(1e-5));
        }
        try (Stream<Path> files = Files.walk(folder.resolve("prepared"))) {
            Path file = files.filter(path -> path.getFileName().toString().matches("reference-[0-9a-f]{16}\\.bin"))
                    .findFirst()
                    .orElseThrow();
            assertThat(file).hasSize(24 * 8);
            FileTime written = Files.getLastModifiedTime(file);
            List<StepMetrics> again = runs.train(config("again", once, settings), DeepSpeedConfig.none(), ranks);
            assertThat(losses(again)).isEqualTo(losses(known));
            assertThat(Files.getLastModifiedTime(file)).isEqualTo(written);
        }
    }

    @ParameterizedTest
    @CsvSource({"ipo", "orpo", "simpo"})
    void otherLossesOfPreferencesFall(String kind) throws Exception {
        preferences();
        List<StepMetrics> steps = runs.train(config(
                "out",
                LORA,
                "rl=" + kind,
                "simpo_gamma=0.5",
                "cpo_alpha=0",
                PREFERENCES.formatted(rows()),
                "learning_rate=3e-3",
                "micro_batch_size=4",
                "max_steps=12"));
        assertThat(steps.getLast().loss()).isLessThan(steps.getFirst().loss());
        assertThat(steps.getLast().objective().get("rewards/margins"))
                .isGreaterThan(steps.getFirst().objective().get("rewards/margins"));
    }

    @Test
    void whatWouldTeachNothingIsRefused() throws Exception {
        assertThatThrownBy(() -> runs.train(config(
                        "out", LORA, "chat_template_jinja='{% for m in messages %}{{ m.content }}{% endfor %}'")))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("no example ends with a token that is learned as an end")
                .hasMessageContaining("</s> (257)");
        assertThatThrownBy(() -> runs.train(config(
                        "out",
                        LORA,
                        "datasets=[{path: %s, type: chat_template, roles_to_train: [tool]}]".formatted(rows()))))
                .hasMessageContaining("no example is left: 24 rows, 0 examples")
                .hasMessageContaining("24 dropped, nothing in them is learned");
        Files.writeString(
                folder.resolve("rows.jsonl"),
                "{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}]}\n",
                StandardOpenOption.APPEND);
        assertThatThrownBy(() -> runs.train(config("out", LORA)))
                .hasMessageContaining("1 of 25 rows have nothing that is learned");
        runs.train(config("other", LORA, "require_labels=false", "max_steps=1"));
        Files.writeString(folder.resolve("rows.jsonl"), "{\"messages\": [\n");
        assertThatThrownBy(() -> runs.train(config("out", LORA)))
                .hasMessageContaining("rows.jsonl: line")
                .hasMessageContaining("not JSON");
        Files.writeString(folder.resolve("rows.jsonl"), "{\"text\": \"x\"}\n");
        assertThatThrownBy(() -> runs.train(config("out", LORA)))
                .hasMessageContaining("rows.jsonl: line 1: the field messages is missing; found text");
    }

    /** A base model whose tokenizer has Llama 3's special tokens. */
    private void llama3() throws IOException {
        ByteTokenizer.write(
                folder.resolve("base"),
                List.of(
                        "<|begin_of_text|>",
                        "<|end_of_text|>",
                        "<|start_header_id|>",
                        "<|end_header_id|>",
                        "<|eot_id|>"),
                "<|begin_of_text|>",
                "<|end_of_text|>");
    }

    @ParameterizedTest
    @ValueSource(strings = {"full", "lora", "qlora", "dpo", "kto"})
    void shippedFilesRun(String name) throws Exception {
        llama3();
        boolean preferences = name.equals("dpo") || name.equals("kto");
        if (preferences) {
            preferences();
            Files.writeString(rows(), Files.readString(rows()).replace("\"messages\"", "\"prompt\""));
        }
        List<String> warnings = new ArrayList<>();
        TrainerConfig shipped = TrainerConfig.read(Path.of("configs/instruct/" + name + ".yaml"), List.of(), warnings);
        assertThat(warnings).isEmpty();
        assertThat(shipped.datasets().getFirst().type().isText()).isFalse();
        TrainerConfig config = TrainerConfig.read(
                Path.of("configs/instruct/" + name + ".yaml"),
                List.of(
                        "base_model=" + folder.resolve("base"),
                        "datasets=[{path: %s, type: %s, field_messages: %s}]"
                                .formatted(
                                        rows(),
                                        preferences ? "chat_template.default" : "chat_template",
                                        preferences ? "prompt" : "messages"),
                        "dataset_prepared_path=" + folder.resolve("prepared"),
                        "output_dir=" + folder.resolve("out"),
                        "sequence_len=512",
                        "val_set_size=2",
                        "gradient_accumulation_steps=1",
                        "max_steps=2"),
                warnings);
        assertThat(runs.train(config)).hasSize(2);
        assertThat(latest("out").resolve("chat_template.jinja")).exists();
    }

    /** Files of Axolotl's examples, with the base model, the data and the lengths replaced and nothing else: what they ask for is done, or named. */
    @ParameterizedTest
    @CsvSource({"fft-8b, alpaca", "lora-8b, alpaca", "instruct-dpo-lora-8b, preference"})
    void filesOfAxolotlRunAsTheyAre(String name, String rows) throws Exception {
        llama3();
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 40; i++) {
            ObjectNode row = JSON.createObjectNode();
            if (rows.equals("alpaca")) {
                row.put("instruction", "Say " + i)
                        .put("input", i % 2 == 0 ? "" : "twice")
                        .put("output", i + "!");
            } else {
                row.withArray("conversation").addObject().put("role", "user").put("content", "Say " + i);
                row.putObject("chosen").put("role", "assistant").put("content", i + "!");
                row.putObject("rejected").put("role", "assistant").put("content", "No " + i);
            }
            lines.append(row).append('\n');
        }
        Files.writeString(rows(), lines);
        Path file = Path.of("app/src/test/resources/dev/skald/train/axolotl/" + name + ".yml");
        List<String> warnings = new ArrayList<>();
        String type = rows.equals("alpaca")
                ? "type: alpaca"
                : "type: chat_template.default, field_messages: conversation, field_chosen: chosen, field_rejected: rejected";
        TrainerConfig config = TrainerConfig.read(
                file,
                List.of(
                        "base_model=" + folder.resolve("base"),
                        "datasets=[{path: %s, %s}]".formatted(rows(), type),
                        "dataset_prepared_path=" + folder.resolve("prepared"),
                        "output_dir=" + folder.resolve("out"),
                        "sequence_len=512",
                        "bf16=false",
                        "max_steps=2"),
                warnings);
        assertThat(runs.train(config)).hasSize(2);
        assertThat(TinyRun.validations(folder.resolve("out"))).isNotEmpty();
        assertThat(warnings).allMatch(line -> line.startsWith(file + ": "));
        assertThat(String.join("\n", warnings)).contains("optimizer").doesNotContain("wandb", "lora_", "rl");
    }
}
