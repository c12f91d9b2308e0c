package dev.skald.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.InvalidInputException;
import org.junit.jupiter.api.Test;

/** Expected scales worked out by hand from DeepSpeed's rules. */
class LossScalerTest {

    @Test
    void hysteresisIsUsedUpBeforeTheScaleHalves() {
        LossScaler scaler = LossScaler.dynamic(32, 1000, 2, false, 1);

        scaler.update(true);
        assertThat(scaler.state()).isEqualTo(new LossScaler.State(Math.pow(2, 32), 1, 1, 0));
        scaler.update(true);
        assertThat(scaler.scale()).isEqualTo(Math.pow(2, 31));
        scaler.update(true);
        assertThat(scaler.state()).isEqualTo(new LossScaler.State(Math.pow(2, 30), 1, 3, 2));
    }

    @Test
    void aWindowWithoutOverflowDoublesTheScaleAndRefillsTheHysteresis() {
        LossScaler scaler = LossScaler.dynamic(4, 3, 2, false, 1);
        // Before any overflow the window is counted from step -1: steps 0 and 1 stay, step 2 doubles.
        scaler.update(false);
        scaler.update(false);
        assertThat(scaler.scale()).isEqualTo(16);
        scaler.update(false);
        assertThat(scaler.scale()).isEqualTo(32);
        scaler.update(true);
        assertThat(scaler.state()).isEqualTo(new LossScaler.State(32, 1, 4, 3));
        scaler.update(false);
        scaler.update(false);
        assertThat(scaler.state().hysteresis()).isEqualTo(1);
        scaler.update(false);
        assertThat(scaler.state()).isEqualTo(new LossScaler.State(64, 2, 7, 3));
    }

    @Test
    void consecutiveHysteresisIsRefilledByAnyGoodStep() {
        LossScaler scaler = LossScaler.dynamic(4, 100, 2, true, 1);
        for (int i = 0; i < 5; i++) {
            scaler.update(true);
            scaler.update(false);
        }
        assertThat(scaler.scale()).isEqualTo(16);
    }

    @Test
    void overflowAtTheSmallestScaleEndsTheRun() {
        LossScaler scaler = LossScaler.dynamic(1, 1000, 1, false, 1);
        scaler.update(true);
        assertThat(scaler.scale()).isEqualTo(1);
        assertThatThrownBy(() -> scaler.update(true))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("min_loss_scale");
    }

    @Test
    void aFixedScaleStays() {
        LossScaler scaler = LossScaler.fixed(1);
        scaler.update(true);
        assertThat(scaler.scale()).isEqualTo(1);
    }

    @Test
    void aCheckpointGoesOn() {
        LossScaler scaler = LossScaler.dynamic(8, 2, 2, false, 1);
        scaler.update(true);
        LossScaler resumed = LossScaler.dynamic(8, 2, 2, false, 1);
        resumed.restore(scaler.state());
        scaler.update(true);
        resumed.update(true);
        assertThat(resumed.state()).isEqualTo(scaler.state());
    }
}
