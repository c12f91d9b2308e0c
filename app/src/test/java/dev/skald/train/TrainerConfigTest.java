package dev.skald.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.skald.InvalidInputException;
import dev.skald.config.Binder;
import dev.skald.config.ConfigFile;
import dev.skald.config.Key;
import dev.skald.tokenizer.Tokenizer;
import dev.skald.tune.DatasetType;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrainerConfigTest {

    private static final String SMALLEST = """
            base_model: model
            datasets: [{path: texts}]
            learning_rate: 2e-5
            """;

    @Test
    void oneDatasetIsNamedOnTheCommandLineByItsPath() throws IOException {
        TrainerConfig config = TrainerConfig.read(
                Path.of("configs/nordic-8b/trainer.yaml"), List.of("datasets=corpus/packed/train"), new ArrayList<>());
        assertThat(config.datasets()).extracting(DatasetConfig::path).containsExactly("corpus/packed/train");
        assertThat(config.datasets()).extracting(DatasetConfig::type).containsExactly(DatasetType.COMPLETION);
    }

    @Test
    void everyShippedFileIsParsed() throws IOException {
        List<String> warnings = new ArrayList<>();
        try (Stream<Path> files = Files.walk(Path.of("configs"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String name = file.getFileName().toString();
                if (name.equals("trainer.yaml")) {
                    TrainerConfig.read(file, List.of(), warnings);
                } else if (name.startsWith("deepspeed")) {
                    DeepSpeedConfig.read(file, warnings);
                }
            }
        }
        assertThat(warnings).isEmpty();
    }

    @Test
    void theFileOfTheCard() throws IOException {
        TrainerConfig config =
                TrainerConfig.read(Path.of("configs/nordic-8b/trainer.yaml"), List.of(), new ArrayList<>());
        assertThat(config.learningRate()).isEqualTo(2e-5);
        assertThat(config.warmupSteps()).isEqualTo(100);
        assertThat(config.lrScheduler()).isEqualTo(LrScheduler.COSINE);
        assertThat(config.optimizer()).isEqualTo("adamw_torch_fused");
        assertThat(config.maxGradNorm()).isEqualTo(1.0);
        assertThat(config.gradientAccumulationSteps()).isEqualTo(16);
        assertThat(config.microBatchSize()).isEqualTo(1);
        assertThat(config.numEpochs()).isEqualTo(1);
        assertThat(config.sequenceLen()).isEqualTo(8192);
        assertThat(config.precision()).isEqualTo(Precision.BF16);
        assertThat(config.globalBatch(92)).isEqualTo(1472);
        Timetable timetable = Timetable.of(config, 27_722_788L, 92);
        assertThat(timetable.totalSteps()).isEqualTo(18833);
        assertThat(timetable.loggingSteps()).isEqualTo(10);
        assertThat(timetable.saveSteps()).isEqualTo(18833);
    }

    @Test
    void defaultsAreAxolotls() {
        TrainerConfig config = parse(SMALLEST);
        assertThat(config.optimizer()).isEqualTo("adamw_torch_fused");
        assertThat(config.lrScheduler()).isEqualTo(LrScheduler.COSINE);
        assertThat(config.weightDecay()).isZero();
        assertThat(config.adamBeta1()).isEqualTo(0.9);
        assertThat(config.adamBeta2()).isEqualTo(0.999);
        assertThat(config.adamEpsilon()).isEqualTo(1e-8);
        assertThat(config.maxGradNorm()).isEqualTo(1.0);
        assertThat(config.microBatchSize()).isEqualTo(1);
        assertThat(config.gradientAccumulationSteps()).isEqualTo(1);
        assertThat(config.numEpochs()).isEqualTo(1);
        assertThat(config.maxSteps()).isNull();
        assertThat(config.sequenceLen()).isEqualTo(512);
        assertThat(config.saveTotalLimit()).isEqualTo(4);
        assertThat(config.valSetSize()).isZero();
        assertThat(config.gradientCheckpointing()).isFalse();
        assertThat(config.pretrainMultipackAttn()).isTrue();
        assertThat(config.seed()).isEqualTo(42);
        assertThat(config.shuffleMergedDatasets()).isTrue();
        assertThat(config.lossWatchdogThreshold()).isNull();
        assertThat(config.lossWatchdogPatience()).isEqualTo(3);
        assertThat(config.outputDir()).isEqualTo("./model-out");
        assertThat(config.datasets().getFirst().type().isText()).isTrue();
        assertThat(config.datasets().getFirst().textField()).isEqualTo("text");
    }

    @Test
    void everyKeyIsDocumented() {
        for (Class<?> type : List.of(
                TrainerConfig.class,
                DatasetConfig.class,
                SpecialTokens.class,
                DeepSpeedConfig.class,
                DeepSpeedConfig.Zero.class,
                DeepSpeedConfig.Offload.class,
                DeepSpeedConfig.Bf16.class,
                DeepSpeedConfig.Fp16.class)) {
            for (RecordComponent component : Binder.components(type)) {
                assertThat(component.getAnnotation(Key.class))
                        .as(component.toString())
                        .isNotNull();
                assertThat(component.getAnnotation(Key.class).value())
                        .endsWith(component.getName().equals("lossWatchdogThreshold") ? "..." : ".");
            }
        }
        List<String> keys =
                Binder.components(TrainerConfig.class).stream().map(Binder::key).toList();
        assertThat(keys).doesNotContainAnyElementsOf(AxolotlKeys.of().names());
    }

    @ParameterizedTest
    @CsvSource({
        "data/sv.jsonl.gz, sv",
        "data/sv/, sv",
        "corpus/*/*.jsonl, corpus",
        "corpus/sv*.txt, corpus",
        "*.jsonl, texts",
        "/packed, packed",
        "/texts/sv/., sv",
        "/texts/sv/.., texts",
        "/.., texts",
        "./*.jsonl, HERE",
        "., HERE"
    })
    void aDatasetIsNamedAfterItsPath(String path, String name) {
        String here = Path.of("").toAbsolutePath().getFileName().toString();
        assertThat(DatasetConfig.ofTexts(path, "text", "lang").name()).isEqualTo(name.replace("HERE", here));
    }

    @Test
    void numbersMayBeStringsAndValuesBeOverridden() {
        TrainerConfig config = TrainerConfig.of(
                ConfigFile.parseYaml("trainer.yaml", SMALLEST + "sequence_len: \"1_024\"\nnum_epochs: \"1.5\"\n"),
                List.of("learning_rate=1e-4", "bf16=false", "save_steps=0.25", "datasets=[{path: b, weight: 2}]"),
                new ArrayList<>());
        assertThat(config.learningRate()).isEqualTo(1e-4);
        assertThat(config.sequenceLen()).isEqualTo(1024);
        assertThat(config.numEpochs()).isEqualTo(1.5);
        assertThat(config.precision()).isEqualTo(Precision.F32);
        assertThat(config.saveSteps().steps(1002)).isEqualTo(251);
        assertThat(config.datasets().getFirst().path()).isEqualTo("b");
        assertThat(config.datasets().getFirst().weight()).isEqualTo(2);
    }

    @Test
    void theResolvedFileStatesTheSameRun() {
        TrainerConfig config = parse(SMALLEST + """
                test_datasets:
                  - {path: "data/val/*.jsonl.gz", name: val, text_field: body}
                warmup_ratio: 0.05
                eval_steps: 0.1
                save_steps: 500
                max_steps: 10000
                fp16: true
                bf16: auto
                adam_epsilon: 1e-10
                tokenizer_config: "yes"
                """);
        assertThat(parse(config.toYaml())).isEqualTo(config);
        assertThat(config.toYaml()).contains("adam_epsilon: 1.0E-10", "save_steps: 500", "sequence_len: 512");
        DeepSpeedConfig deepSpeed = DeepSpeedConfig.none().resolve(config, 4);
        assertThat(DeepSpeedConfig.of(ConfigFile.parseJson("ds.json", deepSpeed.toJson()), new ArrayList<>()))
                .isEqualTo(deepSpeed);
    }

    @Test
    void aKeyWithoutEffectIsAWarning() {
        List<String> warnings = new ArrayList<>();
        TrainerConfig.of(
                ConfigFile.parseYaml("trainer.yaml", SMALLEST + "wandb_project: p\nflash_attention: true\n"),
                List.of(),
                warnings);
        assertThat(warnings).hasSize(2);
        assertThat(warnings.getFirst()).startsWith("trainer.yaml: wandb_project has no effect: ");
    }

    /** Keys as Axolotl's documentation and examples have them. */
    @Test
    void aFileOfAxolotlForFullTrainingWorksAsItIs() {
        List<String> warnings = new ArrayList<>();
        TrainerConfig config = TrainerConfig.of(ConfigFile.parseYaml("trainer.yaml", """
                        base_model: NousResearch/Meta-Llama-3.1-8B
                        model_type: LlamaForCausalLM
                        tokenizer_type: AutoTokenizer
                        load_in_8bit: false
                        load_in_4bit: false
                        strict: false
                        plugins:
                          - axolotl.integrations.liger.LigerPlugin
                        liger_rope: true
                        datasets:
                          - path: texts/*.jsonl
                            type: completion
                            field: body
                            split: train
                        dataset_prepared_path:
                        val_set_size: 0.05
                        output_dir: ./outputs/out
                        adapter:
                        lora_r:
                        lora_target_linear:
                        sequence_len: 8192
                        sample_packing: true
                        eval_sample_packing: false
                        wandb_project:
                        wandb_log_model:
                        gradient_accumulation_steps: 2
                        micro_batch_size: 1
                        num_epochs: 1
                        optimizer: paged_adamw_8bit
                        lr_scheduler: cosine
                        learning_rate: 2e-5
                        train_on_inputs: false
                        group_by_length: false
                        bf16: auto
                        fp16:
                        tf32: false
                        gradient_checkpointing: true
                        gradient_checkpointing_kwargs:
                          use_reentrant: false
                        early_stopping_patience:
                        resume_from_checkpoint:
                        local_rank:
                        logging_steps: 1
                        flash_attention: true
                        s2_attention:
                        warmup_steps: 100
                        evals_per_epoch: 2
                        eval_table_size:
                        saves_per_epoch: 1
                        debug:
                        deepspeed:
                        weight_decay: 0.0
                        fsdp:
                        fsdp_config: {}
                        special_tokens:
                          pad_token: <|end_of_text|>
                        some_new_switch: false
                        """), List.of(), warnings);
        assertThat(config.datasets().getFirst().textField()).isEqualTo("body");
        assertThat(config.datasetPreparedPath()).isEqualTo("last_run_prepared");
        assertThat(config.specialTokens().padToken()).isEqualTo("<|end_of_text|>");
        assertThat(config.deepspeed()).isNull();
        assertThat(config.learningRate()).isEqualTo(2e-5);
        assertThat(warnings)
                .extracting(line -> line.replaceFirst("trainer.yaml: (optimizer )?(\\w+) .*", "$2"))
                .containsExactly(
                        "model_type",
                        "tokenizer_type",
                        "plugins",
                        "liger_rope",
                        "gradient_checkpointing_kwargs",
                        "flash_attention",
                        "some_new_switch",
                        "paged_adamw_8bit");
        assertThat(parse(config.toYaml())).isEqualTo(config);
    }

    @Test
    void allThatIsNotHereIsSaidAtOnce() {
        assertThatThrownBy(() -> parse(SMALLEST.replace("{path: texts}", "{path: texts, skip: 5}") + """
                        relora: true
                        sequense_len: 1
                        ddp_timeot: 3
                        peft_use_dora: true
                        batch_size: 16
                        """))
                .isInstanceOf(InvalidInputException.class)
                .hasMessage("trainer.yaml: unknown keys 'sequense_len' (did you mean 'sequence_len'?), "
                        + "'ddp_timeot' (did you mean 'ddp_timeout'?); "
                        + "datasets[0].skip: found 5, but give a file, a directory or a glob as path; "
                        + "relora: found true, but all parameters are trained here; remove the key; "
                        + "peft_use_dora: found true, but adapters are plain LoRA here; "
                        + "batch_size: found 16, but a step has micro_batch_size x gradient_accumulation_steps x ranks; "
                        + "give gradient_accumulation_steps");
    }

    @Test
    void pretrainingDatasetIsReadAsDatasets() {
        List<String> warnings = new ArrayList<>();
        String yaml = """
                base_model: model
                learning_rate: 1e-4
                max_steps: 100
                pretraining_dataset:
                  - {path: texts, split: train, text_column: body, type: pretrain, trust_remote_code: false}
                """;
        TrainerConfig config = TrainerConfig.of(ConfigFile.parseYaml("trainer.yaml", yaml), List.of(), warnings);
        assertThat(config.datasets())
                .extracting(DatasetConfig::path, DatasetConfig::textField)
                .containsExactly(tuple("texts", "body"));
        assertThat(warnings).singleElement().asString().contains("pretraining_dataset is read as datasets");
        assertThat(parse("base_model: m\nlearning_rate: 1e-4\npretraining_dataset: texts\n")
                        .datasets())
                .extracting(DatasetConfig::path)
                .containsExactly("texts");
        assertThatThrownBy(() -> parse(yaml + "datasets: [a]")).hasMessageContaining("give one of them");
    }

    @Test
    void specialTokensAreThoseOfTheTokenizer(@TempDir Path directory) throws IOException {
        Tokenizer tokenizer = ByteTokenizer.write(directory);
        String tokens = SMALLEST + "special_tokens: ";
        parse(tokens + "{bos_token: <s>, eos_token: </s>, pad_token: x, unk_token: y}")
                .specialTokens()
                .require(tokenizer);
        parse(tokens).specialTokens().require(tokenizer);
        assertThatThrownBy(
                        () -> parse(tokens + "{eos_token: <s>}").specialTokens().require(tokenizer))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining(
                        "special_tokens.eos_token: found '<s>', but eos_token of tokenizer_config.json is '</s>'");
        assertThatThrownBy(() ->
                        parse(tokens + "{bos_token: nowhere}").specialTokens().require(tokenizer))
                .hasMessageContaining("special_tokens.bos_token: found 'nowhere'");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            learnin_rate: 1        | unknown key 'learnin_rate'; did you mean 'learning_rate'?
            sequnce_len: 1         | unknown key 'sequnce_len'; did you mean 'sequence_len'?
            eval_step: 1           | unknown key 'eval_step'; did you mean 'eval_steps'?
            sequence_len: 2.5      | sequence_len: found 2.5, expected a whole number up to 2147483647
            sequence_len: long     | sequence_len: found "long", expected a whole number
            sequence_len: 1        | sequence_len: found 1, expected 2 to 16777216
            sequence_len: [1]      | sequence_len: found a list, expected a whole number
            learning_rate: 0       | learning_rate: found 0.0, expected more than 0 and less than 1
            learning_rate: .nan    | learning_rate: found ".nan", expected a number
            bf16: full             | bf16: found "full", expected one of auto, true, false
            lr_scheduler: one_cycle | lr_scheduler: found "one_cycle", expected one of cosine, cosine_with_restarts, linear, polynomial, inverse_sqrt, rex, constant, constant_with_warmup
            optimizer: muon        | optimizer: found 'muon', expected one of adamw_torch_fused, adamw_torch
            datasets: []           | datasets is missing
            datasets: 3            | datasets: found 3, expected a list
            datasets: [{path: a, type: alpacca}] | datasets[0].type: found 'alpacca', expected one of completion, chat_template, alpaca, input_output, tokenized
            datasets: [{path: a, type: sharegpt}] | expected type: chat_template with field_messages: conversations
            datasets: [{path: a, split: 'train[:5%]'}] | datasets: a: split train[:5%], shards 1 and data_files [] are for examples
            datasets: [{path: a, texfield: b}]   | unknown key 'datasets[0].texfield'; did you mean 'datasets[0].text_field'?
            datasets: [{type: completion}]       | datasets: an entry has no path
            datasets: [{path: a, weight: -1}]    | datasets: a: weight: found -1.0, expected more than 0, at most 1000
            save_steps: 1.5        | save_steps: found 1.5, expected a whole number of steps, or a fraction of the run below 1
            val_set_size: 1.5      | val_set_size: found 1.5, expected a fraction below 1 or a whole number of documents
            adapter: dora          | adapter: found 'dora', expected lora or qlora
            adapter: lora          | adapter lora wants lora_target_modules, or lora_target_linear: true
            load_in_8bit: true     | load_in_8bit wants adapter: lora or qlora
            rl: {kind: dpo}        | rl: found keys and values, expected a text
            rl: ppo                | rl: found 'ppo', expected one of dpo, ipo, orpo, simpo, kto
            excess_length_strategy: cut | excess_length_strategy: found 'cut', expected one of drop, truncate, raise
            adam_beta2: 1          | adam_beta2: found 1.0, expected 0 to below 1
            gradient_checkpointing: offload | gradient_checkpointing: found "offload", expected true or false
            """)
    void aWrongValueIsNamed(String line, String message) {
        assertThatThrownBy(() -> TrainerConfig.of(
                        ConfigFile.parseYaml(
                                "trainer.yaml", SMALLEST.replaceAll(line.replaceFirst(":.*", "") + ":.*\n", "") + line),
                        List.of(),
                        new ArrayList<>()))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageStartingWith("trainer.yaml:")
                .hasMessageContaining(message);
    }

    @Test
    void contradictionsNameBothKeysAndValues() {
        for (Map.Entry<String, String> each : Map.of(
                        "warmup_steps: 100\nwarmup_ratio: 0.1", "warmup_steps 100 contradicts warmup_ratio 0.1",
                        "bf16: true\nfp16: true", "bf16 true contradicts fp16 true",
                        "save_steps: 10\nsaves_per_epoch: 2", "save_steps 10 contradicts saves_per_epoch 2",
                        "val_set_size: 0.1\ntest_datasets: [{path: a}]",
                                "val_set_size 0.1 contradicts test_datasets given",
                        "lr_scheduler: linear\ncosine_min_lr_ratio: 0.1",
                                "cosine_min_lr_ratio 0.1 contradicts lr_scheduler linear",
                        "resume_from_checkpoint: c\nauto_resume_from_checkpoints: true",
                                "resume_from_checkpoint c contradicts auto_resume_from_checkpoints true")
                .entrySet()) {
            assertThatThrownBy(() -> parse(SMALLEST + each.getKey()))
                    .isInstanceOf(InvalidInputException.class)
                    .hasMessageContaining(each.getValue());
        }
    }

    @Test
    void aFileThatIsNotYamlIsNamedWithItsLine() {
        assertThatThrownBy(() -> parse("a: [1\nb: 2"))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageStartingWith("trainer.yaml:2: ");
        assertThatThrownBy(() -> parse(SMALLEST + "learning_rate: 1"))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("uplicate");
        assertThatThrownBy(() -> parse("- a")).hasMessageContaining("expected keys and values");
        assertThatThrownBy(() -> parse("")).hasMessageContaining("is missing");
        assertThatThrownBy(() -> TrainerConfig.of(
                        ConfigFile.parseYaml("t", SMALLEST), List.of("learning_rate"), new ArrayList<>()))
                .hasMessageContaining("expected key=value");
    }

    @Test
    void tooFewSequencesForOneStepAreRefused() {
        assertThatThrownBy(() -> Timetable.of(parse(SMALLEST + "gradient_accumulation_steps: 8"), 15, 2))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("found 15 sequences of sequence_len 512, expected at least 16");
        assertThat(Timetable.of(parse(SMALLEST + "gradient_accumulation_steps: 8"), 16, 2)
                        .totalSteps())
                .isEqualTo(1);
        assertThat(Timetable.of(parse(SMALLEST + "num_epochs: 2.5\nsaves_per_epoch: 4"), 100, 1))
                .isEqualTo(new Timetable(250, 100, 1, 100, 25));
    }

    static TrainerConfig parse(String yaml) {
        return TrainerConfig.of(ConfigFile.parseYaml("trainer.yaml", yaml), List.of(), new ArrayList<>());
    }
}
