package dev.skald.model;

import com.fasterxml.jackson.databind.JsonNode;
import dev.skald.InvalidInputException;
import dev.skald.base.HostMemory;
import dev.skald.gguf.Gguf;
import dev.skald.tensor.DType;
import dev.skald.tensor.DeviceType;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/**
 * The weights of a GGUF file, or of a Hugging Face model directory: {@code config.json} and {@code model.safetensors}, or the shards that {@code
 * model.safetensors.index.json} names. Weights that have the wanted dtype already are views of the mapped files; others are copies. Every
 * name, shape and dtype is checked before a tensor is used. {@link #close} frees tensors and mappings.
 */
public final class LlamaCheckpoint implements StoredWeights {

    private static final String SINGLE = "model.safetensors";
    private static final String INDEX = "model.safetensors.index.json";

    private final LlamaConfig config;
    private final DType dtype;
    private final List<SafeTensors> files;
    private final List<Tensor> tensors;
    private final ReadAhead readAhead;

    private LlamaCheckpoint(LlamaConfig config, DType dtype, List<SafeTensors> files, List<Tensor> tensors) {
        this.config = config;
        this.dtype = dtype;
        this.files = files;
        this.tensors = tensors;
        this.readAhead = new ReadAhead(files);
    }

    /**
     * Opens a model directory, or a GGUF file.
     *
     * @param wanted the dtype of the weights; empty for {@code auto}: what config.json says, else what the files have; f16 becomes f32 on
     *     the CPU, which does not compute in f16
     * @throws InvalidInputException when a file is missing or not valid, a tensor is missing, unknown, or of the wrong shape or dtype, or the
     *     weights need more memory than there is
     */
    public static LlamaCheckpoint open(Path directory, Optional<DType> wanted, DeviceType device) {
        return open(directory, wanted, device, false, true);
    }

    /** As {@link #open} on the CPU, in the dtype that it has, for who reads each tensor once: it may be larger than the memory. */
    public static LlamaCheckpoint openToRead(Path directory) {
        return open(directory, Optional.empty(), DeviceType.CPU, true, false);
    }

    /** As {@link #open}, in exactly this dtype, f16 on the CPU included. */
    public static LlamaCheckpoint openAs(Path directory, DType dtype, DeviceType device) {
        return open(directory, Optional.of(dtype), device, true, true);
    }

    private static LlamaCheckpoint open(
            Path directory, Optional<DType> wanted, DeviceType device, boolean exactly, boolean inMemory) {
        if (Gguf.isGguf(directory)) {
            return openGguf(directory, wanted, device);
        }
        if (!Files.isDirectory(directory)) {
            throw new InvalidInputException(
                    directory + ": no such directory (expected a Hugging Face model directory, or a .gguf file)");
        }
        LlamaConfig config = LlamaConfig.read(directory.resolve("config.json"));
        List<SafeTensors> files = new ArrayList<>();
        try {
            Map<String, SafeTensors> homes = tensorHomes(directory, files);
            if (config.num_hidden_layers() > homes.size()) {
                throw new InvalidInputException(directory + ": config.json has num_hidden_layers "
                        + config.num_hidden_layers() + ", the files have only " + homes.size() + " tensors");
            }
            config = withOwnHead(config, homes);
            List<Parameter> parameters = Parameter.of(config);
            check(directory, config, parameters, homes);
            DType dtype = wanted.or(config::torch_dtype).orElseGet(() -> storedDType(parameters.getFirst(), homes));
            if (dtype == DType.F16 && device == DeviceType.CPU && !exactly) {
                dtype = DType.F32;
            }
            if (inMemory) {
                checkMemory(directory, parameters, homes, dtype, device);
            }
            List<Tensor> tensors = place(parameters, homes, dtype, device);
            return new LlamaCheckpoint(config.withDType(dtype), dtype, files, tensors);
        } catch (RuntimeException e) {
            files.forEach(SafeTensors::close);
            throw e;
        }
    }

    /** All weights are copies, quantised ones turned to the dtype; the file is let go. */
    private static LlamaCheckpoint openGguf(Path file, Optional<DType> wanted, DeviceType device) {
        try (Gguf gguf = Gguf.open(file)) {
            GgufLlama llama = new GgufLlama(gguf);
            LlamaConfig config = llama.config();
            DType dtype = wanted.or(config::torch_dtype).orElse(DType.F32);
            if (dtype == DType.F16 && device == DeviceType.CPU) {
                dtype = DType.F32;
            }
            llama.check();
            long bytes = config.parameterCount() * dtype.bytes();
            if (device == DeviceType.CPU && bytes > HostMemory.available()) {
                throw noMemory(file, bytes, dtype);
            }
            return new LlamaCheckpoint(config.withDType(dtype), dtype, new ArrayList<>(), llama.tensors(dtype, device));
        }
    }

