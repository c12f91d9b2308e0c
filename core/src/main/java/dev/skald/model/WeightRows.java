package dev.skald.model;

import dev.skald.InvalidInputException;
import dev.skald.gguf.Gguf;
import dev.skald.gguf.GgufKeys;
import dev.skald.gguf.GgufTensor;
import dev.skald.tensor.BlockValues;
import dev.skald.tensor.DType;
import dev.skald.tensor.Format;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The weights of a model's files row by row, in Hugging Face's names and order whatever the files are: mapped, and never in memory as a whole. Reading is
 * thread-safe. {@link #close} unmaps the files.
 */
public final class WeightRows implements AutoCloseable {

    private final LlamaConfig config;
    private final Optional<Gguf> gguf;
    private final List<SafeTensors> files;
    private final Map<String, Stored> stored = new HashMap<>();

    /** A tensor's mapped bytes. */
    private record Stored(Format format, MemorySegment bytes) {}

    private WeightRows(LlamaConfig config, Optional<Gguf> gguf, List<SafeTensors> files) {
        this.config = config;
        this.gguf = gguf;
        this.files = files;
    }

    /**
     * Opens a model directory or a GGUF file.
     *
     * @throws InvalidInputException when a file is missing or not valid, or a tensor is missing, unknown or of the wrong shape
     */
    public static WeightRows open(Path model) {
        if (Gguf.isGguf(model)) {
            return openGguf(model);
        }
        if (!Files.isDirectory(model)) {
            throw new InvalidInputException(
                    model + ": no such directory (expected a Hugging Face model directory, or a .gguf file)");
        }
        List<SafeTensors> files = new ArrayList<>();
        try {
            LlamaConfig read = LlamaConfig.read(model.resolve("config.json"));
            Map<String, SafeTensors> homes = LlamaCheckpoint.tensorHomes(model, files);
            LlamaConfig config = LlamaCheckpoint.withOwnHead(read, homes);
            if (config.num_hidden_layers() > homes.size()) {
                throw new InvalidInputException(model + ": config.json has num_hidden_layers "
                        + config.num_hidden_layers() + ", the files have only " + homes.size() + " tensors");
            }
            LlamaCheckpoint.check(model, config, Parameter.of(config), homes);
            WeightRows rows = new WeightRows(config, Optional.empty(), files);
            for (Parameter parameter : Parameter.of(config)) {
                SafeTensors file = homes.get(parameter.name());
                String dtype = file.entries().get(parameter.name()).dtype();
                rows.stored.put(
                        parameter.name(),
                        new Stored(
                                Format.of(DType.parse(dtype, file.file().toString())),
                                file.bytes(parameter.name()).orElseThrow()));
            }
            return rows;
        } catch (RuntimeException e) {
            files.forEach(SafeTensors::close);
            throw e;
        }
    }

    private static WeightRows openGguf(Path model) {
        Gguf gguf = Gguf.open(model);
        try {
            GgufLlama llama = new GgufLlama(gguf);
            llama.check();
            WeightRows rows = new WeightRows(llama.config(), Optional.of(gguf), List.of());
            for (Parameter parameter : Parameter.of(llama.config())) {
                GgufTensor tensor = gguf.tensors().get(GgufLlama.name(parameter.name()));
                rows.stored.put(parameter.name(), new Stored(tensor.format(), tensor.bytes()));
            }
            return rows;
        } catch (RuntimeException e) {
            gguf.close();
            throw e;
        }
    }

    /** The configuration, as {@link LlamaCheckpoint} has it. */
    public LlamaConfig config() {
        return config;
    }

    /** The keys of a GGUF file. */
    public Optional<GgufKeys> keys() {
        return gguf.map(Gguf::keys);
    }

    /** How the elements of a parameter are stored. */
    public Format format(Parameter parameter) {
        return stored.get(parameter.name()).format();
    }

    /** The values of a row, exactly, to an array of its length. */
    public void read(Parameter parameter, long row, float[] to) {
        Stored from = stored.get(parameter.name());
        BlockValues.read(from.format(), from.bytes(), at(parameter, row), to.length, to, 0);
    }

    /** The stored bytes of a row; valid until this is closed. */
    public MemorySegment bytes(Parameter parameter, long row) {
        Stored from = stored.get(parameter.name());
        return from.bytes().asSlice(at(parameter, row), from.format().bytes(columns(parameter)));
    }

    private long at(Parameter parameter, long row) {
        long place = gguf.isPresent() ? rowInGguf(config, parameter, row) : row;
        return place * format(parameter).bytes(columns(parameter));
    }

    /** Lets go of the memory that a parameter was read into; it is read from the disk again where it is wanted again. */
    public void unload(Parameter parameter) {
        stored.get(parameter.name()).bytes().unload();
    }

    /** The length of a row. */
    public static int columns(Parameter parameter) {
        return Math.toIntExact(parameter.shape()[parameter.shape().length - 1]);
    }

    /** Where a GGUF file has a row: llama.cpp rotates neighbours of a head where transformers rotate its halves. */
    public static long rowInGguf(LlamaConfig config, Parameter parameter, long row) {
        if (!isTurned(parameter)) {
            return row;
        }
        int half = config.head_dim() / 2;
        long inHead = row % config.head_dim();
        return row - inHead + 2 * (inHead % half) + inHead / half;
    }

    /** Which row is a GGUF file's: the reverse of {@link #rowInGguf}. */
    public static long rowOfGguf(LlamaConfig config, Parameter parameter, long row) {
        if (!isTurned(parameter)) {
            return row;
        }
        int half = config.head_dim() / 2;
        long inHead = row % config.head_dim();
        return row - inHead + inHead % 2 * half + inHead / 2;
    }

    /** Whether a GGUF file has a weight's rows in another order. */
    static boolean isTurned(Parameter parameter) {
        return parameter.name().endsWith("q_proj.weight") || parameter.name().endsWith("k_proj.weight");
    }

    /** The name that GGUF has for a parameter. */
    public static String ggufName(Parameter parameter) {
        return GgufLlama.name(parameter.name());
    }

    /** What RoPE's frequencies are divided by, {@code [headDim / 2]}, where a GGUF file has them as a tensor. */
    public static Optional<float[]> ropeDivisors(LlamaConfig config) {
        return config.rope_scaling()
                .filter(LlamaConfig.RopeScaling.Llama3.class::isInstance)
                .map(_ -> RopeTable.divisors(config));
    }

    /** Unmaps the files. */
    @Override
    public void close() {
        gguf.ifPresent(Gguf::close);
        files.forEach(SafeTensors::close);
    }
}
