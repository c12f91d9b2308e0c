package dev.skald.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.skald.InvalidInputException;
import dev.skald.base.AtomicFiles;
import dev.skald.config.ConfigFile;
import dev.skald.engine.Engine;
import dev.skald.engine.Request;
import dev.skald.model.Llama;
import dev.skald.model.Windows;
import dev.skald.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole runs of a tiny model, against PyTorch 1.13's autograd (oracle/train_golden.py) and against each other. */
class TrainingTest {

    @TempDir
    Path folder;

    private TinyRun tiny;

    @BeforeEach
    void lay() throws IOException {
        tiny = new TinyRun(folder);
    }

    private static List<Double> losses(List<StepMetrics> steps) {
        return steps.stream().map(StepMetrics::loss).toList();
    }

    @Test
    void lossesNormsAndLearningRatesArePyTorchs() throws Exception {
        TinyRun.followsTheOracle(tiny.train(tiny.config("out")));
        assertThat(tiny.output("out").resolve("latest")).hasContent("checkpoint-20");
    }

    @ParameterizedTest
    @CsvSource({"1, 2, none", "2, 0, none", "2, 1, cpu", "2, 2, none", "4, 1, none", "4, 2, cpu"})
    void ranksAndStagesChangeNothing(int size, int stage, String offload) throws Exception {
        DeepSpeedConfig zero = TinyRun.deepSpeed("{\"stage\": " + stage + ", \"overlap_comm\": " + (size > 2)
                + ", \"reduce_bucket_size\": 3000, \"allgather_bucket_size\": 1000, \"offload_optimizer\": {\"device\": \""
                + offload + "\"}}");
        TrainerConfig config = tiny.config("out", "gradient_accumulation_steps=" + 4 / size);

        TinyRun.followsTheOracle(tiny.train(config, zero, size));
    }

    @Test
    void resumingIsExact() throws Exception {
        List<StepMetrics> whole = tiny.train(tiny.config("whole", "bf16=true", "save_steps=7"));
        Path output = tiny.output("whole");
        assertThat(new Checkpoints(output).steps()).containsExactly(7L, 14L, 20L);

        List<StepMetrics> resumed = tiny.train(
                tiny.config("resumed", "bf16=true", "resume_from_checkpoint=" + output.resolve("checkpoint-7")));

        assertThat(losses(resumed)).isEqualTo(losses(whole).subList(7, 20));
        TrainerState end = TrainerState.read(tiny.output("resumed").resolve("checkpoint-20"));
        assertThat(end.sessions()).extracting(TrainerState.Session::firstStep).containsExactly(1L, 8L);
        assertThat(end.sessions())
                .extracting(TrainerState.Session::weights)
                .containsExactly("base_model", "checkpoint");
        assertThat(end.sessions()).extracting(TrainerState.Session::ranks).containsOnly(1);
        assertThat(end.sessions().getLast().hardware()).contains(" core");
        assertThat(Instant.parse(end.savedAt()))
                .isBetween(Instant.parse(end.sessions().getLast().startedAt()), Instant.now());
        assertThat(resumed)
                .extracting(StepMetrics::gradNorm)
                .isEqualTo(
                        whole.subList(7, 20).stream().map(StepMetrics::gradNorm).toList());
        assertThat(tiny.output("resumed").resolve("checkpoint-20/model.safetensors"))
                .hasSameBinaryContentAs(output.resolve("checkpoint-20/model.safetensors"));
        assertThat(tiny.output("resumed").resolve("checkpoint-20/optimizer/master.safetensors"))
                .hasSameBinaryContentAs(output.resolve("checkpoint-20/optimizer/master.safetensors"));
    }

