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
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
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
        List<Parameter> parameters = Parameter.of(config);
        if (parameters.size() != tensors.size()) {
            throw new IllegalArgumentException(tensors.size() + " tensors for " + parameters.size() + " parameters");
        }
        DType dtype = DType.of(tensors.getFirst().scalar_type());
        writeInto(
                directory,
                config.withDType(dtype),
                parameter -> tensors.get(parameter.index()),
                companions,
                shardBytes);
    }

    /**
     * As {@link #writeInto(Path, LlamaConfig, List, Map, long)}, one tensor in memory at a time.
     *
     * @param config with the dtype of all tensors
     * @param tensors gives a parameter's; made in a scope that ends when it is written
     */
    public static void writeInto(
            Path directory,
            LlamaConfig config,
            Function<Parameter, Tensor> tensors,
            Map<String, Path> companions,
            long shardBytes)
            throws IOException {
        Map<String, Parameter> byName = new HashMap<>();
        Parameter.of(config).forEach(each -> byName.put(each.name(), each));
        Function<String, Tensor> named = name -> tensors.apply(byName.get(name));
        List<List<SafeTensors.Entry>> shards = shards(config, shardBytes);
        if (shards.size() == 1) {
            SafeTensorsWriter.write(directory.resolve("model.safetensors"), shards.getFirst(), named, METADATA);
        } else {
            writeShards(directory, shards, named);
        }
        writeBeside(directory, config, companions);
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

    private static List<List<SafeTensors.Entry>> shards(LlamaConfig config, long shardBytes) {
        DType dtype = config.torch_dtype().orElseThrow();
        List<List<SafeTensors.Entry>> shards = new ArrayList<>();
        long filled = 0;
        for (Parameter parameter : Parameter.of(config)) {
            long bytes = parameter.numel() * dtype.bytes();
            if (shards.isEmpty() || filled + bytes > shardBytes) {
                shards.add(new ArrayList<>());
                filled = 0;
            }
            List<Long> shape = Arrays.stream(parameter.shape()).boxed().toList();
            shards.getLast().add(new SafeTensors.Entry(parameter.name(), dtype.name(), shape, filled, filled + bytes));
            filled += bytes;
        }
        return shards;
    }

    private static void writeShards(
            Path directory, List<List<SafeTensors.Entry>> shards, Function<String, Tensor> tensors) throws IOException {
        ObjectNode index = ConfigReader.JSON.createObjectNode();
        index.putObject("metadata")
                .put(
                        "total_size",
                        shards.stream()
                                .mapToLong(shard -> shard.getLast().end())
                                .sum());
        ObjectNode weightMap = index.putObject("weight_map");
        for (int i = 0; i < shards.size(); i++) {
            String name = String.format("model-%05d-of-%05d.safetensors", i + 1, shards.size());
            SafeTensorsWriter.write(directory.resolve(name), shards.get(i), tensors, METADATA);
            shards.get(i).forEach(entry -> weightMap.put(entry.name(), name));
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
