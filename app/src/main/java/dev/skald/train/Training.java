package dev.skald.train;

import dev.skald.InvalidInputException;
import dev.skald.base.AtomicFiles;
import dev.skald.base.HostMemory;
import dev.skald.base.HostProcessor;
import dev.skald.config.ConfigFile;
import dev.skald.kernel.AtenKernels;
import dev.skald.kernel.Kernels;
import dev.skald.kernel.MatmulRate;
import dev.skald.model.AdapterParameters;
import dev.skald.model.LlamaCheckpoint;
import dev.skald.model.LlamaCheckpointWriter;
import dev.skald.model.LlamaConfig;
import dev.skald.model.TrainableLlama;
import dev.skald.tensor.DType;
import dev.skald.tensor.DeviceType;
import dev.skald.tensor.Natives;
import dev.skald.tokenizer.Tokenizer;
import dev.skald.tune.TunedTokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Device;

/** One rank of a training run, from its configuration to its last checkpoint: puts together what {@link Trainer} works with. */
public final class Training {

    static final String CONFIG = "trainer.yaml";
    static final String DEEPSPEED_CONFIG = "deepspeed.json";

    private final TrainerConfig config;
    private final DeepSpeedConfig deepSpeed;
    private final Rank rank;
    private final Path outputDir;
    private final Path base;
    /** The base model; and what is trained, perhaps with more tokens. */
    private final LlamaConfig stated;

    private final LlamaConfig model;
    private final TunedTokenizer tuned;
    private final Tokenizer tokenizer;
    private final DType dtype;

    /**
     * Reads model configuration and tokenizer, and checks what can be checked before anything is allocated.
     *
     * @param deepSpeed as its file states it; {@code auto} is resolved here
     * @throws InvalidInputException when the files contradict each other
     */
    public Training(TrainerConfig config, DeepSpeedConfig deepSpeed, Rank rank) throws IOException {
        this.config = config;
        this.deepSpeed = deepSpeed.resolve(config, rank.worldSize());
        this.rank = rank;
        this.outputDir = Path.of(config.outputDir());
        this.base = Path.of(config.baseModel());
        this.stated = StartingWeights.areIn(base)
                ? LlamaCheckpoint.readConfig(base)
                : LlamaConfig.read(base.resolve("config.json"));
        this.tuned = config.tokenizer();
        this.tokenizer = tuned.tokenizer();
        this.model = config.learnsExamples() ? TunedFiles.model(config, stated, tokenizer) : stated;
        this.dtype = switch (config.precision()) {
            case BF16 -> DType.BF16;
            case FP16 -> DType.F16;
            case F32 -> DType.F32;
        };
        if (tokenizer.vocabSize() > model.vocab_size()) {
            throw new InvalidInputException("base_model " + base + ": config.json has vocab_size " + model.vocab_size()
                    + ", but the tokenizer has " + tokenizer.vocabSize() + " tokens");
        }
        if (config.preferences().isKto() && config.globalBatch(rank.worldSize()) < 2) {
            throw new InvalidInputException("rl kto wants at least 2 sequences in a step, for answers to other prompts:"
                    + " micro_batch_size x gradient_accumulation_steps x ranks is 1");
        }
        if (config.sequenceLen() > model.max_position_embeddings()) {
            throw new InvalidInputException(
                    "sequence_len " + config.sequenceLen() + " is more than max_position_embeddings "
                            + model.max_position_embeddings() + " of " + base.resolve("config.json"));
        }
    }

    /**
     * The same from the texts of both files, for a rank that was started elsewhere.
     *
     * @param goOn whether to go on from the latest checkpoint of the output directory, if there is one, whatever the configuration says
     */
    public static Training of(String trainerYaml, String deepSpeedJson, Rank rank, boolean goOn) throws IOException {
        List<String> warnings = new ArrayList<>();
        TrainerConfig config = TrainerConfig.of(ConfigFile.parseYaml("trainer.yaml", trainerYaml), List.of(), warnings);
        if (goOn && new Checkpoints(Path.of(config.outputDir())).latest().isPresent()) {
            List<String> settings = List.of("resume_from_checkpoint=null", "auto_resume_from_checkpoints=true");
            config = TrainerConfig.of(ConfigFile.parseYaml("trainer.yaml", trainerYaml), settings, warnings);
        }
        return new Training(
                config, DeepSpeedConfig.of(ConfigFile.parseJson("deepspeed.json", deepSpeedJson), warnings), rank);
    }