    /** The learning rate is so small that no weight changes: the first validation is the best. */
    @Test
    void aRunWhoseValidationGetsNoBetterEndsEarlyAndIsResumedExactly() throws Exception {
        String[] settings = {
            "learning_rate=1e-30",
            "weight_decay=0",
            "lr_scheduler=constant",
            "warmup_steps=0",
            "max_steps=20",
            "eval_steps=1",
            "save_steps=3",
            "test_datasets=[{path: " + tiny.packed() + ", name: all}]"
        };
        TrainerConfig config = tiny.config("out", with(settings, "early_stopping_patience=4"));
        List<StepMetrics> whole = tiny.train(config);

        int best = 0;
        int end = 0;
        List<Double> losses = validationLosses("out");
        for (int i = 1; i < losses.size() && end - best < 4; i++) {
            best = losses.get(i) < losses.get(best) ? i : best;
            end = i;
        }
        assertThat(end + 1).isLessThan(20).isEqualTo(whole.size());
        Path last = tiny.output("out").resolve("checkpoint-" + (end + 1));
        TrainerState saved = TrainerState.read(last);
        assertThat(saved.earlyStopping()).isEqualTo(new EarlyStopping.State(losses.get(best), best + 1, 4));
        assertThat(new Resumption(last, saved, Timetable.of(config, 1000, 1)).finished(config))
                .get()
                .asString()
                .contains("4 validations since step " + (best + 1), "early_stopping_patience 4");
        assertThat(tiny.train(tiny.config(
                        "out", with(settings, "early_stopping_patience=4", "auto_resume_from_checkpoints=true"))))
                .hasSize(end + 1);

        long before = new Checkpoints(tiny.output("out"))
                .steps().stream()
                        .filter(step -> step <= whole.size() - 1)
                        .mapToLong(step -> step)
                        .max()
                        .orElseThrow();
        List<StepMetrics> resumed = tiny.train(tiny.config(
                "resumed",
                with(
                        settings,
                        "early_stopping_patience=4",
                        "resume_from_checkpoint=" + tiny.output("out").resolve("checkpoint-" + before))));
        assertThat(losses(resumed)).isEqualTo(losses(whole).subList((int) before, whole.size()));
    }

    /** Of all languages together, in the order of the steps. */
    private List<Double> validationLosses(String output) throws IOException {
        List<ValidationMetrics> all = TinyRun.validations(tiny.output(output));
        return LongStream.rangeClosed(1, all.getLast().step())
                .mapToObj(
                        step -> all.stream().filter(each -> each.step() == step).toList())
                .map(each -> each.stream().mapToDouble(ValidationMetrics::nll).sum()
                        / each.stream().mapToLong(ValidationMetrics::tokens).sum())
                .toList();
    }

    @Test
    void anyNumberOfRanksGoesOnFromACheckpoint() throws Exception {
        DeepSpeedConfig zero = TinyRun.deepSpeed("{\"stage\": 2, \"reduce_bucket_size\": 5000}");
        tiny.train(tiny.config("out", "gradient_accumulation_steps=1", "save_steps=9"), zero, 4);

        List<StepMetrics> resumed = tiny.train(
                tiny.config(
                        "out",
                        "gradient_accumulation_steps=2",
                        "resume_from_checkpoint=" + tiny.output("out").resolve("checkpoint-9")),
                zero,
                2);

        TinyRun.followsTheOracle(resumed);
    }

    @Test
    void autoResumeTakesTheLatestAndTheLimitKeepsIt() throws Exception {
        tiny.train(tiny.config("out", "max_steps=6", "save_steps=2", "save_total_limit=1"));
        assertThat(new Checkpoints(tiny.output("out")).steps()).containsExactly(6L);
        Files.createDirectories(tiny.output("out").resolve(".checkpoint-8.partial"));
        Path part = Files.createFile(AtomicFiles.part(tiny.output("out").resolve("latest")));

        List<StepMetrics> all = tiny.train(tiny.config("out", "max_steps=8", "auto_resume_from_checkpoints=true"));

        assertThat(all).extracting(StepMetrics::step).containsExactly(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L);
        assertThat(tiny.output("out").resolve(".checkpoint-8.partial")).doesNotExist();
        assertThat(part).doesNotExist();
    }

