package dev.skald.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

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
}
