package dev.skald.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.InvalidInputException;
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
                        2, new DeepSpeedConfig.Offload("cpu"), null, true, true, 500_000_000, 500_000_000));
        assertThat(resolved.bf16().enabled()).isEqualTo(Switch.TRUE);
        assertThat(resolved.fp16()).isEqualTo(new DeepSpeedConfig.Fp16(Switch.FALSE, false, 0, 32, 1000, 2, false, 1));
        assertThat(resolved.trainBatchSize()).isEqualTo(new Auto(1472));
        assertThat(resolved.trainMicroBatchSizePerGpu()).isEqualTo(new Auto(1));
        assertThat(resolved.gradientAccumulationSteps()).isEqualTo(new Auto(16));
        assertThat(resolved.gradientClipping()).isEqualTo(new Auto(1.0));
        assertThat(resolved.resolve(TRAINER, 92)).isEqualTo(resolved);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"train_batch_size": 64}            | train_batch_size 64 of the DeepSpeed file contradicts world size 2 x micro_batch_size 1 x gradient_accumulation_steps 16 = 32 of the trainer
            {"gradient_accumulation_steps": 8}  | gradient_accumulation_steps 8 of the DeepSpeed file contradicts gradient_accumulation_steps 16 of the trainer
            {"gradient_clipping": 0.5}          | gradient_clipping 0.5 of the DeepSpeed file contradicts max_grad_norm 1 of the trainer
            {"bf16": {"enabled": false}}        | bf16.enabled false of the DeepSpeed file contradicts bf16 true of the trainer
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
        assertThat(config.zeroOptimization().reduceBucketSize()).isEqualTo(200_000_000);
        assertThat(warnings).hasSize(2).allMatch(line -> line.contains("has no effect"));
    }

    private static DeepSpeedConfig parse(String json) {
        return DeepSpeedConfig.of(ConfigFile.parseJson("ds.json", json), new ArrayList<>());
    }
}
