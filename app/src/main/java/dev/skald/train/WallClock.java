package dev.skald.train;

import dev.skald.model.Gradients;
import dev.skald.model.Parameter;
import java.util.Locale;
import org.bytedeco.pytorch.Tensor;

/** {@code wall_clock_breakdown}: where the time of a micro-step and of a step goes. */
final class WallClock {

    private final boolean shown;
    private long forward;
    private long backward;
    private long reduction;
    private long stepForward;
    private long stepBackward;
    private long stepReduction;

    WallClock(boolean shown) {
        this.shown = shown;
    }

    /** Watches one forward and backward pass: the backward pass begins when it first asks where a gradient goes. */
    final class Watch implements Gradients {

        private final Gradients gradients;
        private final long start = System.nanoTime();
        private long turned;

        Watch(Gradients gradients) {
            this.gradients = gradients;
        }

        @Override
        public Tensor of(Parameter parameter) {
            if (turned == 0) {
                turned = System.nanoTime();
            }
            return gradients.of(parameter);
        }

        @Override
        public void complete(Parameter parameter) {
            gradients.complete(parameter);
        }

        /**
         * Ends it.
         *
         * @param reductionNanos what reducing took, most of it beside the backward pass
         */
        void end(long reductionNanos) {
            long end = System.nanoTime();
            forward = turned - start;
            backward = end - turned;
            reduction = reductionNanos;
            stepForward += forward;
            stepBackward += backward;
            stepReduction += reduction;
        }
    }

    /** The line of a micro-step, or nothing. */
    void printMicroStep() {
        if (shown) {
            System.err.printf(
                    Locale.ROOT,
                    "time (ms) | forward: %.2f | backward: %.2f | reduction: %.2f%n",
                    forward / 1e6,
                    backward / 1e6,
                    reduction / 1e6);
        }
    }

    /** The line of a step, or nothing. */
    void printStep(long stepNanos) {
        if (shown) {
            System.err.printf(
                    Locale.ROOT,
                    "time (ms) | step: %.2f | forward: %.2f | backward: %.2f | reduction: %.2f%n",
                    stepNanos / 1e6,
                    stepForward / 1e6,
                    stepBackward / 1e6,
                    stepReduction / 1e6);
        }
        stepForward = 0;
        stepBackward = 0;
        stepReduction = 0;
    }
}
