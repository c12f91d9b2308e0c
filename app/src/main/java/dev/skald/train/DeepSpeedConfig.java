package dev.skald.train;

import dev.skald.InvalidInputException;
import dev.skald.config.Binder;
import dev.skald.config.ConfigFile;
import dev.skald.config.ConfigWriter;
import dev.skald.config.Key;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * DeepSpeed's JSON file. {@link #resolve} joins it with the trainer: {@code auto} takes the trainer's value, and a stated value that differs
 * from the trainer's is refused.
 */
public record DeepSpeedConfig(
        @Key(value = "How optimizer state, gradients and parameters are divided among the ranks.", defaultValue = "{}")
        Zero zeroOptimization,

        @Key(value = "bfloat16; auto: as the trainer says.", defaultValue = "{}")
        Bf16 bf16,

        @Key(value = "float16 and its loss scale; auto: as the trainer says.", defaultValue = "{}")
        Fp16 fp16,

        @Key(value = "Micro-steps in one update.", defaultValue = "auto")
        Auto gradientAccumulationSteps,

        @Key(value = "Norm to which the gradient is clipped.", defaultValue = "auto")
        Auto gradientClipping,

        @Key(value = "Sequences in one update, of all ranks.", defaultValue = "auto")
        Auto trainBatchSize,

        @Key(value = "Sequences of a rank in one micro-step.", defaultValue = "auto")
        Auto trainMicroBatchSizePerGpu,

        @Key("AdamW, as the trainer says.") DeepSpeedOptimizer optimizer,

        @Key("The schedule, as the trainer says.") DeepSpeedScheduler scheduler,

        @Key(value = "Print the times of forward, backward, reduction and step.", defaultValue = "false")
        boolean wallClockBreakdown) {

    /** {@code zero_optimization}. */
    public record Zero(
            @Key(value = "0: every rank has all; 1: optimizer state divided; 2: gradients too.", defaultValue = "0")
            int stage,

            @Key("Where the master weights and moments are.")
            Offload offloadOptimizer,

            @Key("Stage 3 only.") Offload offloadParam,

            @Key(value = "Gradients lie one after the other in one buffer; always true here.", defaultValue = "true")
            boolean contiguousGradients,

            @Key(value = "Reduce gradients while the backward pass goes on.", defaultValue = "false")
            boolean overlapComm,

            @Key(
                    value = "Elements of a bucket of gradients; auto: hidden_size squared, as transformers has it.",
                    defaultValue = "5e8")
            Auto reduceBucketSize,

            @Key(value = "Elements of a bucket of parameters.", defaultValue = "5e8")
            long allgatherBucketSize) {

        public Zero {
            if (stage == 3) {
                throw new InvalidInputException(
                        "zero_optimization.stage: found 3, but parameters are not divided among the ranks here; expected 0, 1 or 2");
            }
            if (stage < 0 || stage > 2) {
                throw new InvalidInputException("zero_optimization.stage: found " + stage + ", expected 0, 1 or 2");
            }
            if (offloadParam != null && !offloadParam.device.equals("none")) {
                throw new InvalidInputException("zero_optimization.offload_param.device " + offloadParam.device
                        + " contradicts zero_optimization.stage " + stage + ": it belongs to stage 3");
            }
            offloadOptimizer = offloadOptimizer == null ? new Offload("none") : offloadOptimizer;
            if (stage == 0 && !offloadOptimizer.device.equals("none")) {
                throw new InvalidInputException("zero_optimization.offload_optimizer.device " + offloadOptimizer.device
                        + " contradicts zero_optimization.stage 0: it needs stage 1 or 2");
            }
            if (!contiguousGradients) {
                throw new InvalidInputException(
                        "zero_optimization.contiguous_gradients: found false, but gradients are always contiguous here");
            }
            bucket("reduce_bucket_size", reduceBucketSize.isSet() ? (long) reduceBucketSize.value() : 1);
            bucket("allgather_bucket_size", allgatherBucketSize);
        }

        /** Elements of a bucket of gradients of a model. */
        long reduceBucketElements(int hiddenSize) {
            return reduceBucketSize.isSet() ? (long) reduceBucketSize.value() : (long) hiddenSize * hiddenSize;
        }

        private static void bucket(String key, long elements) {
            if (elements < 1) {
                throw new InvalidInputException(
                        "zero_optimization." + key + ": found " + elements + ", expected at least 1");
            }
        }
    }

    /** {@code offload_optimizer}. */
    public record Offload(
            @Key(value = "cpu or none.", defaultValue = "none")
            String device) {

        public Offload {
            device = device.toLowerCase(Locale.ROOT);
            if (!device.equals("cpu") && !device.equals("none")) {
                throw new InvalidInputException("offload device: found '" + device + "', expected cpu or none");
            }
        }
    }

    /** {@code bf16}. */
    public record Bf16(
            @Key(value = "true, false or auto.", defaultValue = "auto")
            Switch enabled) {}

    /** {@code fp16}. */
    public record Fp16(
            @Key(value = "true, false or auto.", defaultValue = "auto")
            Switch enabled,

            @Key(value = "Cast the inputs; token ids need none.", defaultValue = "false")
            boolean autoCast,

            @Key(value = "A fixed loss scale; 0: a dynamic one.", defaultValue = "0")
            double lossScale,

            @Key(value = "The dynamic scale starts at two to this power.", defaultValue = "16")
            int initialScalePower,

            @Key(value = "Steps without overflow after which the scale doubles.", defaultValue = "1000")
            int lossScaleWindow,

            @Key(value = "Overflows after which the scale is halved.", defaultValue = "2")
            int hysteresis,

            @Key(value = "Refill the hysteresis after each step without overflow.", defaultValue = "false")
            boolean consecutiveHysteresis,

            @Key(value = "The scale does not fall below.", defaultValue = "1")
            double minLossScale) {

        public Fp16 {
            require(lossScale >= 0, "loss_scale", lossScale, "0 or more");
            require(
                    initialScalePower >= 0 && initialScalePower <= 64,
                    "initial_scale_power",
                    initialScalePower,
                    "0 to 64");
            require(lossScaleWindow >= 1, "loss_scale_window", lossScaleWindow, "at least 1");
            require(hysteresis >= 1, "hysteresis", hysteresis, "at least 1");
            require(minLossScale > 0, "min_loss_scale", minLossScale, "more than 0");
            if (lossScale == 0 && minLossScale > Math.pow(2, initialScalePower)) {
                throw new InvalidInputException(
                        "fp16.min_loss_scale " + Auto.number(minLossScale) + " contradicts fp16.initial_scale_power "
                                + initialScalePower + ": it is above the first scale");
            }
        }

        private static void require(boolean holds, String key, Number found, String expected) {
            if (!holds) {
                throw new InvalidInputException("fp16." + key + ": found " + found + ", expected " + expected);
            }
        }
    }

    /** What the run does when there is no such file: every rank has all. */
    public static DeepSpeedConfig none() {
        return of(ConfigFile.parseJson("", "{}"), new ArrayList<>());
    }

    /**
     * A DeepSpeed file.
     *
     * @param warnings grows by one line for each key that has no effect
     */
    public static DeepSpeedConfig read(Path file, List<String> warnings) throws IOException {
        return of(ConfigFile.readJson(file), warnings);
    }

    static DeepSpeedConfig of(ConfigFile file, List<String> warnings) {
        Binder binder = new Binder(file, DeepSpeedKeys.of())
                .reading(Auto.class, Auto::read)
                .absent("auto");
        DeepSpeedConfig config = binder.bind(DeepSpeedConfig.class);
        warnings.addAll(binder.warnings());
        return config;
    }

    /** Every key with its value. */
    public String toJson() {
        return ConfigWriter.toJson(this);
    }

    /**
     * With every {@code auto} replaced by what the trainer says.
     *
     * @throws InvalidInputException naming both keys and values where the two files differ
     */
    public DeepSpeedConfig resolve(TrainerConfig trainer, int worldSize) {
        Precision precision = trainer.precision();
        return new DeepSpeedConfig(
                zeroOptimization,
                new Bf16(resolve("bf16", bf16.enabled, precision == Precision.BF16)),
                new Fp16(
                        resolve("fp16", fp16.enabled, precision == Precision.FP16),
                        fp16.autoCast,
                        fp16.lossScale,
                        fp16.initialScalePower,
                        fp16.lossScaleWindow,
                        fp16.hysteresis,
                        fp16.consecutiveHysteresis,
                        fp16.minLossScale),
                gradientAccumulationSteps.resolve(
                        "gradient_accumulation_steps",
                        "gradient_accumulation_steps",
                        trainer.gradientAccumulationSteps()),
                gradientClipping.resolve("gradient_clipping", "max_grad_norm", trainer.maxGradNorm()),
                trainBatchSize.resolve(
                        "train_batch_size",
                        "world size " + worldSize + " x micro_batch_size " + trainer.microBatchSize()
                                + " x gradient_accumulation_steps " + trainer.gradientAccumulationSteps() + " =",
                        (double) trainer.globalBatch(worldSize)),
                trainMicroBatchSizePerGpu.resolve(
                        "train_micro_batch_size_per_gpu", "micro_batch_size", trainer.microBatchSize()),
                optimizer == null ? null : optimizer.resolve(trainer),
                scheduler == null ? null : scheduler.resolve(trainer),
                wallClockBreakdown);
    }

    private static Switch resolve(String key, Switch stated, boolean trainers) {
        Switch value = trainers ? Switch.TRUE : Switch.FALSE;
        if (stated != Switch.AUTO && stated != value) {
            throw new InvalidInputException(key + ".enabled " + (stated == Switch.TRUE)
                    + " of the DeepSpeed file contradicts " + key + " " + trainers + " of the trainer");
        }
        return value;
    }
}
