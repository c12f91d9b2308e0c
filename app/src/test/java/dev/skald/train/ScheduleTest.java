package dev.skald.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skald.InvalidInputException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ScheduleTest {

    /** The values are those of transformers' get_cosine_schedule_with_warmup for the run of the card. */
    @Test
    void cosineWithWarmup() {
        Schedule schedule = new Schedule(LrScheduler.COSINE, 2e-5, 100, 18833, 0);
        assertThat(schedule.at(0)).isZero();
        assertThat(schedule.at(1)).isEqualTo(2e-7, within(1e-20));
        assertThat(schedule.at(50)).isEqualTo(1e-5);
        assertThat(schedule.at(100)).isEqualTo(2e-5);
        assertThat(schedule.at(1500)).isEqualTo(1.9726e-5, within(5e-10));
        assertThat(schedule.at(13333)).isEqualTo(3.961e-6, within(5e-10));
        assertThat(schedule.at(18000)).isEqualTo(9.74e-8, within(5e-11));
        assertThat(schedule.at(18833)).isZero();
    }

    @Test
    void theOtherKinds() {
        assertThat(new Schedule(LrScheduler.LINEAR, 1.0, 10, 110, 0).at(60)).isEqualTo(0.5);
        assertThat(new Schedule(LrScheduler.LINEAR, 1.0, 10, 110, 0).at(110)).isZero();
        assertThat(new Schedule(LrScheduler.CONSTANT, 1.0, 10, 110, 0).at(0)).isEqualTo(1.0);
        assertThat(new Schedule(LrScheduler.CONSTANT_WITH_WARMUP, 1.0, 10, 110, 0).at(5))
                .isEqualTo(0.5);
        assertThat(new Schedule(LrScheduler.CONSTANT_WITH_WARMUP, 1.0, 10, 110, 0).at(99))
                .isEqualTo(1.0);
        Schedule floor = new Schedule(LrScheduler.COSINE, 1.0, 10, 110, 0.1);
        assertThat(floor.at(5)).isEqualTo(0.5);
        assertThat(floor.at(60)).isEqualTo(0.55, within(1e-12));
        assertThat(floor.at(110)).isEqualTo(0.1, within(1e-12));
    }

    @Test
    void warmupIsGivenAsStepsOrRatioOrByRule() {
        String run = "base_model: m\ndatasets: [{path: d}]\nlearning_rate: 1e-4\n";
        assertThat(Schedule.of(TrainerConfigTest.parse(run + "warmup_steps: 7"), 1000)
                        .warmup())
                .isEqualTo(7);
        assertThat(Schedule.of(TrainerConfigTest.parse(run + "warmup_ratio: 0.1"), 1000)
                        .warmup())
                .isEqualTo(100);
        assertThat(Schedule.of(TrainerConfigTest.parse(run), 1000).warmup()).isEqualTo(30);
        assertThat(Schedule.of(TrainerConfigTest.parse(run), 100_000).warmup()).isEqualTo(100);
        assertThat(Schedule.of(TrainerConfigTest.parse(run), 20).warmup()).isZero();
    }

    static List<Arguments> golden() throws IOException {
        try (InputStream in = ScheduleTest.class.getResourceAsStream("schedule_golden.json")) {
            List<Arguments> runs = new ArrayList<>();
            new ObjectMapper().readTree(in).forEach(run -> runs.add(Arguments.of(run)));
            return runs;
        }
    }

    @ParameterizedTest
    @MethodSource("golden")
    void allFollowTheDocumentedFormulas(JsonNode run) {
        StringBuilder yaml = new StringBuilder("base_model: m\ndatasets: [{path: d}]\n");
        yaml.append("lr_scheduler: ").append(run.get("lr_scheduler").asText()).append('\n');
        yaml.append("learning_rate: ").append(run.get("learning_rate")).append('\n');
        yaml.append("warmup_steps: ").append(run.get("warmup")).append('\n');
        run.get("keys")
                .properties()
                .forEach(key -> yaml.append(key.getKey())
                        .append(": ")
                        .append(key.getValue())
                        .append('\n'));
        long total = run.get("total").longValue();
        Schedule schedule = Schedule.of(TrainerConfigTest.parse(yaml.toString()), total);
        for (int i = 0; i < run.get("steps").size(); i++) {
            long step = run.get("steps").get(i).longValue();
            double expected = run.get("values").get(i).doubleValue();
            assertThat(schedule.at(step)).as("update %d", step).isEqualTo(expected, within(1e-15));
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            lr_scheduler: cosine|lr_scheduler_kwargs: {power: 2}|lr_scheduler_kwargs.power 2.0 contradicts lr_scheduler cosine: it is a setting of polynomial
            lr_scheduler: rex|lr_scheduler_kwargs: {num_cycles: 2}|num_cycles 2 contradicts lr_scheduler rex
            lr_scheduler: polynomial|lr_scheduler_kwargs: {lr_end: 0.1}|lr_scheduler_kwargs.lr_end: found 0.1, expected less than learning_rate
            lr_scheduler: cosine_with_restarts|lr_scheduler_kwargs: {num_cycles: 0}|num_cycles: found 0, expected 1 to
            lr_scheduler: cosine_with_restarts|lr_scheduler_kwargs: {cycles: 2}|unknown key 'lr_scheduler_kwargs.cycles'
            lr_scheduler: cosine|cosine_constant_lr_ratio: 0.8|wants cosine_min_lr_ratio
            lr_scheduler: linear|cosine_constant_lr_ratio: 0.8|contradicts lr_scheduler linear
            lr_scheduler: polynomial|cosine_min_lr_ratio: 0.8|contradicts lr_scheduler polynomial
            lr_scheduler: cosine|early_stopping_patience: 3|early_stopping_patience 3 wants val_set_size or test_datasets
            """)
    void whatAScheduleDoesNotLookAtIsRefused(String kind, String key, String problem) {
        String yaml = "base_model: m\ndatasets: [{path: d}]\nlearning_rate: 1e-4\n" + kind + "\n" + key + "\n";
        assertThatThrownBy(() -> TrainerConfigTest.parse(yaml))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining(problem);
    }
}
