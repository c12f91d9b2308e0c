package dev.skald.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunLogTest {

    private static final TrainerConfig CONFIG = TrainerConfigTest.parse("""
            base_model: model
            datasets: [{path: texts}]
            learning_rate: 2e-5
            loss_watchdog_threshold: 5.0
            loss_watchdog_patience: 2
            """);
    private static final Timetable TIMETABLE = new Timetable(10, 10, 1, 5, 5);

    @TempDir
    Path output;

    @Test
    void aLineForEachStepIsThereAtOnce() throws IOException {
        try (RunLog log = RunLog.open(output, CONFIG, TIMETABLE, 0)) {
            log.step(step(1, 3.25));
            assertThat(Files.readString(output.resolve("metrics.jsonl")))
                    .isEqualTo("{\"step\":1,\"loss\":3.25,\"grad_norm\":0.5,\"learning_rate\":1.0E-5,\"tokens\":1024,"
                            + "\"tokens_per_second\":100.0,\"epoch\":0.1,\"mfu\":0.4,\"memory_bytes\":1000,\"seconds\":2.0,"
                            + "\"skipped\":false}\n");
            log.validation(List.of(new ValidationMetrics(1, "taler", "da", 3, 100, 250, 200.0)));
            assertThat(Files.readString(output.resolve("validation.jsonl")))
                    .startsWith("{\"step\":1,\"dataset\":\"taler\",\"language\":\"da\",\"documents\":3,\"tokens\":100,")
                    .contains("\"loss\":2.0", "\"perplexity\":7.38905609893065", "\"bits_per_byte\":1.154156032711170");
        }
    }

    @Test
    void aRunThatGoesOnCutsTheLinesOfLaterSteps() throws IOException {
        try (RunLog log = RunLog.open(output, CONFIG, TIMETABLE, 0)) {
            for (int step = 1; step <= 4; step++) {
                log.step(step(step, step));
            }
        }
        Files.writeString(output.resolve("metrics.jsonl"), "{\"step\":5,\"lo", StandardOpenOption.APPEND);
        try (RunLog log = RunLog.open(output, CONFIG, TIMETABLE, 2)) {
            log.step(step(3, 30));
            assertThat(log.steps()).extracting(StepMetrics::loss).containsExactly(1.0, 2.0, 30.0);
        }
        assertThat(Files.readAllLines(output.resolve("metrics.jsonl"))).hasSize(3);
    }

    @Test
    void theWatchdogCountsStepsOneAfterTheOther() {
        LossWatchdog watchdog = new LossWatchdog(CONFIG);
        watchdog.check(1, 6);
        watchdog.check(2, 4);
        watchdog.check(3, 6);
        assertThatThrownBy(() -> watchdog.check(4, 7))
                .isInstanceOf(InvalidInputException.class)
                .hasMessage(
                        "step 4: loss 7.0000 is above loss_watchdog_threshold 5 for 2 steps (loss_watchdog_patience 2)");
        LossWatchdog none = new LossWatchdog(TrainerConfigTest.parse(
                "base_model: m\ndatasets: [{path: d}]\nlearning_rate: 1e-4\nloss_watchdog_patience: 1"));
        none.check(1, 1e9);
    }

    static StepMetrics step(long step, double loss) {
        return new StepMetrics(step, loss, 0.5, 1e-5, 1024 * step, 100, step / 10.0, 0.4, 1000, 2, null, false, null);
    }
}