    /** Trains to the end, or until the process is told to stop. */
    public void run() throws IOException {
        Natives.load();
        DeviceType type = DeviceType.choose("auto");
        Kernels kernels = kernels(type);
        ZeroOptimizer.Options zero = zeroOptions();
        MemoryEstimate memory = MemoryEstimate.of(model, learned(), dtype, config, zero, rank.worldSize());
        memory.require(rank.localWorldSize(), type == DeviceType.CPU ? HostMemory.available() : Long.MAX_VALUE);
        if (rank.isFirst()) {
            System.err.println("memory of a rank: " + memory);
        }
        try (StopSignal stop = new StopSignal();
                Device device = type.device();
                Collectives ranks = Collectives.join(rank, device, Duration.ofSeconds(config.ddpTimeout()))) {
            Checkpoints checkpoints = new Checkpoints(outputDir);
            ranks.withoutTimeout(() -> rank.isFirst() ? prepare(checkpoints) : checkpoints);
            TrainingData data = TrainingData.open(config, tokenizer);
            Timetable timetable = Timetable.of(config, data.sequences(), rank.worldSize());
            check(data, timetable);
            Optional<Path> resumed = checkpoints.resumed(config);
            Optional<TrainerState> state = resumed.map(TrainerState::read);
            state.ifPresent(saved -> requireSameRun(saved, data));
            Optional<Resumption> resumption =
                    state.map(saved -> new Resumption(resumed.orElseThrow(), saved, timetable));
            Optional<String> finished = resumption.flatMap(each -> each.finished(config));
            say("", finished);
            if (finished.isPresent()) {
                return;
            }
            say("warning: ", resumption.flatMap(each -> each.otherSchedule(config)));
            StartingWeights weights = StartingWeights.of(resumed, base, config.seed());
            say("weights: ", Optional.of(weights.describe()));
            double rate = ZeroOptimizer.sumOverRanks(ranks, device, MatmulRate.measure(kernels, dtype, type))[0];
            Map<String, Path> companions = LlamaCheckpointWriter.companions(base, config.tokenizerPath());
            companions.putAll(TunedFiles.in(outputDir));
            try (TrainedModel trained = ranks.withoutTimeout(
                            () -> TrainedModel.of(config, model, dtype, type, kernels, weights, companions));
                    TrainableLlama training = new TrainableLlama(
                            model, trained.weights(), type, kernels, config.gradientCheckpointing());
                    Objective objective = objective(trained, type, kernels);
                    ZeroOptimizer optimizer = new ZeroOptimizer(
                            trained.weights().list(), trained.weights().flat(), zero, ranks, kernels.workers());
                    CheckpointWriter writer = new CheckpointWriter(
                            checkpoints,
                            config.saveTotalLimit(),
                            ranks,
                            trained.weights(),
                            trained.files(),
                            optimizer);
                    Monitor monitor = monitor(timetable, data, rate, state, weights)) {
                LossScaler scaler = lossScaler();
                state.ifPresent(saved -> {
                    ranks.withoutTimeout(
                            () -> new OptimizerFiles(trained.weights().list())
                                    .read(resumed.orElseThrow(), optimizer.slices(), optimizer.adamW()));
                    optimizer.resume(saved.optimizerUpdates());
                    scaler.restore(saved.lossScaler());
                });
                TrainingData learned = referenced(data, trained, type, kernels, ranks, device);
                new Trainer(
                                config,
                                timetable,
                                learned,
                                new Trainer.Learner(trained.weights(), training, objective, optimizer, scaler),
                                ranks,
                                device,
                                writer,
                                monitor,
                                stop,
                                deepSpeed.wallClockBreakdown())
                        .run(state.map(TrainerState::globalStep).orElse(0L));
            }
        }
    }

    /** How many parameters are learned. */
    private long learned() {
        return config.lora().isOn()
                ? AdapterParameters.count(model, TrainedModel.adapterConfig(config, stated, model))
                : model.parameterCount();
    }

    private Objective objective(TrainedModel trained, DeviceType type, Kernels kernels) {
        PreferenceConfig preferences = config.preferences();
        if (!preferences.isOn()) {
            return new NextToken();
        }
        if (preferences.isKto()) {
            return new Kto(KtoLoss.of(preferences), trained.reference(config, model, type, kernels));
        }
        PreferenceLoss loss = PreferenceLoss.of(preferences);
        return new Preferences(
                loss,
                loss.needsReference() && !preferences.precomputeRefLogProbs()
                        ? Optional.of(trained.reference(config, model, type, kernels))
                        : Optional.empty());
    }

    /** The data with what the reference says of it, where that is to be known beforehand. */
    private TrainingData referenced(
            TrainingData data, TrainedModel trained, DeviceType type, Kernels kernels, Collectives ranks, Device device)
            throws IOException {
        PreferenceConfig preferences = config.preferences();
        boolean wanted = preferences.precomputeRefLogProbs()
                && (preferences.isKto()
                        || (preferences.hasPairs()
                                && PreferenceLoss.of(preferences).needsReference()));
        if (!wanted || !(data instanceof TuningData tuning)) {
            return data;
        }
        References references = new References(config, model, tokenizer, ranks, device);
        return tuning.with(references.of(tuning.examples(), () -> trained.reference(config, model, type, kernels)));
    }

