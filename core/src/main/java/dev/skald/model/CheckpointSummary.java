package dev.skald.model;

import dev.skald.InvalidInputException;
import dev.skald.gguf.Gguf;
import dev.skald.tensor.DType;
import dev.skald.tensor.Format;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a model's files hold, by their heads alone.
 *
 * @param config its dtype is the one that {@code auto} means
 * @param formats what there is of each format, by the format's name in the file
 */
public record CheckpointSummary(LlamaConfig config, SortedMap<String, Share> formats) {

    /**
     * What is stored in one format.
     *
     * @param tensors how many
     * @param elements of all of them
     * @param bytes of all of them
     */
    public record Share(int tensors, long elements, long bytes) {
        Share plus(Share other) {
            return new Share(tensors + other.tensors, elements + other.elements, bytes + other.bytes);
        }
    }

    /** Bytes of all tensors as they are stored. */
    public long bytes() {
        return formats.values().stream().mapToLong(Share::bytes).sum();
    }

    /** Elements of all tensors. */
    public long elements() {
        return formats.values().stream().mapToLong(Share::elements).sum();
    }

    /** The dtype that {@code auto} computes in on the CPU. */
    public DType computed() {
        DType stored = config.torch_dtype().orElse(DType.F32);
        return hasBlocks() ? DType.BF16 : stored == DType.F16 ? DType.F32 : stored;
    }

    /** Bytes of the weights in memory, with {@code auto} on the CPU: blocks stay as they are. */
    public long weightBytes() {
        if (!hasBlocks()) {
            return config.parameterCount() * computed().bytes();
        }
        return formats.entrySet().stream()
                .mapToLong(each -> isBlock(each.getKey())
                        ? each.getValue().bytes()
                        : each.getValue().elements() * DType.BF16.bytes())
                .sum();
    }

    private boolean hasBlocks() {
        return formats.keySet().stream().anyMatch(CheckpointSummary::isBlock);
    }

    private static boolean isBlock(String name) {
        return Arrays.stream(Format.values())
                .anyMatch(format -> format.blockElements() > 1 && format.name().equals(name));
    }

    /**
     * Of a model directory or a GGUF file.
     *
     * @throws InvalidInputException when a file is missing or not valid
     */
    public static CheckpointSummary of(Path model) {
        SortedMap<String, Share> shares = new TreeMap<>();
        if (Gguf.isGguf(model)) {
            try (Gguf gguf = Gguf.open(model)) {
                for (var tensor : gguf.tensors().values()) {
                    add(
                            shares,
                            tensor.format().name(),
                            tensor.elements(),
                            tensor.bytes().byteSize());
                }
                return new CheckpointSummary(new GgufLlama(gguf).config(), shares);
            }
        }
        LlamaConfig config = LlamaCheckpoint.readConfig(model);
        List<SafeTensors> files = new ArrayList<>();
        try {
            for (Map.Entry<String, SafeTensors> home :
                    LlamaCheckpoint.tensorHomes(model, files).entrySet()) {
                SafeTensors.Entry tensor = home.getValue().entries().get(home.getKey());
                long elements = tensor.shape().stream().reduce(1L, Math::multiplyExact);
                add(shares, tensor.dtype(), elements, tensor.end() - tensor.begin());
            }
            return new CheckpointSummary(config, shares);
        } finally {
            files.forEach(SafeTensors::close);
        }
    }

    private static void add(SortedMap<String, Share> shares, String format, long elements, long bytes) {
        shares.merge(format, new Share(1, elements, bytes), Share::plus);
    }
}
