package dev.skald.model;

import dev.skald.InvalidInputException;
import dev.skald.kernel.Gemm;
import dev.skald.kernel.Int8Weight;
import dev.skald.kernel.Nf4Weight;
import dev.skald.kernel.QuantisedWeight;
import dev.skald.kernel.Workers;
import dev.skald.tensor.DType;
import dev.skald.tensor.DeviceType;
import dev.skald.tensor.Matrix;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/**
 * The weights of a base model that an adapter learns beside: those of a checkpoint, as they lie in its files; or the matrices of the decoder's layers
 * held in few bits, and copies of the rest, with the files let go. {@link #close} frees what it holds and closes what it opened.
 */
public final class BaseWeights implements AutoCloseable {

    /** In how many bits. */
    public enum Bits {
        /** NF4 with double quantisation. */
        FOUR,
        /** A row's largest magnitude is 127. */
        EIGHT
    }

    private final LlamaConfig config;
    private final Map<String, Tensor> tensors = new HashMap<>();
    private final Map<String, QuantisedWeight> quantised = new HashMap<>();
    /** The files that are closed with it; none where they are somebody else's, or let go. */
    private final Optional<LlamaCheckpoint> files;

    private final boolean copies;
    private Optional<Tensor> scratch = Optional.empty();

    /** The weights of a checkpoint, which stays its owner's. */
    public BaseWeights(LlamaCheckpoint checkpoint) {
        this(checkpoint, Optional.empty());
    }

    private BaseWeights(LlamaCheckpoint checkpoint, Optional<LlamaCheckpoint> files) {
        this.config = checkpoint.config();
        this.files = files;
        this.copies = false;
        Parameter.of(config).forEach(each -> tensors.put(each.name(), checkpoint.tensor(each)));
    }

    private BaseWeights(LlamaConfig config) {
        this.config = config;
        this.files = Optional.empty();
        this.copies = true;
    }

    /** Opens a checkpoint in exactly this dtype; what has it already stays mapped from the files. */
    public static BaseWeights open(Path directory, DType dtype, DeviceType device) {
        LlamaCheckpoint checkpoint = LlamaCheckpoint.openAs(directory, dtype, device);
        return new BaseWeights(checkpoint, Optional.of(checkpoint));
    }

    /**
     * Reads a checkpoint, one tensor at a time, and quantises the matrices of its layers.
     *
     * @param directory as for {@link LlamaCheckpoint#open}
     * @param dtype that is computed in, and of what is not quantised
     * @param done told each parameter when it is read
     */
    public static BaseWeights quantised(
            Path directory, Bits bits, DType dtype, Workers workers, Consumer<Parameter> done) {
        try (LlamaCheckpoint checkpoint = LlamaCheckpoint.openToRead(directory)) {
            BaseWeights weights = new BaseWeights(checkpoint.config().withDType(dtype));
            try {
                weights.read(checkpoint, bits, dtype, workers, done);
                return weights;
            } catch (RuntimeException e) {
                weights.close();
                throw e;
            }
        }
    }

    private void read(LlamaCheckpoint checkpoint, Bits bits, DType dtype, Workers workers, Consumer<Parameter> done) {
        long largest = 0;
        for (Parameter parameter : Parameter.of(config)) {
            Tensor weight = checkpoint.tensor(parameter);
            if (isLayersMatrix(parameter)) {
                quantised.put(
                        parameter.name(),
                        switch (bits) {
                            case FOUR -> new Nf4Weight(weight, workers);
                            case EIGHT -> new Int8Weight(weight, workers);
                        });
                largest = Math.max(largest, parameter.numel());
            } else {
                try (PointerScope _ = new PointerScope()) {
                    Tensor copy = weight.to(dtype.scalarType()).clone();
                    copy.retainReference();
                    tensors.put(parameter.name(), copy);
                }
            }
            checkpoint.unload(parameter);
            done.accept(parameter);
        }
        try (PointerScope _ = new PointerScope()) {
            Tensor flat = DeviceType.CPU.zeros(dtype, largest);
            flat.retainReference();
            scratch = Optional.of(flat);
        }
    }

    private static boolean isLayersMatrix(Parameter parameter) {
        return parameter.name().contains(".layers.") && !parameter.isNorm();
    }

    /** Bytes that a model's quantised matrices take, and the scratch memory that they are dequantised into. */
    public static long quantisedBytes(LlamaConfig model, Bits bits, DType dtype) {
        double each = bits == Bits.FOUR ? 0.516 : 1.001;
        long matrices = 0;
        long largest = 0;
        for (Parameter parameter : Parameter.of(model)) {
            if (isLayersMatrix(parameter)) {
                matrices += parameter.numel();
                largest = Math.max(largest, parameter.numel());
            }
        }
        return (long) (each * matrices) + (largest + model.parameterCount() - matrices) * dtype.bytes();
    }

    /** The model's configuration. */
    public LlamaConfig config() {
        return config;
    }

    Tensor weight(Parameter parameter) {
        return weight(parameter.name());
    }

    /** By the parameter's name; of those that are not quantised. */
    Tensor weight(String name) {
        Tensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new InvalidInputException(
                    name + ": is held in few bits, and cannot be learned as a whole: see lora_modules_to_save");
        }
        return tensor;
    }

    /** All weights as those of a model that does not learn. */
    public Weights fixed() {
        return new Weights.Base(this);
    }

    Linear linear(Parameter parameter, Gemm gemm) {
        QuantisedWeight weight = quantised.get(parameter.name());
        return weight == null
                ? new Linear.Frozen(Matrix.of(weight(parameter)), gemm)
                : new Linear.Quantised(weight, scratch.orElseThrow(), gemm);
    }

    @Override
    public void close() {
        quantised.values().forEach(QuantisedWeight::close);
        quantised.clear();
        scratch.ifPresent(Tensor::releaseReference);
        scratch = Optional.empty();
        if (copies) {
            tensors.values().forEach(Tensor::releaseReference);
        }
        tensors.clear();
        files.ifPresent(LlamaCheckpoint::close);
    }
}
