package dev.skald.model;

import dev.skald.InvalidInputException;
import dev.skald.base.AtomicFiles;
import dev.skald.tensor.DType;
import dev.skald.tensor.DeviceType;
import dev.skald.tensor.Natives;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/**
 * A base model and an adapter to one model: {@code W + scale B A}, in f32, rounded once to the dtype of the base model. One tensor is in memory at a
 * time.
 */
public final class AdapterMerge {

    private double largest;
    private long changed;
    private long elements;

    private AdapterMerge() {}

    /**
     * What merging changed.
     *
     * @param parameters of the model
     * @param touched those that the adapter is beside
     * @param changed of those the ones that are other numbers now: small differences are lost when a sum is rounded
     * @param largest of the differences that were added
     */
    public record Outcome(long parameters, long touched, long changed, double largest) {}

    /**
     * Writes the merged model as a new directory.
     *
     * @param base a Hugging Face model directory or a .gguf file
     * @param adapter the adapter's directory
     * @param target the new directory
     * @param merged told each parameter when it is written
     * @throws InvalidInputException when the adapter is not one of the base model, or {@code target} is there already
     */
    public static Outcome write(Path base, Path adapter, Path target, Consumer<Parameter> merged) throws IOException {
        Natives.load();
        if (Files.exists(target)) {
            throw new InvalidInputException(target + ": is there already, expected a new directory");
        }
        AdapterMerge merge = new AdapterMerge();
        try (LlamaCheckpoint checkpoint = LlamaCheckpoint.open(base, Optional.empty(), DeviceType.CPU);
                AdapterParameters parameters = AdapterParameters.load(adapter, checkpoint, DeviceType.CPU)) {
            Map<String, Path> companions = new LinkedHashMap<>(LlamaCheckpointWriter.companions(base, base));
            companions.putAll(LlamaCheckpointWriter.companions(adapter, adapter));
            AtomicFiles.writeFolder(
                    target,
                    part -> LlamaCheckpointWriter.writeInto(
                            part,
                            parameters.model(),
                            parameter -> {
                                merged.accept(parameter);
                                return merge.merged(parameter, parameters);
                            },
                            companions,
                            LlamaCheckpointWriter.DEFAULT_SHARD_BYTES));
            return new Outcome(checkpoint.config().parameterCount(), merge.elements, merge.changed, merge.largest);
        }
    }

    private Tensor merged(Parameter parameter, AdapterParameters adapter) {
        Tensor weight = adapter.weight(parameter);
        Optional<Tensor> difference = adapter.difference(parameter);
        if (difference.isEmpty()) {
            return weight;
        }
        try (PointerScope _ = new PointerScope()) {
            largest = Math.max(largest, difference.get().abs().max().item_double());
        }
        Tensor sum = difference.get().add_(weight.to(DType.F32.scalarType())).to(weight.scalar_type());
        try (PointerScope _ = new PointerScope()) {
            elements += parameter.numel();
            changed += sum.ne(weight).sum().item_long();
        }
        return sum;
    }
}
