package dev.skald.model;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Sets some of a layer's inputs to zero while it learns, and makes the others larger for it. Which ones follows from a seed and the layer's number,
 * so that a backward pass, and a forward pass that is run again, find the same.
 */
final class Dropout {

    private final double part;
    private long seed;
    private boolean running;

    /** @param part of the inputs that is set to zero, 0 to below 1 */
    Dropout(double part) {
        this.part = part;
    }

    void begin(long passSeed) {
        seed = passSeed;
        running = true;
    }

    void end() {
        running = false;
    }

    boolean isOn() {
        return running && part > 0;
    }

    /** {@code x} with some elements zero, a new tensor of the caller's scope; {@code x} itself when nothing is dropped. */
    Tensor apply(Tensor x, int layer) {
        if (!isOn()) {
            return x;
        }
        Tensor kept = x.new_empty(x.size(0), x.size(1)).to(new Device("cpu"), x.scalar_type());
        try (PointerScope _ = new PointerScope()) {
            GeneratorOptional generator = new GeneratorOptional(torch.make_generator_cpu(mixed(layer)));
            kept.bernoulli_(1 - part, generator);
        }
        return kept.to(x.device(), x.scalar_type()).mul_(x).div_(new Scalar(1 - part));
    }

    /** SplitMix64's finisher: seeds side by side give unlike numbers. */
    private long mixed(int layer) {
        long z = seed + 0x9E3779B97F4A7C15L * (layer + 1);
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