    @Test
    void aDamagedCheckpointIsLeftForTheOneBefore() throws Exception {
        List<StepMetrics> whole = tiny.train(tiny.config("out", "max_steps=8", "save_steps=2"));
        Path output = tiny.output("out");
        Path changed = output.resolve("checkpoint-8/optimizer/exp_avg.safetensors");
        byte[] bytes = Files.readAllBytes(changed);
        bytes[bytes.length - 100] ^= 1;
        Files.write(changed, bytes);
        Path cut = output.resolve("checkpoint-6/model.safetensors");
        Files.write(cut, Arrays.copyOf(Files.readAllBytes(cut), 1000));
        Files.delete(output.resolve("checkpoint-4/trainer_state.json"));
        TrainerConfig goesOn = tiny.config("out", "max_steps=8", "save_steps=2", "auto_resume_from_checkpoints=true");

        assertThat(new Checkpoints(output).verify(goesOn).orElseThrow())
                .contains("checkpoint-8", "exp_avg.safetensors: is damaged", "going on from", "checkpoint-2");
        assertThat(losses(tiny.train(goesOn))).isEqualTo(losses(whole));
        assertThat(new Checkpoints(output).verify(goesOn)).isEmpty();
    }

    @Test
    void aDamagedCheckpointIsRefusedWhenItIsNamedOrTheOnlyOne() throws Exception {
        tiny.train(tiny.config("out", "max_steps=4", "save_steps=2"));
        Path named = tiny.output("out").resolve("checkpoint-4");
        Files.delete(named.resolve("optimizer/master.safetensors"));

        assertThatThrownBy(() -> tiny.train(tiny.config("out", "resume_from_checkpoint=" + named)))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("master.safetensors: is damaged");
        Files.delete(tiny.output("out").resolve("checkpoint-2/checksums.json"));
        assertThatThrownBy(() -> tiny.train(tiny.config("out", "auto_resume_from_checkpoints=true")))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("master.safetensors: is damaged")
                .hasMessageContaining("no other checkpoint");
    }

    @Test
    void aFinishedRunThatIsStartedAgainSaysSoAndChangesNothing() throws Exception {
        TrainerConfig config = tiny.config("out", "max_steps=3", "auto_resume_from_checkpoints=true");
        List<StepMetrics> whole = tiny.train(config);
        Path checkpoint = tiny.output("out").resolve("checkpoint-3");
        byte[] state = Files.readAllBytes(checkpoint.resolve(TrainerState.FILE));

        assertThat(tiny.train(config)).isEqualTo(whole);
        assertThat(checkpoint.resolve(TrainerState.FILE)).hasBinaryContent(state);
        Resumption again = new Resumption(checkpoint, TrainerState.read(checkpoint), Timetable.of(config, 1000, 1));
        assertThat(again.finished(config))
                .hasValue("the run is finished: " + checkpoint + " is after step 3, the run has 3 steps; "
                        + "to go on, raise max_steps or num_epochs; to begin anew, choose another output_dir");
        assertThat(again.otherSchedule(config)).isEmpty();
    }

    /** transformers' cosine: 0.5 (1 + cos(pi progress)) of the peak, whose progress is a share of the run. */
    @Test
    void aRunThatIsMadeLongerSaysThatItsScheduleChanges() throws Exception {
        String[] settings = {"warmup_steps=0", "learning_rate=0.01", "auto_resume_from_checkpoints=true"};
        tiny.train(tiny.config("out", with(settings, "max_steps=4")));
        Path checkpoint = tiny.output("out").resolve("checkpoint-4");
        TrainerConfig longer = tiny.config("out", with(settings, "max_steps=8"));
        Resumption resumption =
                new Resumption(checkpoint, TrainerState.read(checkpoint), Timetable.of(longer, 1000, 1));
        assertThat(resumption.finished(longer)).isEmpty();
        assertThat(resumption.otherSchedule(longer))
                .hasValue("the run has 8 steps, and had 4 when checkpoint-4 was saved: the schedule changes; "
                        + "the learning rate of step 5 is 5.000e-03 instead of 0.000e+00");
        TrainerConfig constant = tiny.config("out", with(settings, "max_steps=8", "lr_scheduler=constant"));
        assertThat(resumption.otherSchedule(constant)).isEmpty();
        assertThat(tiny.train(longer))
                .hasSize(8)
                .last()
                .extracting(StepMetrics::learningRate)
                .isEqualTo(new Schedule(LrScheduler.COSINE, 0.01, 0, 8, 0).at(7));
    }

    private static String[] with(String[] settings, String... more) {
        return Stream.of(settings, more).flatMap(Arrays::stream).toArray(String[]::new);
    }