    /**
     * The configuration of a model directory with weights: what its config.json says, but for {@code tie_word_embeddings} where the files have an
     * output layer that is not the embedding.
     *
     * @throws InvalidInputException as {@link #open}, for what the files' headers show
     */
    public static LlamaConfig readConfig(Path directory) {
        LlamaConfig config = LlamaConfig.read(directory.resolve("config.json"));
        if (!config.tie_word_embeddings()) {
            return config;
        }
        List<SafeTensors> files = new ArrayList<>();
        try {
            return withOwnHead(config, tensorHomes(directory, files));
        } finally {
            files.forEach(SafeTensors::close);
        }
    }

    /** As transformers, which ties only what the file has once: an output layer that differs from the embedding is the model's. */
    static LlamaConfig withOwnHead(LlamaConfig config, Map<String, SafeTensors> homes) {
        SafeTensors embedding = homes.get(Parameter.EMBEDDING);
        SafeTensors head = homes.get(Parameter.HEAD);
        if (!config.tie_word_embeddings() || embedding == null || head == null) {
            return config;
        }
        boolean same = embedding
                .bytes(Parameter.EMBEDDING)
                .flatMap(bytes -> head.bytes(Parameter.HEAD).map(others -> bytes.mismatch(others) < 0))
                .orElse(false);
        return same ? config : config.untied();
    }

    /** The configuration; its dtype is that of the weights. */
    @Override
    public LlamaConfig config() {
        return config;
    }

    /** The dtype of all weights. */
    @Override
    public DType dtype() {
        return dtype;
    }

    @Override
    public long bytes() {
        return config.parameterCount() * dtype.bytes();
    }

    @Override
    public Weights weights() {
        return new Weights.Fixed(this::tensor);
    }

    /** A parameter's weights; valid, and read-only where they are a view, until this is closed. */
    public Tensor tensor(Parameter parameter) {
        return tensors.get(parameter.index());
    }

    /** Lets go of the memory that a mapped parameter was read into: its pages are read from the disk again if somebody wants them. */
    void unload(Parameter parameter) {
        for (SafeTensors file : files) {
            file.bytes(parameter.name()).filter(MemorySegment::isMapped).ifPresent(MemorySegment::unload);
        }
    }

    /** All of them in the order of {@link Parameter#of}. */
    public List<Tensor> tensors() {
        return List.copyOf(tensors);
    }

    /** Frees the tensors and unmaps the files. */
    @Override
    public void close() {
        readAhead.close();
        tensors.forEach(Tensor::releaseReference);
        tensors.clear();
        files.forEach(SafeTensors::close);
        files.clear();
    }

    /** Which file has which tensor; opened files are added to {@code files}. */
    static Map<String, SafeTensors> tensorHomes(Path directory, List<SafeTensors> files) {
        Path single = directory.resolve(SINGLE);
        Path index = directory.resolve(INDEX);
        Map<String, SafeTensors> homes = new LinkedHashMap<>();
        if (Files.exists(single)) {
            SafeTensors file = SafeTensors.open(single);
            files.add(file);
            file.entries().keySet().forEach(name -> homes.put(name, file));
        } else if (Files.exists(index)) {
            readIndex(directory, ConfigReader.open(index), files, homes);
        } else {
            throw new InvalidInputException(directory + ": neither " + SINGLE + " nor " + INDEX + " is there");
        }
        return homes;
    }

