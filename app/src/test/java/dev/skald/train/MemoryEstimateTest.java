package dev.skald.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.InvalidInputException;
import dev.skald.model.LlamaConfig;
import dev.skald.tensor.DType;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MemoryEstimateTest {

    @TempDir
    Path folder;

    private MemoryEstimate estimate(int stage, int worldSize) throws Exception {
        TinyRun tiny = new TinyRun(Files.createTempDirectory(folder, "run"));
        LlamaConfig model = LlamaConfig.read(tiny.base().resolve("config.json"));
        ZeroOptimizer.Options zero = new ZeroOptimizer.Options(stage, 1, 1, true, false);
        return MemoryEstimate.of(model, model.parameterCount(), DType.BF16, tiny.config("out"), zero, worldSize);
    }

    @Test
    void bf16WithoutZeroTakesSixteenBytesPerParameter() throws Exception {
        MemoryEstimate one = estimate(0, 1);
        assertThat(one.gradients()).isEqualTo(2 * one.parameters());
        assertThat(one.optimizer()).isEqualTo(5 * one.parameters());
    }

    @Test
    void stagesDivideOptimizerAndGradients() throws Exception {
        long optimizer = estimate(0, 4).optimizer();
        assertThat(estimate(1, 4).optimizer()).isEqualTo(optimizer / 4);
        assertThat(estimate(1, 4).gradients()).isEqualTo(estimate(0, 4).gradients());
        assertThat(estimate(2, 4).optimizer()).isEqualTo(optimizer / 4);
        assertThat(estimate(2, 1)).isEqualTo(estimate(0, 1));
    }

    @Test
    void whatDoesNotFitIsRefusedWithItsParts() throws Exception {
        MemoryEstimate one = estimate(0, 1);
        assertThatCode(() -> one.require(2, 2 * one.total())).doesNotThrowAnyException();
        assertThatThrownBy(() -> one.require(2, 2 * one.total() - 1))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("not enough memory: 2 ranks")
                .hasMessageContaining("optimizer")
                .hasMessageContaining("micro_batch_size");
    }
}