    /** Whether tokenizer_config names the directory or the file in it. */
    @ParameterizedTest
    @ValueSource(strings = {"words", "words/tokenizer.json"})
    void aCheckpointHasTheTokenizerThatItWasTrainedWith(String named) throws Exception {
        Path words = Files.createDirectory(tiny.base().resolveSibling("words"));
        for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
            Files.move(tiny.base().resolve(file), words.resolve(file));
        }
        Files.writeString(tiny.base().resolve("generation_config.json"), "{\"temperature\": 0.25}");

        tiny.train(tiny.config(
                "out", "max_steps=1", "tokenizer_config=" + tiny.base().resolveSibling(named)));

        Path checkpoint = tiny.output("out").resolve("checkpoint-1");
        assertThat(Tokenizer.load(checkpoint).hash())
                .isEqualTo(Tokenizer.load(words).hash());
        assertThat(Tokenizer.load(checkpoint).eosId()).hasValue(257);
        assertThat(checkpoint.resolve("generation_config.json")).hasContent("{\"temperature\": 0.25}");
    }

    @Test
    void anotherRunsCheckpointsAreNotOverwritten() throws Exception {
        tiny.train(tiny.config("out", "max_steps=2"));

        assertThatThrownBy(() -> tiny.train(tiny.config("out", "max_steps=2")))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("auto_resume_from_checkpoints");
        assertThatThrownBy(() -> tiny.train(
                        tiny.config("out", "max_steps=4", "auto_resume_from_checkpoints=true", "sequence_len=8")))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("another run");
        assertThatThrownBy(() -> tiny.train(tiny.config(
                        "out", "max_steps=4", "auto_resume_from_checkpoints=true", "gradient_accumulation_steps=2")))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("contradicts the checkpoint's 8");
    }

    /** Weights that cannot be read are no reason to begin with random ones. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "pytorch_model.bin",
                "pytorch_model-00001-of-00002.bin",
                "pytorch_model.bin.index.json",
                "model.gguf",
                "tf_model.h5",
                "flax_model.msgpack",
                "consolidated.00.pth",
                "model.safetensors.index.json",
                "weights.bin",
                "llama.pt",
                "rust_model.ot",
                "decoder.onnx",
                "original/consolidated.00.pth"
            })
    void otherWeightsAreRefused(String file) throws Exception {
        Files.delete(tiny.base().resolve("model.safetensors"));
        Files.createDirectories(tiny.base().resolve(file).getParent());
        Files.writeString(tiny.base().resolve(file), "{}");
        assertThatThrownBy(() -> tiny.train(tiny.config("out", "max_steps=1")))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining(file)
                .hasMessageContaining("expected weights as .safetensors, or none for random ones");
        assertThat(tiny.output("out")).doesNotExist();
    }

    @Test
    void aFileIsNoBaseModel() throws Exception {
        Path file = Files.createFile(folder.resolve("model.gguf"));
        assertThatThrownBy(() -> tiny.train(tiny.config("out", "base_model=" + file)))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("model.gguf: is a file; expected a Hugging Face model directory");
    }

    @Test
    void aRunSaysWhereItsWeightsComeFrom() throws Exception {
        assertThat(StartingWeights.of(Optional.empty(), tiny.base(), 42).describe())
                .isEqualTo("of base_model " + tiny.base());
        Files.delete(tiny.base().resolve("model.safetensors"));
        Files.writeString(tiny.base().resolve("training_args.bin"), "no weights");
        assertThat(StartingWeights.of(Optional.empty(), tiny.base(), 42).describe())
                .isEqualTo("random, seed 42");
    }

    /** What validation says of documents, the engine says of the same documents with the checkpoint. */
    @Test
    void validationIsWhatEvaluateMeasures() throws Exception {
        tiny.train(tiny.config(
                "out", "max_steps=3", "eval_steps=3", "test_datasets=[{path: " + tiny.packed() + ", name: all}]"));
        List<ValidationMetrics> validation = TinyRun.validations(tiny.output("out"));
        double nll = 0;
        long tokens = 0;
        try (Llama model = Llama.load(tiny.output("out").resolve("checkpoint-3"), Optional.empty(), "cpu");
                Engine engine = new Engine(model, Engine.Limits.of(model, 8, 1000))) {
            for (JsonNode document : TinyRun.golden("documents.json")) {
                int[] ids = IntStream.range(0, document.size())
                        .map(i -> document.get(i).intValue())
                        .toArray();
                for (int[] window : Windows.of(ids, 16)) {
                    for (float each : engine.submit(new Request.Score(window, 1, 0, Optional.empty()))
                            .await()
                            .scores()
                            .logProbabilities()) {
                        nll -= each;
                        tokens++;
                    }
                }
            }
        }
        assertThat(validation).hasSize(2);
        assertThat(validation.getFirst().plus(validation.getLast()).tokens()).isEqualTo(tokens);
        assertThat(validation.getFirst().plus(validation.getLast()).nll()).isCloseTo(nll, within(1e-5 * nll));
    }

    @Test
    void validationIsByLanguageAndTheSameOnAnyNumberOfRanks() throws Exception {
        String[] settings = {"max_steps=3", "eval_steps=1", "val_set_size=20"};
        tiny.train(tiny.config("one", settings));
        List<ValidationMetrics> one = TinyRun.validations(tiny.output("one"));
        assertThat(one).extracting(ValidationMetrics::language).containsOnly("nb", "sv");
        assertThat(one).hasSize(6).extracting(ValidationMetrics::nll).doesNotHaveDuplicates();
        assertThat(one.get(0).documents() + one.get(1).documents()).isEqualTo(20);

        for (int size : new int[] {2, 4}) {
            TrainerConfig config = tiny.config(
                    "on-" + size,
                    "max_steps=3",
                    "eval_steps=1",
                    "val_set_size=20",
                    "gradient_accumulation_steps=" + 4 / size);
            tiny.train(config, TinyRun.deepSpeed("{\"stage\": 2}"), size);
            assertThat(TinyRun.validations(tiny.output("on-" + size)))
                    // f32 gradients summed in another order, through two updates
                    .usingRecursiveComparison()
                    .withComparatorForFields((Double x, Double y) -> Math.abs(x - y) < 1e-5 * x ? 0 : 1, "nll")
                    .isEqualTo(one);
        }
    }

    @Test
    void whatCannotRunIsSaidBeforeItStarts() throws Exception {
        assertThatThrownBy(() -> tiny.train(tiny.config("out", "sequence_len=65")))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("max_position_embeddings 64");
        assertThatThrownBy(() -> tiny.train(tiny.config("out", "max_steps=null", "gradient_accumulation_steps=4000")))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("not enough tokens for one step");
        Path config = tiny.base().resolve("config.json");
        Files.writeString(config, Files.readString(config).replace("\"vocab_size\": 260", "\"vocab_size\": 200"));
        assertThatThrownBy(() -> tiny.train(tiny.config("out")))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("vocab_size 200")
                .hasMessageContaining("258 tokens");
    }

    @Test
    void aLossThatIsNotFiniteStopsTheRunAndNamesTheDocuments() throws Exception {
        assertThatThrownBy(() -> tiny.train(tiny.config(
                        "out",
                        "learning_rate=0.99",
                        "warmup_steps=0",
                        "max_grad_norm=0",
                        "adam_epsilon=0",
                        "adam_beta2=0")))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("step ")
                .hasMessageContaining("document-");
    }

    @Test
    void theWatchdogStopsARunAboveTheThreshold() throws Exception {
        assertThatThrownBy(() -> tiny.train(tiny.config("out", "loss_watchdog_threshold=0.1")))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("loss_watchdog_threshold");
    }

    @Test
    void fp16SkipsStepsThatOverflow() throws Exception {
        DeepSpeedConfig fp16 = DeepSpeedConfig.of(
                ConfigFile.parseJson(
                        "ds.json",
                        "{\"fp16\": {\"enabled\": \"auto\", \"initial_scale_power\": 32, \"hysteresis\": 1}}"),
                new ArrayList<>());

        List<StepMetrics> steps = tiny.train(tiny.config("out", "bf16=null", "fp16=true", "max_steps=30"), fp16, 1);

        assertThat(steps.getFirst().skipped()).isTrue();
        assertThat(steps.get(1).lossScale()).isEqualTo(Math.scalb(1.0, 30));
        assertThat(steps.getLast().skipped()).isFalse();
        assertThat(steps.getLast().loss()).isLessThan(steps.getFirst().loss());
    }
}
