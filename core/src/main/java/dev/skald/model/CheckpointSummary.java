package dev.skald.model;

import dev.skald.InvalidInputException;
import dev.skald.gguf.Gguf;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a model's files hold, by their heads alone.
 *
 * @param config its dtype is the one that {@code auto} means
 * @param tensors how many tensors there are of each format, by the format's name in the file
 * @param bytes of all tensors as they are stored
 */
public record CheckpointSummary(LlamaConfig config, SortedMap<String, Integer> tensors, long bytes) {

    /**
     * Of a model directory or a GGUF file.
     *
     * @throws InvalidInputException when a file is missing or not valid
     */
    public static CheckpointSummary of(Path model) {
        SortedMap<String, Integer> counts = new TreeMap<>();
        long bytes = 0;
        if (Gguf.isGguf(model)) {
            try (Gguf gguf = Gguf.open(model)) {
                for (var tensor : gguf.tensors().values()) {
                    counts.merge(tensor.format().name(), 1, Integer::sum);
                    bytes += tensor.bytes().byteSize();
                }
                return new CheckpointSummary(new GgufLlama(gguf).config(), counts, bytes);
            }
        }
        LlamaConfig config = LlamaCheckpoint.readConfig(model);
        List<SafeTensors> files = new ArrayList<>();
        try {
            for (Map.Entry<String, SafeTensors> home :
                    LlamaCheckpoint.tensorHomes(model, files).entrySet()) {
                SafeTensors.Entry tensor = home.getValue().entries().get(home.getKey());
                counts.merge(tensor.dtype(), 1, Integer::sum);
                bytes += tensor.end() - tensor.begin();
            }
            return new CheckpointSummary(config, counts, bytes);
        } finally {
            files.forEach(SafeTensors::close);
        }
    }
}
