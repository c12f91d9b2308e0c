package dev.skald.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.InvalidInputException;
import dev.skald.base.AtomicFiles;
import dev.skald.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/** Writes a model directory as transformers' {@code save_pretrained} does: safetensors, in shards when large, and the files beside them. */
public final class LlamaCheckpointWriter {

    /** transformers' default {@code max_shard_size}: 5 GB. */
    public static final long DEFAULT_SHARD_BYTES = 5_000_000_000L;

    private static final Map<String, String> METADATA = Map.of("format", "pt");

    private static final String GENERATION = "generation_config.json";
    private static final String TOKENIZER = "tokenizer.json";

    /** What lies beside a tokenizer.json and belongs to it. */
    private static final List<String> BESIDE_TOKENIZER =
            List.of("tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja");

    private LlamaCheckpointWriter() {}

    /**
     * What a model directory has besides weights and configuration, as far as it is there: name to file.
     *
     * @param model whose generation_config.json it is
     * @param tokenizer a directory, or a tokenizer.json under whatever name; what lies beside it belongs to it
     */
    public static Map<String, Path> companions(Path model, Path tokenizer) {
        Path file = Files.isDirectory(tokenizer) ? tokenizer.resolve(TOKENIZER) : tokenizer;
        Map<String, Path> companions = new LinkedHashMap<>();
        companions.put(GENERATION, model.resolve(GENERATION));
        companions.put(TOKENIZER, file);
        BESIDE_TOKENIZER.forEach(name -> companions.put(name, file.resolveSibling(name)));
        companions.values().removeIf(each -> !Files.exists(each));
        return companions;
    }

    /**
     * Writes a whole model directory beside its place, and renames it when it is complete.
     *
     * @param target the new directory
     * @param tensors of the parameters of {@code config}, in the order of {@link Parameter#of}
     * @param companions what else is copied into it, see {@link #companions}
     * @param shardBytes no shard is larger, unless one tensor is
     * @throws InvalidInputException when {@code target} is there already
     * @throws IOException when it cannot be written; nothing of it is left then
     */
    public static void write(
            Path target, LlamaConfig config, List<Tensor> tensors, Map<String, Path> companions, long shardBytes)
            throws IOException {
        if (Files.exists(target)) {
            throw new InvalidInputException(target + ": is there already, expected a new directory");
        }
        AtomicFiles.writeFolder(target, part -> writeInto(part, config, tensors, companions, shardBytes));
    }

    /** As {@link #write}, into a directory that is there: for a caller that adds files before it renames. */
    public static void writeInto(
            Path directory, LlamaConfig config, List<Tensor> tensors, Map<String, Path> companions, long shardBytes)
            throws IOException {
        List<Map<String, Tensor>> shards = shards(config, tensors, shardBytes);
        if (shards.size() == 1) {
            SafeTensorsWriter.write(directory.resolve("model.safetensors"), shards.getFirst(), METADATA);
        } else {
            writeShards(directory, shards, tensors);
        }
        writeBeside(directory, config.withDType(DType.of(tensors.getFirst().scalar_type())), companions);
    }

    /** Writes what a model directory has beside its weights. */
    public static void writeBeside(Path directory, LlamaConfig config, Map<String, Path> companions)
            throws IOException {
        writeJson(directory.resolve("config.json"), config.toJson());
        for (Map.Entry<String, Path> companion : companions.entrySet()) {
            Files.copy(
                    companion.getValue(), directory.resolve(companion.getKey()), StandardCopyOption.REPLACE_EXISTING);
        }
        Path generation = directory.resolve(GENERATION);
        if (!Files.exists(generation)) {
            writeJson(generation, generationConfig(config));
        }
    }

    private static List<Map<String, Tensor>> shards(LlamaConfig config, List<Tensor> tensors, long shardBytes) {
        List<Parameter> parameters = Parameter.of(config);
        if (parameters.size() != tensors.size()) {
            throw new IllegalArgumentException(tensors.size() + " tensors for " + parameters.size() + " parameters");
        }
        List<Map<String, Tensor>> shards = new ArrayList<>();
        long filled = 0;
        for (int i = 0; i < tensors.size(); i++) {
            long bytes = tensors.get(i).numel() * tensors.get(i).element_size();
            if (shards.isEmpty() || filled + bytes > shardBytes) {
                shards.add(new LinkedHashMap<>());
                filled = 0;
            }
            shards.getLast().put(parameters.get(i).name(), tensors.get(i));
            filled += bytes;
        }
        return shards;
    }

    private static void writeShards(Path directory, List<Map<String, Tensor>> shards, List<Tensor> tensors)
            throws IOException {
        ObjectNode index = ConfigReader.JSON.createObjectNode();
        index.putObject("metadata")
                .put(
                        "total_size",
                        tensors.stream()
                                .mapToLong(t -> t.numel() * t.element_size())
                                .sum());
        ObjectNode weightMap = index.putObject("weight_map");
        for (int i = 0; i < shards.size(); i++) {
            String name = String.format("model-%05d-of-%05d.safetensors", i + 1, shards.size());
            SafeTensorsWriter.write(directory.resolve(name), shards.get(i), METADATA);
            shards.get(i).keySet().forEach(tensor -> weightMap.put(tensor, name));
        }
        writeJson(directory.resolve("model.safetensors.index.json"), index);
    }

    private static ObjectNode generationConfig(LlamaConfig config) {
        ObjectNode json = ConfigReader.JSON.createObjectNode();
        config.putTokens(json);
        return json;
    }

    private static void writeJson(Path file, ObjectNode json) throws IOException {
        Files.writeString(file, json.toPrettyString() + "\n");
    }
}
