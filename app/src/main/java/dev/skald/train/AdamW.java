package dev.skald.train;

import dev.skald.kernel.Workers;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * Adam with decoupled weight decay over the slices that this rank owns: f32 master weights and moments, {@code torch.optim.AdamW}'s
 * arithmetic. Two implementations: {@link VectorAdamW} for parameters in the CPU's memory, f32 or bf16; {@link AtenAdamW} for any other
 * device and dtype. Both hold their state outside any scope until {@link #close}.
 *
 * <p>Source: Loshchilov and Hutter, Decoupled Weight Decay Regularization (2019).
 */
sealed interface AdamW extends AutoCloseable permits VectorAdamW, AtenAdamW {

    /** The hyperparameters, but for the learning rate, which changes with each step. */
    record Options(double beta1, double beta2, double epsilon, double weightDecay) {}

    /** What one element of the parameters becomes in one update; the same for all. Gradients are multiplied by {@code gradientScale}, as DeepSpeed does. */
    record Update(
            float decay,
            float beta1,
            float beta2,
            float oneMinusBeta1,
            float oneMinusBeta2,
            float stepSize,
            float rootBias2,
            float epsilon,
            float gradientScale) {

        /**
         * @param t the number of this update, from 1
         * @param lr its learning rate
         * @param divisor what the gradients are divided by: loss scale and clipping
         */
        static Update of(Options options, long t, double lr, double divisor) {
            double bias1 = 1 - Math.pow(options.beta1(), (double) t);
            double bias2 = 1 - Math.pow(options.beta2(), (double) t);
            return new Update(
                    (float) (1 - lr * options.weightDecay()),
                    (float) options.beta1(),
                    (float) options.beta2(),
                    (float) (1 - options.beta1()),
                    (float) (1 - options.beta2()),
                    (float) (lr / bias1),
                    (float) Math.sqrt(bias2),
                    (float) options.epsilon(),
                    (float) (1 / divisor));
        }

        Update withoutDecay() {
            return new Update(
                    1, beta1, beta2, oneMinusBeta1, oneMinusBeta2, stepSize, rootBias2, epsilon, gradientScale);
        }
    }

    /** The state of one slice, f32 tensors of its length, new: what a checkpoint holds. */
    record State(Tensor master, Tensor expAvg, Tensor expAvgSq) {}

    /** Updates moments, master weights and parameters from {@code gradients}, f32, laid out by {@link Slice#gradient}, which stay as they are. */
    void step(Update update, Tensor gradients);

    /** A copy of one slice's state. */
    State state(Slice slice);

    /** Sets one slice's state, and its parameters from the master weights. */
    void restore(Slice slice, State saved);

    /** What the state of all slices takes. */
    long bytes();

    @Override
    void close();

    /**
     * @param slices what to update
     * @param parameters the flat tensor of all parameters
     * @param offloaded whether state and arithmetic are in the CPU's memory whatever the parameters' device
     * @param workers the kernels' threads
     */
    static AdamW over(List<Slice> slices, Tensor parameters, boolean offloaded, Workers workers) {
        return VectorAdamW.handles(parameters)
                ? new VectorAdamW(slices, parameters, workers)
                : new AtenAdamW(slices, parameters, offloaded);
    }
}
