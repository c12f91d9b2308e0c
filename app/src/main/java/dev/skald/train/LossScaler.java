package dev.skald.train;

import dev.skald.InvalidInputException;

/**
 * The dynamic loss scale of fp16, step for step as DeepSpeed's DynamicLossScaler: the loss is multiplied so that small gradients do not
 * vanish; where they overflow the step is skipped and, once {@code hysteresis} of those have been used up, the scale halves; after a window
 * of steps without overflow it doubles. A fixed scale (bf16 and f32: 1) never moves.
 *
 * <p>Source: deepspeed/runtime/fp16/loss_scaler.py.
 */
final class LossScaler {

    private static final double FACTOR = 2;

    /**
     * What changes from step to step, and goes into a checkpoint.
     *
     * @param scale what the loss is multiplied by
     * @param hysteresis overflows left before the scale halves
     * @param step steps so far, skipped ones included
     * @param lastOverflow the step of the last overflow; -1: none yet
     */
    record State(double scale, int hysteresis, long step, long lastOverflow) {}

    private final boolean dynamic;
    private final int fullHysteresis;
    private final boolean consecutive;
    private final long window;
    private final double minScale;
    private State state;

    private LossScaler(
            boolean dynamic, double scale, int hysteresis, boolean consecutive, long window, double minScale) {
        this.dynamic = dynamic;
        this.fullHysteresis = hysteresis;
        this.consecutive = consecutive;
        this.window = window;
        this.minScale = minScale;
        this.state = new State(scale, hysteresis, 0, -1);
    }

    /** Never moves. */
    static LossScaler fixed(double scale) {
        return new LossScaler(false, scale, 1, false, 1, 1);
    }

    /**
     * @param initialScalePower the first scale is two to this
     * @param window steps without overflow before the scale doubles
     * @param hysteresis overflows before the scale halves
     * @param consecutive whether any step without overflow refills the hysteresis
     * @param minScale the scale never falls below this
     */
    static LossScaler dynamic(
            int initialScalePower, long window, int hysteresis, boolean consecutive, double minScale) {
        return new LossScaler(true, Math.scalb(1.0, initialScalePower), hysteresis, consecutive, window, minScale);
    }

    double scale() {
        return state.scale();
    }

    State state() {
        return state;
    }

    void restore(State saved) {
        state = saved;
    }

    /**
     * Moves the scale after a step.
     *
     * @param overflow whether a gradient was not finite, so that the step was skipped
     * @throws InvalidInputException when gradients overflow at the smallest scale
     */
    void update(boolean overflow) {
        if (!dynamic) {
            return;
        }
        double scale = state.scale();
        int hysteresis = state.hysteresis();
        long lastOverflow = state.lastOverflow();
        if (overflow) {
            if (hysteresis == 1) {
                if (scale == minScale) {
                    throw new InvalidInputException(
                            "fp16: gradients overflow at the smallest loss scale, min_loss_scale " + minScale
                                    + ": train in bf16, or lower the learning rate");
                }
                scale = Math.max(scale / FACTOR, minScale);
            } else {
                hysteresis--;
            }
            lastOverflow = state.step();
        } else {
            boolean grows = (state.step() - lastOverflow) % window == 0;
            if (consecutive || grows) {
                hysteresis = fullHysteresis;
            }
            if (grows) {
                scale *= FACTOR;
            }
        }
        state = new State(scale, hysteresis, state.step() + 1, lastOverflow);
    }
}