    /** What a tuning run shows, and refuses, before it begins. */
    private void check(TrainingData data, Timetable timetable) {
        switch (data) {
            case TuningData tuning -> {
                CheckList checks = new CheckList(config, tokenizer, model);
                checks.lines(tuning, stated, timetable).forEach(line -> say("", Optional.of(line)));
                checks.require(tuning.counts());
            }
            case PretrainingData _ -> {} // every token is learned
        }
    }

    private void say(String before, Optional<String> line) {
        if (rank.isFirst()) {
            line.ifPresent(text -> System.err.println(before + text));
        }
    }

    /** What one rank does for all: verifies the checkpoint to go on from, tokenises, looks after the output directory. */
    private Checkpoints prepare(Checkpoints checkpoints) {
        try {
            checkpoints.verify(config).ifPresent(warning -> System.err.println("warning: " + warning));
            TrainingData.prepare(config, tokenizer);
            Files.createDirectories(outputDir);
            checkpoints.clean();
            if (config.learnsExamples()) {
                TunedFiles.write(outputDir, base, model, tuned);
            }
            AtomicFiles.write(outputDir.resolve(CONFIG), config.toYaml());
            AtomicFiles.write(outputDir.resolve(DEEPSPEED_CONFIG), deepSpeed.toJson() + "\n");
            return checkpoints;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private ZeroOptimizer.Options zeroOptions() {
        DeepSpeedConfig.Zero zero = deepSpeed.zeroOptimization();
        return new ZeroOptimizer.Options(
                zero.stage(),
                zero.reduceBucketElements(model.hidden_size()),
                zero.allgatherBucketSize(),
                zero.overlapComm(),
                zero.offloadOptimizer().device().equals("cpu"));
    }

    private LossScaler lossScaler() {
        DeepSpeedConfig.Fp16 fp16 = deepSpeed.fp16();
        if (config.precision() != Precision.FP16) {
            return LossScaler.fixed(1);
        }
        return fp16.lossScale() > 0
                ? LossScaler.fixed(fp16.lossScale())
                : LossScaler.dynamic(
                        fp16.initialScalePower(),
                        fp16.lossScaleWindow(),
                        fp16.hysteresis(),
                        fp16.consecutiveHysteresis(),
                        fp16.minLossScale());
    }

    /** The loops of the Vector API know bf16 and f32. */
    private Kernels kernels(DeviceType type) {
        return dtype == DType.F16 ? new AtenKernels() : Kernels.on(type);
    }

    private Monitor monitor(
            Timetable timetable,
            TrainingData data,
            double rate,
            Optional<TrainerState> resumed,
            StartingWeights weights)
            throws IOException {
        Optional<RunLog> log = rank.isFirst()
                ? Optional.of(RunLog.open(
                        outputDir,
                        config,
                        timetable,
                        resumed.map(TrainerState::globalStep).orElse(0L)))
                : Optional.empty();
        return new Monitor(
                config,
                timetable,
                log,
                config.globalBatch(rank.worldSize()),
                data.sequences(),
                flopsPerToken(),
                rate,
                identity(data),
                session(resumed, weights),
                resumed);
    }

    private TrainerState.Session session(Optional<TrainerState> resumed, StartingWeights weights) {
        int machines = Math.ceilDiv(rank.worldSize(), rank.localWorldSize());
        return new TrainerState.Session(
                resumed.map(TrainerState::globalStep).orElse(0L) + 1,
                TrainerState.now(),
                rank.worldSize(),
                machines,
                HostProcessor.describe(),
                weights.word());
    }

    /** 6N + 12 LHQT: forward and backward pass of the matrices, and of attention over whole sequences. */
    private double flopsPerToken() {
        double perParameter = config.lora().isOn() ? 4.0 : 6.0; // no gradient of the weights that stay as they are
        return perParameter * model.parameterCount()
                + (config.lora().isOn() ? 6.0 * learned() : 0)
                + 12.0
                        * model.num_hidden_layers()
                        * model.num_attention_heads()
                        * model.head_dim()
                        * config.sequenceLen();
    }

    private String identity(TrainingData data) {
        return String.join(
                ", ",
                model.parameterCount() + " parameters",
                "tokenizer " + tokenizer.hash(),
                data.tokens() + " tokens",
                "sequence_len " + config.sequenceLen(),
                "seed " + config.seed());
    }

    private void requireSameRun(TrainerState saved, TrainingData data) {
        long sequencesPerStep = config.globalBatch(rank.worldSize());
        if (!saved.run().equals(identity(data))) {
            throw new InvalidInputException("output_dir " + outputDir + ": the checkpoint is of another run: found "
                    + saved.run() + "; expected " + identity(data));
        }
        if (saved.sequencesPerStep() != sequencesPerStep) {
            throw new InvalidInputException("world size " + rank.worldSize() + " x micro_batch_size "
                    + config.microBatchSize()
                    + " x gradient_accumulation_steps " + config.gradientAccumulationSteps() + " = " + sequencesPerStep
                    + " sequences per step contradicts the checkpoint's " + saved.sequencesPerStep());
        }
    }
}
