package dev.skald.model;

import dev.skald.tensor.DType;
import dev.skald.tensor.DeviceType;
import dev.skald.tensor.TensorMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.DoubleUnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/**
 * The cosines and sines of RoPE, f32 {@code [positions, headDim / 2]}, made as far as they are needed: for the 131,072 positions of a Llama
 * 3.1 they would take longer than loading the model. Frequencies and angles are rounded to f32 where transformers' {@code
 * LlamaRotaryEmbedding} rounds them. Thread-safe.
 */
final class RopeTable implements AutoCloseable {

    private static final int FIRST = 512;

    private final float[] frequencies;
    private final int maxPositions;
    private final DeviceType device;
    private volatile Angles angles;

    /** The table as far as it has been made. */
    record Angles(int positions, Tensor cos, Tensor sin) {}

    RopeTable(LlamaConfig config, DeviceType device) {
        this.frequencies = frequencies(config);
        this.maxPositions = config.max_position_embeddings();
        this.device = device;
    }

    /** A table of at least {@code positions} positions. */
    Angles upTo(int positions) {
        Angles found = angles;
        return found != null && found.positions() >= positions ? found : grow(positions);
    }

    private synchronized Angles grow(int positions) {
        if (angles != null && angles.positions() >= positions) {
            return angles;
        }
        int size = FIRST;
        while (size < positions) {
            size *= 2;
        }
        size = Math.max(positions, Math.min(size, maxPositions));
        // An older table is left to the garbage collector: another thread may be computing with it.
        angles = new Angles(size, table(size, Math::cos), table(size, Math::sin));
        return angles;
    }

    @Override
    public synchronized void close() {
        if (angles != null) {
            angles.cos().releaseReference();
            angles.sin().releaseReference();
            angles = null;
        }
    }

    private Tensor table(int positions, DoubleUnaryOperator function) {
        int half = frequencies.length;
        try (Arena arena = Arena.ofConfined();
                PointerScope _ = new PointerScope()) {
            MemorySegment memory = arena.allocate(ValueLayout.JAVA_FLOAT, (long) positions * half);
            for (int position = 0; position < positions; position++) {
                for (int i = 0; i < half; i++) {
                    float angle = position * frequencies[i];
                    memory.setAtIndex(
                            ValueLayout.JAVA_FLOAT, (long) position * half + i, (float) function.applyAsDouble(angle));
                }
            }
            Tensor table = device.place(
                    TensorMemory.wrap(memory, DType.F32, positions, half).clone(), DType.F32);
            table.retainReference();
            return table;
        }
    }

    /** Radians per position of each pair, {@code [headDim / 2]}. */
    static float[] frequencies(LlamaConfig config) {
        int half = config.head_dim() / 2;
        float[] frequencies = new float[half];
        for (int i = 0; i < half; i++) {
            frequencies[i] = (float) (1.0 / Math.pow(config.rope_theta(), 2.0 * i / config.head_dim()));
        }
        config.rope_scaling().ifPresent(scaling -> {
            for (int i = 0; i < half; i++) {
                frequencies[i] = (float) scaled(frequencies[i], scaling);
            }
        });
        return frequencies;
    }

    /** What scaling divides the frequency of each pair by, {@code [headDim / 2]}. */
    static float[] divisors(LlamaConfig config) {
        float[] divisors = new float[config.head_dim() / 2];
        for (int i = 0; i < divisors.length; i++) {
            double plain = 1.0 / Math.pow(config.rope_theta(), 2.0 * i / config.head_dim());
            divisors[i] = (float) config.rope_scaling()
                    .map(scaling -> plain / scaled((float) plain, scaling))
                    .orElse(1.0)
                    .doubleValue();
        }
        return divisors;
    }

    private static double scaled(float frequency, LlamaConfig.RopeScaling scaling) {
        return switch (scaling) {
            case LlamaConfig.RopeScaling.Linear linear -> frequency / linear.factor();
            case LlamaConfig.RopeScaling.Llama3 llama3 -> scaled(frequency, llama3);
        };
    }

    private static double scaled(float frequency, LlamaConfig.RopeScaling.Llama3 scaling) {
        double wavelength = 2 * Math.PI / frequency;
        double context = scaling.original_max_position_embeddings();
        if (wavelength < context / scaling.high_freq_factor()) {
            return frequency;
        }
        if (wavelength > context / scaling.low_freq_factor()) {
            return frequency / scaling.factor();
        }
        double smooth = (context / wavelength - scaling.low_freq_factor())
                / (scaling.high_freq_factor() - scaling.low_freq_factor());
        return (1 - smooth) * frequency / scaling.factor() + smooth * frequency;
    }
}