    private static void readIndex(
            Path directory, ConfigReader index, List<SafeTensors> files, Map<String, SafeTensors> homes) {
        JsonNode map = index.node("weight_map");
        if (!map.isObject()) {
            throw index.error("weight_map", "missing, expected tensor names with their files");
        }
        Map<String, SafeTensors> byName = new LinkedHashMap<>();
        map.properties().forEach(property -> {
            String tensor = property.getKey();
            String shard = property.getValue().asText();
            if (shard.indexOf('/') >= 0 || shard.indexOf('\\') >= 0 || shard.indexOf('\0') >= 0) {
                throw index.error("weight_map", "'" + shard + "' for '" + tensor + "', expected a plain file name");
            }
            SafeTensors file = byName.get(shard);
            if (file == null) {
                file = SafeTensors.open(directory.resolve(shard));
                files.add(file);
                byName.put(shard, file);
            }
            if (!file.entries().containsKey(tensor)) {
                throw new InvalidInputException(
                        file.file() + ": tensor '" + tensor + "' is missing, " + INDEX + " says it is here");
            }
            homes.put(tensor, file);
        });
        for (SafeTensors file : files) {
            for (String name : file.entries().keySet()) {
                if (homes.get(name) != file && !isRopeFrequencies(name)) {
                    throw new InvalidInputException(
                            file.file() + ": tensor '" + name + "' is not in the weight_map of " + INDEX);
                }
            }
        }
    }

    /** @throws InvalidInputException when a tensor is missing, unknown, or of the wrong shape or dtype */
    static void check(Path directory, LlamaConfig config, List<Parameter> parameters, Map<String, SafeTensors> homes) {
        TreeSet<String> unknown = new TreeSet<>(homes.keySet());
        for (Parameter parameter : parameters) {
            SafeTensors file = homes.get(parameter.name());
            if (file == null) {
                throw new InvalidInputException(directory + ": tensor '" + parameter.name() + "' is missing");
            }
            SafeTensors.Entry entry = file.entries().get(parameter.name());
            String where = file.file() + ": tensor '" + parameter.name() + "'";
            List<Long> shape = Arrays.stream(parameter.shape()).boxed().toList();
            if (!entry.shape().equals(shape)) {
                throw new InvalidInputException(
                        where + " has shape " + entry.shape() + ", config.json asks for " + shape);
            }
            DType.parse(entry.dtype(), where);
            unknown.remove(parameter.name());
        }
        // Written by older versions of transformers, and ignored by all: the output's copy of a tied embedding, and
        // RoPE's frequencies.
        unknown.removeIf(
                name -> isRopeFrequencies(name) || (config.tie_word_embeddings() && name.equals(Parameter.HEAD)));
        if (!unknown.isEmpty()) {
            throw new InvalidInputException(homes.get(unknown.first()).file() + ": tensor '" + unknown.first()
                    + "' is not one of this model's (" + unknown.size() + " such)");
        }
    }

    private static boolean isRopeFrequencies(String name) {
        return name.endsWith(".rotary_emb.inv_freq");
    }

    private static DType storedDType(Parameter parameter, Map<String, SafeTensors> homes) {
        SafeTensors file = homes.get(parameter.name());
        return DType.parse(file.entries().get(parameter.name()).dtype(), file.file() + ": " + parameter.name());
    }

    /** What has to be copied must fit into free memory; what is mapped into the machine's, or every token would read the disk. */
    private static void checkMemory(
            Path directory,
            List<Parameter> parameters,
            Map<String, SafeTensors> homes,
            DType dtype,
            DeviceType device) {
        if (device != DeviceType.CPU) {
            return;
        }
        long copied = 0;
        long mapped = 0;
        for (Parameter parameter : parameters) {
            long bytes = Math.multiplyExact(parameter.numel(), (long) dtype.bytes());
            if (storedDType(parameter, homes) == dtype) {
                mapped += bytes;
            } else {
                copied += bytes;
            }
        }
        if (copied + mapped > HostMemory.total() || copied > HostMemory.available()) {
            throw noMemory(directory, copied + mapped, dtype);
        }
    }

    private static InvalidInputException noMemory(Path model, long bytes, DType dtype) {
        return new InvalidInputException(String.format(
                "%s: not enough memory: the weights need %.1f GiB in %s, this machine has %.1f GiB, %.1f of them free",
                model, gib(bytes), dtype, gib(HostMemory.total()), gib(HostMemory.available())));
    }

    private static double gib(long bytes) {
        return bytes / (double) (1L << 30);
    }

    private static List<Tensor> place(
            List<Parameter> parameters, Map<String, SafeTensors> homes, DType dtype, DeviceType device) {
        List<Tensor> placed = new ArrayList<>();
        for (Parameter parameter : parameters) {
            try (PointerScope _ = new PointerScope()) {
                Tensor tensor = device.place(homes.get(parameter.name()).tensor(parameter.name()), dtype);
                tensor.retainReference();
                placed.add(tensor);
            }
        }
        return placed;
    }
}
