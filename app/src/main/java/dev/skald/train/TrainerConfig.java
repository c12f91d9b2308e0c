package dev.skald.train;

import dev.skald.InvalidInputException;
import dev.skald.config.Beside;
import dev.skald.config.Binder;
import dev.skald.config.ConfigFile;
import dev.skald.config.ConfigWriter;
import dev.skald.config.Key;
import dev.skald.tokenizer.Tokenizer;
import dev.skald.tune.DatasetType;
import dev.skald.tune.TunedTokenizer;
import dev.skald.tune.TuningConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * A {@code trainer.yaml}: names, defaults and meanings of the keys are Axolotl's. A component is null where the file does not state the key
 * and there is no default.
 */
public record TrainerConfig(
        @Key(
                "Directory of the model: its weights are read, or made at random when it has only config.json and a tokenizer.")
        String baseModel,

        @Key("Directory or tokenizer.json of the tokenizer, when not that of base_model.")
        String tokenizerConfig,

        @Key(
                value =
                        "Begin each document with the tokenizer's bos token; auto: when its post_processor or tokenizer_config.json does.",
                defaultValue = "auto")
        Switch addBosToken,

        @Key("What tokenizer_config.json says too: other tokens are not given to a tokenizer here.")
        SpecialTokens specialTokens,

        @Key("Tokens that are added where the tokenizer lacks them, with embeddings that begin as the mean of all.")
        List<String> tokens,

        @Key("Other spellings of added tokens, by their id: reserved tokens become tokens of one's own.")
        Map<String, String> addedTokensOverrides,

        @Key(value = "What to train on.", alsoCalled = "pretraining_dataset")
        List<DatasetConfig> datasets,

        @Key("What to validate on; not together with val_set_size.")
        List<DatasetConfig> testDatasets,

        @Key(
                value = "Documents held out of datasets for validation: below 1 the fraction, else how many.",
                defaultValue = "0.0")
        double valSetSize,

        @Key(value = "Where raw text is kept once it is tokenised.", defaultValue = "last_run_prepared")
        String datasetPreparedPath,

        @Key(value = "Threads that tokenise; all processors when not given.", alsoCalled = "dataset_num_proc")
        Integer datasetProcesses,

        @Key(
                value = "Draw sequences in a random order, a new one each epoch; false: in the order of the data.",
                defaultValue = "true")
        boolean shuffleMergedDatasets,

        @Key(value = "Tokens in a sequence.", defaultValue = "512")
        int sequenceLen,

        @Key(
                "Fill sequences with several examples, each attending to itself alone; documents are always packed, examples when this says so.")
        Boolean samplePacking,

        @Key(
                value =
                        "Keep attention and positions inside each document of a sequence; false: the sequence is one text.",
                defaultValue = "true")
        boolean pretrainMultipackAttn,

        @Key(value = "Seed of the data order and of random weights.", defaultValue = "42")
        long seed,

        @Key(value = "The largest learning rate of the schedule.")
        double learningRate,

        @Key(
                value =
                        "cosine, cosine_with_restarts, linear, polynomial, inverse_sqrt, rex, constant, or constant_with_warmup.",
                defaultValue = "cosine")
        LrScheduler lrScheduler,

        @Key(value = "num_cycles, power, lr_end and timescale, of the schedules that have them.", defaultValue = "{}")
        SchedulerSettings lrSchedulerKwargs,

        @Key("The cosine, or rex, ends at this part of learning_rate instead of 0.")
        Double cosineMinLrRatio,

        @Key("The cosine is there at this part of the run, and stays; with cosine_min_lr_ratio.")
        Double cosineConstantLrRatio,

        @Key("Updates in which the learning rate rises from 0; not together with warmup_ratio.")
        Long warmupSteps,

        @Key("The same as a fraction of the run. Neither: 3 % of the run, at most 100.")
        Double warmupRatio,

        @Key(
                value = "adamw_torch_fused or adamw_torch: AdamW; one with its state in 8 bits runs as the same AdamW.",
                defaultValue = "adamw_torch_fused")
        String optimizer,

        @Key(value = "Decoupled weight decay; not applied to norm weights.", defaultValue = "0.0")
        double weightDecay,

        @Key(value = "Decay of AdamW's first moment.", defaultValue = "0.9")
        double adamBeta1,

        @Key(value = "Decay of AdamW's second moment.", defaultValue = "0.999")
        double adamBeta2,

        @Key(value = "Added to the root of AdamW's second moment.", defaultValue = "1e-8", alsoCalled = "adam_eps")
        double adamEpsilon,

        @Key(value = "Norm to which the gradient is clipped; 0: it is not.", defaultValue = "1.0")
        double maxGradNorm,

        @Key(value = "Sequences in one forward and backward pass of a rank.", defaultValue = "1")
        int microBatchSize,

        @Key(value = "Such passes in one update.", defaultValue = "1")
        int gradientAccumulationSteps,

        @Key(value = "How often the data is seen; may be a fraction.", defaultValue = "1")
        double numEpochs,

        @Key("Updates in the run; wins over num_epochs.") Long maxSteps,

        @Key("Steps between two lines of the log; 0.5 % of the run, 1 to 10, when not given.")
        Integer loggingSteps,

        @Key("Steps, or fraction of the run, between two validations; one at the end of each epoch when not given.")
        StepInterval evalSteps,

        @Key("The same, as so many in an epoch; not together with eval_steps.")
        Integer evalsPerEpoch,

        @Key("Steps, or fraction of the run, between two checkpoints; one at the end of each epoch when not given.")
        StepInterval saveSteps,

        @Key("The same, as so many in an epoch; not together with save_steps.")
        Integer savesPerEpoch,

        @Key(value = "Checkpoints that are kept.", defaultValue = "4")
        int saveTotalLimit,

        @Key(
                value = "Parameters and activations in bfloat16; auto: unless fp16 is true.",
                defaultValue = "auto",
                alsoCalled = "bfloat16")
        Switch bf16,

        @Key(
                value = "Parameters and activations in float16, with a loss scale; auto: no.",
                defaultValue = "auto",
                alsoCalled = "float16")
        Switch fp16,

        @Key(value = "Let CUDA multiply float32 with 10 bits of mantissa; auto: no.", defaultValue = "auto")
        Switch tf32,

        @Key(
                value = "Keep only the input of each decoder block and compute the rest again in the backward pass.",
                defaultValue = "false")
        boolean gradientCheckpointing,

        @Key("Noise on the embeddings while training: NEFTune's alpha; 5 is usual.")
        Double neftuneNoiseAlpha,

        @Key("Checkpoint to go on from.") String resumeFromCheckpoint,

        @Key(value = "Go on from the latest checkpoint of output_dir, if there is one.", defaultValue = "false")
        boolean autoResumeFromCheckpoints,

        @Key("Stop when the loss is above this ...") Double lossWatchdogThreshold,

        @Key(value = "... in so many steps one after the other.", defaultValue = "3")
        int lossWatchdogPatience,

        @Key("Stop when so many validations one after the other have not lowered the loss.")
        Integer earlyStoppingPatience,

        @Key(value = "Seconds that a rank waits for the others before it takes them for lost.", defaultValue = "40")
        int ddpTimeout,

        @Key("DeepSpeed's file; --deepspeed on the command line wins.")
        String deepspeed,

        @Key(value = "Where checkpoints, metrics and the report go.", defaultValue = "./model-out")
        String outputDir,

        @Beside TuningConfig tuning,

        @Beside LoraConfig lora,

        @Beside PreferenceConfig preferences) {

    private static final Set<String> OPTIMIZERS =
            Set.of("adamw_torch_fused", "adamw_torch", "adamw_hf", "adamw", "adamw_apex_fused", "paged_adamw_32bit");

    /** AdamW with its state in fewer bits. */
    private static final Set<String> SMALL_STATE = Set.of(
            "adamw_bnb_8bit",
            "adamw_8bit",
            "adamw_torch_8bit",
            "adamw_torch_4bit",
            "ao_adamw_8bit",
            "ao_adamw_4bit",
            "paged_adamw_8bit",
            "paged_adamw");

    public TrainerConfig {
        specialTokens = specialTokens == null ? new SpecialTokens(null, null, null, null, List.of()) : specialTokens;
        tokens = List.copyOf(tokens);
        addedTokensOverrides = Collections.unmodifiableMap(new TreeMap<>(addedTokensOverrides));
        for (String id : addedTokensOverrides.keySet()) {
            require(id.matches("\\d{1,9}"), "added_tokens_overrides: found '" + id + "', expected the id of a token");
        }
        datasets = List.copyOf(datasets);
        testDatasets = List.copyOf(testDatasets);
        require(baseModel != null, "base_model is missing");
        require(!datasets.isEmpty(), "datasets is missing");
        require(
                OPTIMIZERS.contains(optimizer) || SMALL_STATE.contains(optimizer),
                "optimizer: found '" + optimizer + "', expected one of adamw_torch_fused, adamw_torch");
        boolean texts = datasets.stream().allMatch(each -> each.type().isText());
        for (DatasetConfig dataset : datasets) {
            require(
                    !texts
                            || (dataset.dataFiles().isEmpty()
                                    && dataset.shards() == 1
                                    && (dataset.split() == null
                                            || !dataset.split().contains("["))),
                    "datasets: " + dataset.path() + ": split " + dataset.split() + ", shards " + dataset.shards()
                            + " and data_files " + dataset.dataFiles()
                            + " are for examples; give a file, a directory or a glob of texts as path");
        }
        require(
                !texts || !Boolean.FALSE.equals(samplePacking) || preferences.isOn(),
                "sample_packing: found false, but documents are always packed here");
        if (preferences.hasPairs()) {
            PreferenceLoss.of(preferences);
        }
        require(
                !preferences.isOn() || !Boolean.TRUE.equals(samplePacking),
                "sample_packing true contradicts rl " + preferences.rl() + ": answers are not packed");

        within("val_set_size", valSetSize, 0, Long.MAX_VALUE);
        require(
                valSetSize < 1 || valSetSize == Math.rint(valSetSize),
                "val_set_size: found " + valSetSize + ", expected a fraction below 1 or a whole number of documents");
        exclusive(
                "val_set_size",
                valSetSize == 0 ? null : valSetSize,
                "test_datasets",
                testDatasets.isEmpty() ? null : "given");
        within("dataset_processes", datasetProcesses, 1, 1024);
        within("sequence_len", sequenceLen, 2, 1 << 24);
        require(
                learningRate > 0 && learningRate < 1,
                "learning_rate: found " + learningRate + ", expected more than 0 and less than 1");
        within("cosine_min_lr_ratio", cosineMinLrRatio, 0, 1);
        require(
                cosineMinLrRatio == null || lrScheduler == LrScheduler.COSINE || lrScheduler == LrScheduler.REX,
                "cosine_min_lr_ratio " + cosineMinLrRatio + " contradicts lr_scheduler "
                        + lrScheduler.name().toLowerCase(Locale.ROOT));
        within("cosine_constant_lr_ratio", cosineConstantLrRatio, 0, 1);
        require(
                cosineConstantLrRatio == null || lrScheduler == LrScheduler.COSINE,
                "cosine_constant_lr_ratio " + cosineConstantLrRatio + " contradicts lr_scheduler "
                        + lrScheduler.name().toLowerCase(Locale.ROOT));
        require(
                cosineConstantLrRatio == null || cosineMinLrRatio != null,
                "cosine_constant_lr_ratio " + cosineConstantLrRatio
                        + " wants cosine_min_lr_ratio: what the learning rate is from there on");
        lrSchedulerKwargs.require(lrScheduler, learningRate);
        exclusive("warmup_steps", warmupSteps, "warmup_ratio", warmupRatio);
        within("warmup_steps", warmupSteps, 0, Long.MAX_VALUE);
        within("warmup_ratio", warmupRatio, 0, 1);
        within("weight_decay", weightDecay, 0, 1);
        require(adamBeta1 >= 0 && adamBeta1 < 1, "adam_beta1: found " + adamBeta1 + ", expected 0 to below 1");
        require(adamBeta2 >= 0 && adamBeta2 < 1, "adam_beta2: found " + adamBeta2 + ", expected 0 to below 1");
        within("adam_epsilon", adamEpsilon, 0, 1);
        within("max_grad_norm", maxGradNorm, 0, Double.MAX_VALUE);
        within("micro_batch_size", microBatchSize, 1, 1 << 16);
        require(
                (long) microBatchSize * sequenceLen < 1 << 26,
                "micro_batch_size " + microBatchSize + " times sequence_len " + sequenceLen + " is more than "
                        + (1 << 26) + " tokens");
        within("gradient_accumulation_steps", gradientAccumulationSteps, 1, 1 << 20);
        require(numEpochs > 0 && numEpochs < 1e6, "num_epochs: found " + numEpochs + ", expected more than 0");
        within("neftune_noise_alpha", neftuneNoiseAlpha, 0, 1000);
        within("max_steps", maxSteps, 1, Long.MAX_VALUE);
        within("logging_steps", loggingSteps, 1, Integer.MAX_VALUE);
        exclusive("eval_steps", evalSteps, "evals_per_epoch", evalsPerEpoch);
        exclusive("save_steps", saveSteps, "saves_per_epoch", savesPerEpoch);
        within("evals_per_epoch", evalsPerEpoch, 1, Integer.MAX_VALUE);
        within("saves_per_epoch", savesPerEpoch, 1, Integer.MAX_VALUE);
        within("save_total_limit", saveTotalLimit, 1, Integer.MAX_VALUE);
        require(!(bf16 == Switch.TRUE && fp16 == Switch.TRUE), "bf16 true contradicts fp16 true");
        require(
                resumeFromCheckpoint == null || !autoResumeFromCheckpoints,
                "resume_from_checkpoint " + resumeFromCheckpoint + " contradicts auto_resume_from_checkpoints true");
        require(
                lossWatchdogThreshold == null || lossWatchdogThreshold > 0,
                "loss_watchdog_threshold: found " + lossWatchdogThreshold + ", expected more than 0");
        within("ddp_timeout", ddpTimeout, 1, 2_000_000);
        within("loss_watchdog_patience", lossWatchdogPatience, 1, Integer.MAX_VALUE);
        within("early_stopping_patience", earlyStoppingPatience, 1, Integer.MAX_VALUE);
        require(
                earlyStoppingPatience == null || valSetSize > 0 || !testDatasets.isEmpty(),
                "early_stopping_patience " + earlyStoppingPatience
                        + " wants val_set_size or test_datasets: without validation there is nothing to count");
    }

    /**
     * A trainer.yaml with settings of the command line over it.
     *
     * @param overrides each {@code key=value}
     * @param warnings grows by one line for each key that has no effect
     */
    public static TrainerConfig read(Path file, List<String> overrides, List<String> warnings) throws IOException {
        return of(ConfigFile.readYaml(file), overrides, warnings);
    }

    static TrainerConfig of(ConfigFile file, List<String> overrides, List<String> warnings) {
        file.override(overrides);
        Binder binder = new Binder(file, AxolotlKeys.of())
                .reading(StepInterval.class, StepInterval::read)
                .reading(DatasetType.class, DatasetType::read);
        TrainerConfig config = binder.bind(TrainerConfig.class);
        warnings.addAll(binder.warnings());
        if (SMALL_STATE.contains(config.optimizer)) {
            warnings.add(file.name() + ": optimizer " + config.optimizer
                    + " runs as AdamW with its state in float32; see DeepSpeed's offload_optimizer for memory");
        }
        if (file.root().hasNonNull("pretraining_dataset")) {
            warnings.add(file.name() + ": pretraining_dataset is read as datasets: its texts are tokenised before the"
                    + " run, once, and not streamed");
        }
        return config;
    }

    /** Every key with its value, as a trainer.yaml that states the same run. */
    public String toYaml() {
        return ConfigWriter.toYaml(this);
    }

    /**
     * The run's tokenizer, with what this changes of it.
     *
     * @throws InvalidInputException when a text would begin or end otherwise than it says, or a token is not there
     */
    public TunedTokenizer tokenizer() throws IOException {
        if (!learnsExamples()) {
            require(
                    tokens.isEmpty() && addedTokensOverrides.isEmpty(),
                    "tokens and added_tokens_overrides are for tuning: continued pretraining does not change the tokenizer");
            Tokenizer tokenizer = Tokenizer.load(tokenizerPath());
            specialTokens.require(tokenizer);
            return new TunedTokenizer(tokenizer, Map.of());
        }
        Map<String, Boolean> added = new LinkedHashMap<>();
        // What ends or begins a text has to be a special token: a message that spells it does not end.
        tokens.forEach(token -> added.put(
                token,
                specialTokens.named().containsValue(token) || tuning.eotTokens().contains(token)));
        specialTokens.additionalSpecialTokens().forEach(token -> added.put(token, true));
        Map<Integer, String> renamed = new TreeMap<>();
        addedTokensOverrides.forEach((id, content) -> renamed.put(Integer.valueOf(id), content));
        return TunedTokenizer.of(
                tokenizerPath(), new TunedTokenizer.Changes(specialTokens.named(), added, renamed), tuning);
    }

    /** Whether rows are learned as examples, with labels, and not as one stream of texts. */
    public boolean learnsExamples() {
        return preferences.isOn()
                || datasets.stream().anyMatch(each -> !each.type().isText());
    }

    /** Where the tokenizer is. */
    public Path tokenizerPath() {
        return Path.of(tokenizerConfig == null ? baseModel : tokenizerConfig);
    }

    /** In what parameters and activations are held. */
    public Precision precision() {
        if (fp16 == Switch.TRUE) {
            return Precision.FP16;
        }
        return bf16 == Switch.FALSE ? Precision.F32 : Precision.BF16;
    }

    /** Sequences in one update. */
    public long globalBatch(int worldSize) {
        return (long) worldSize * microBatchSize * gradientAccumulationSteps;
    }

    private static void require(boolean holds, String problem) {
        if (!holds) {
            throw new InvalidInputException(problem);
        }
    }

    private static void within(String key, Number value, double least, double most) {
        if (value != null && !(value.doubleValue() >= least && value.doubleValue() <= most)) {
            String range =
                    most > 1e15 ? "at least " + Auto.number(least) : Auto.number(least) + " to " + Auto.number(most);
            throw new InvalidInputException(key + ": found " + value + ", expected " + range);
        }
    }

    private static void exclusive(String one, Object oneValue, String other, Object otherValue) {
        require(
                oneValue == null || otherValue == null,
                one + " " + text(oneValue) + " contradicts " + other + " " + text(otherValue) + ": give one of them");
    }

    private static String text(Object value) {
        return value instanceof StepInterval interval ? Auto.number(interval.number()) : String.valueOf(value);
    }
}
