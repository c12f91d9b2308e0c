package dev.skald.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.InvalidInputException;
import dev.skald.config.ConfigFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeepSpeedConfigTest {

    private static final TrainerConfig TRAINER = TrainerConfigTest.parse("""
            base_model: model
            datasets: [{path: texts}]
            learning_rate: 2e-5
            gradient_accumulation_steps: 16
            """);

    @Test
    void theFileOfTheCardIsResolvedByTheTrainer() throws IOException {
        List<String> warnings = new ArrayList<>();
        DeepSpeedConfig file = DeepSpeedConfig.read(Path.of("configs/nordic-8b/deepspeed_zero2.json"), warnings);
        DeepSpeedConfig resolved = file.resolve(TRAINER, 92);
        assertThat(warnings).isEmpty();
        assertThat(resolved.zeroOptimization())
                .isEqualTo(new DeepSpeedConfig.Zero(
                        2, new DeepSpeedConfig.Offload("cpu"), null, true, true, new Auto(500_000_000), 500_000_000));
        assertThat(resolved.bf16().enabled()).isEqualTo(Switch.TRUE);
        assertThat(resolved.fp16()).isEqualTo(new DeepSpeedConfig.Fp16(Switch.FALSE, false, 0, 32, 1000, 2, false, 1));
        assertThat(resolved.trainBatchSize()).isEqualTo(new Auto(1472));
        assertThat(resolved.trainMicroBatchSizePerGpu()).isEqualTo(new Auto(1));
        assertThat(resolved.gradientAccumulationSteps()).isEqualTo(new Auto(16));
        assertThat(resolved.gradientClipping()).isEqualTo(new Auto(1.0));
        assertThat(resolved.resolve(TRAINER, 92)).isEqualTo(resolved);
    }

    @Test
    void anOptimizerAndASchedulerThatSayWhatTheTrainerSays() {
        TrainerConfig trainer = TrainerConfigTest.parse("""
                base_model: model
                datasets: [{path: texts}]
                learning_rate: 2e-5
                lr_scheduler: constant_with_warmup
                warmup_steps: 100
                max_steps: 2000
                adam_beta2: 0.95
                """);
        DeepSpeedConfig resolved = parse("""
                {"optimizer": {"type": "AdamW",
                   "params": {"lr": "auto", "betas": "auto", "eps": 1e-8, "weight_decay": "auto", "torch_adam": true}},
                 "scheduler": {"type": "WarmupLR",
                   "params": {"warmup_min_lr": "auto", "warmup_max_lr": 2e-5, "warmup_num_steps": "auto", "warmup_type": "linear"}}}
                """).resolve(trainer, 1);
        assertThat(resolved.optimizer().params().lr()).isEqualTo(new Auto(2e-5));
        assertThat(resolved.optimizer().params().betas()).containsExactly(new Auto(0.9), new Auto(0.95));
        assertThat(resolved.scheduler().params().warmupNumSteps()).isEqualTo(new Auto(100));
        assertThat(parse(resolved.toJson())).isEqualTo(resolved);
        assertThat(resolved.resolve(trainer, 1)).isEqualTo(resolved);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"train_batch_size": 64}            | train_batch_size 64 of the DeepSpeed file contradicts world size 2 x micro_batch_size 1 x gradient_accumulation_steps 16 = 32 of the trainer
            {"gradient_accumulation_steps": 8}  | gradient_accumulation_steps 8 of the DeepSpeed file contradicts gradient_accumulation_steps 16 of the trainer
            {"gradient_clipping": 0.5}          | gradient_clipping 0.5 of the DeepSpeed file contradicts max_grad_norm 1 of the trainer
            {"bf16": {"enabled": false}}        | bf16.enabled false of the DeepSpeed file contradicts bf16 true of the trainer
            {"optimizer": {"type": "AdamW", "params": {"lr": 3e-5}}} | optimizer.params.lr 3.0E-5 of the DeepSpeed file contradicts learning_rate 2.0E-5 of the trainer
            {"optimizer": {"params": {"betas": [0.9, 0.95]}}} | optimizer.params.betas[1] 0.95 of the DeepSpeed file contradicts adam_beta2 0.999 of the trainer
            {"optimizer": {"params": {"eps": 1e-6}}} | optimizer.params.eps 1.0E-6 of the DeepSpeed file contradicts adam_epsilon 1.0E-8
            {"optimizer": {"params": {"weight_decay": 0.01}}} | optimizer.params.weight_decay 0.01 of the DeepSpeed file contradicts weight_decay 0 of the trainer
            {"scheduler": {"type": "WarmupLR"}} | scheduler.type WarmupLR of the DeepSpeed file contradicts lr_scheduler cosine of the trainer: it is lr_scheduler constant_with_warmup there
            {"scheduler": {"type": "WarmupDecayLR"}} | it is lr_scheduler linear there
            {"scheduler": {"type": "WarmupCosineLR"}} | scheduler.params.warmup_type log of the DeepSpeed file (its default) contradicts lr_scheduler cosine of the trainer, which rises linearly
            {"scheduler": {"type": "WarmupCosineLR", "params": {"warmup_type": "linear", "warmup_max_lr": 1e-3}}} | scheduler.params.warmup_max_lr 0.001 of the DeepSpeed file contradicts learning_rate 2.0E-5
            {"scheduler": {"type": "WarmupCosineLR", "params": {"warmup_type": "linear", "warmup_min_lr": 1e-6}}} | scheduler.params.warmup_min_lr 1.0E-6 of the DeepSpeed file contradicts its first update's 0 of the trainer
            {"scheduler": {"type": "WarmupCosineLR", "params": {"warmup_type": "linear", "warmup_num_steps": 100}}} | the trainer does not say it; set warmup_steps 100 there
            {"scheduler": {"type": "WarmupCosineLR", "params": {"warmup_type": "linear", "cos_min_ratio": 0.1}}} | scheduler.params.cos_min_ratio 0.1 of the DeepSpeed file contradicts cosine_min_lr_ratio 0 of the trainer
            {"fp16": {"enabled": true}}         | fp16.enabled true of the DeepSpeed file contradicts fp16 false of the trainer
            """)
    void aContradictionNamesBoth(String json, String message) {
        assertThatThrownBy(() -> parse(json).resolve(TRAINER, 2))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"zero_optimization": {"stage": 3}}  | zero_optimization.stage: found 3, but parameters are not divided among the ranks here; expected 0, 1 or 2
            {"zero_optimization": {"stage": 0, "offload_optimizer": {"device": "cpu"}}} | zero_optimization.offload_optimizer.device cpu contradicts zero_optimization.stage 0
            {"zero_optimization": {"stage": 2, "offload_param": {"device": "cpu"}}} | offload_param.device cpu contradicts zero_optimization.stage 2
            {"zero_optimization": {"offload_optimizer": {"device": "nvme"}}} | found 'nvme', expected cpu or none
            {"zero_optimization": {"stag": 2}}   | unknown key 'zero_optimization.stag'; did you mean 'zero_optimization.stage'?
            {"zero_optimization": {"reduce_bucket_size": 0}} | zero_optimization.reduce_bucket_size: found 0, expected at least 1
            {"fp16": {"hysteresis": 0}}          | fp16.hysteresis: found 0, expected at least 1
            {"fp16": {"min_loss_scale": 8, "initial_scale_power": 2}} | fp16.min_loss_scale 8 contradicts fp16.initial_scale_power 2
            {"train_batch_size": "many"}         | train_batch_size: found "many", expected a number
            {"optimizer": {"type": "Lamb"}}      | optimizer.type: found 'Lamb', expected AdamW
            {"optimizer": {"type": "Adam", "params": {"adam_w_mode": false}}} | optimizer.params.adam_w_mode: found false, but weight decay is always decoupled here
            {"optimizer": {"params": {"betas": [0.9]}}} | optimizer.params.betas: found [0.9], expected auto or two numbers
            {"optimizer": {"params": {"momentum": 0.9}}} | unknown key 'optimizer.params.momentum'
            {"scheduler": {"type": "OneCycle"}}  | scheduler.type: found 'OneCycle', expected one of WarmupCosineLR, WarmupDecayLR, WarmupLR
            {"scheduler": {"params": {}}}        | scheduler.type: found none, expected one of
            {"wall_clock_breakdown": 3}          | wall_clock_breakdown: found 3, expected true or false
            {"a": 1,                             | ds.json:1:
            """)
    void aWrongValueIsNamed(String json, String message) {
        assertThatThrownBy(() -> parse(json))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageStartingWith("ds.json")
                .hasMessageContaining(message);
    }

    @Test
    void bucketsMayBeWrittenAsDeepSpeedDoes() {
        List<String> warnings = new ArrayList<>();
        DeepSpeedConfig config = DeepSpeedConfig.of(
                ConfigFile.parseJson(
                        "ds.json",
                        "{\"zero_optimization\": {\"stage\": 1, \"reduce_bucket_size\": 2e8, \"sub_group_size\": 1e9}, \"steps_per_print\": 10}"),
                warnings);
        assertThat(config.zeroOptimization().reduceBucketElements(64)).isEqualTo(200_000_000);
        assertThat(warnings).hasSize(2).allMatch(line -> line.contains("has no effect"));
    }

    /** transformers fills reduce_bucket_size with hidden_size squared; another auto is DeepSpeed's default. */
    @Test
    void autoIsWhatTransformersFillsIn() {
        DeepSpeedConfig config = parse("""
                {"zero_optimization": {"stage": 2, "overlap_comm": "auto", "contiguous_gradients": "auto",
                   "reduce_bucket_size": "auto", "allgather_bucket_size": "auto", "stage3_prefetch_bucket_size": "auto",
                   "stage3_param_persistence_threshold": "auto", "sub_group_size": 1e9},
                 "fp16": {"enabled": "auto", "loss_scale": "auto", "initial_scale_power": "auto"},
                 "amp": {"enabled": "auto", "opt_level": "auto"},
                 "steps_per_print": "auto", "wall_clock_breakdown": "auto"}
                """);
        assertThat(config.zeroOptimization().reduceBucketElements(4096)).isEqualTo(4096L * 4096);
        assertThat(config.zeroOptimization().allgatherBucketSize()).isEqualTo(500_000_000);
        assertThat(config.zeroOptimization().contiguousGradients()).isTrue();
        assertThat(config.zeroOptimization().overlapComm()).isFalse();
        assertThat(config.fp16().initialScalePower()).isEqualTo(16);
        assertThat(parse(config.resolve(TRAINER, 1).toJson())).isEqualTo(config.resolve(TRAINER, 1));
        assertThatThrownBy(
                        () -> parse("{\"amp\": {\"enabled\": true}, \"zero_optimization\": {\"cpu_offload\": true}}"))
                .hasMessageContaining("amp: found keys and values, but")
                .hasMessageContaining("zero_optimization.cpu_offload: found true, but give offload_optimizer");
    }

    private static DeepSpeedConfig parse(String json) {
        return DeepSpeedConfig.of(ConfigFile.parseJson("ds.json", json), new ArrayList<>());
    }
}
