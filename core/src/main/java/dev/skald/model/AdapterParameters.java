package dev.skald.model;

import dev.skald.InvalidInputException;
import dev.skald.kernel.Gemm;
import dev.skald.tensor.DType;
import dev.skald.tensor.DeviceType;
import dev.skald.tensor.Matrix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Function;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * An adapter beside a base model: the matrices of LoRA, and copies of modules that are learned as a whole. The base model's weights are its owner's,
 * and stay as they are. Names, shapes and file ({@code adapter_model.safetensors}) are PEFT's. {@link #close} frees the adapter alone.
 */
public final class AdapterParameters implements TrainableWeights {

    /** The file of the weights. */
    public static final String FILE = "adapter_model.safetensors";

    private static final String PREFIX = "base_model.model.";
    private static final String DOWN = ".lora_A.weight";
    private static final String UP = ".lora_B.weight";

    private final LlamaConfig model;
    private final AdapterConfig config;
    private final BaseWeights base;
    private final Dropout dropout;
    private final List<Parameter> list = new ArrayList<>();
    /** By the name of a parameter of the base model: its A and B, or its copy. */
    private final Map<String, List<Parameter>> ofBase = new HashMap<>();

    private final Tensor flat;
    private final List<Tensor> views;

    /** Zeros beside the weights of a base model, all of one dtype. */
    public AdapterParameters(
            LlamaConfig model, AdapterConfig config, BaseWeights base, DType dtype, DeviceType device) {
        this.model = model;
        this.config = config;
        this.base = base;
        this.dropout = new Dropout(config.dropout());
        for (Parameter parameter : Parameter.of(model)) {
            for (Shape each : shapes(parameter, config)) {
                long offset = list.isEmpty()
                        ? 0
                        : list.getLast().offset() + list.getLast().numel();
                Parameter own = new Parameter(each.name(), each.sizes(), offset, list.size());
                list.add(own);
                ofBase.computeIfAbsent(parameter.name(), _ -> new ArrayList<>()).add(own);
            }
        }
        check(model);
        long elements = list.getLast().offset() + list.getLast().numel();
        try (PointerScope _ = new PointerScope()) {
            this.flat = kept(device.zeros(dtype, elements));
            this.views = list.stream()
                    .map(p -> kept(flat.narrow(0, p.offset(), p.numel()).view(p.shape())))
                    .toList();
        }
    }

    /**
     * An adapter beside the weights of a checkpoint, which stays its owner's.
     *
     * @param directory with the adapter's two files
     * @throws InvalidInputException when it is none, or not one of this model
     */
    public static AdapterParameters load(Path directory, LlamaCheckpoint checkpoint, DeviceType device) {
        return load(directory, new BaseWeights(checkpoint), checkpoint.dtype(), device);
    }

    /** As {@link #load(Path, LlamaCheckpoint, DeviceType)}, beside a base model's weights in some dtype. */
    public static AdapterParameters load(Path directory, BaseWeights base, DType dtype, DeviceType device) {
        AdapterParameters adapter = new AdapterParameters(
                withItsTokens(base.config(), directory), AdapterConfig.read(directory), base, dtype, device);
        try {
            adapter.copyFrom(directory);
            return adapter;
        } catch (RuntimeException e) {
            adapter.close();
            throw e;
        }
    }

    /** An adapter that has embeddings of its own may have more tokens than the base model. */
    private static LlamaConfig withItsTokens(LlamaConfig model, Path directory) {
        Path path = directory.resolve(FILE);
        if (!Files.isRegularFile(path)) {
            throw new InvalidInputException(directory + ": has no " + FILE);
        }
        try (SafeTensors file = SafeTensors.open(path)) {
            return file.entries().entrySet().stream()
                    .filter(each -> plain(each.getKey()).equals(PREFIX + Parameter.EMBEDDING))
                    .map(each -> model.withVocabSize(
                            Math.toIntExact(each.getValue().shape().getFirst())))
                    .findFirst()
                    .orElse(model);
        }
    }

    @SuppressWarnings("ArrayRecordComponent")
    private record Shape(String name, long... sizes) {}

    /** What an adapter has beside a parameter of the base model. */
    private static List<Shape> shapes(Parameter parameter, AdapterConfig config) {
        String module = module(parameter);
        if (config.saves(module)) {
            return List.of(new Shape(PREFIX + parameter.name(), parameter.shape()));
        }
        if (!parameter.name().contains(".layers.") || parameter.isNorm() || !config.targets(module)) {
            return List.of();
        }
        int rank = config.rank(module);
        return List.of(
                new Shape(PREFIX + module + DOWN, rank, parameter.shape()[1]),
                new Shape(PREFIX + module + UP, parameter.shape()[0], rank));
    }

    /** How many elements an adapter of a model has. */
    public static long count(LlamaConfig model, AdapterConfig config) {
        return Parameter.of(model).stream()
                .flatMap(parameter -> shapes(parameter, config).stream())
                .mapToLong(shape -> Arrays.stream(shape.sizes()).reduce(1, Math::multiplyExact))
                .sum();
    }

    private void check(LlamaConfig model) {
        TreeSet<String> modules = new TreeSet<>();
        Parameter.of(model).forEach(each -> modules.add(module(each).replaceFirst(".*\\.", "")));
        if (list.isEmpty()) {
            throw new InvalidInputException("the adapter's target_modules "
                    + config.targetPattern().orElse(String.valueOf(config.targetModules()))
                    + " match no module; there are " + String.join(", ", modules));
        }
        for (String target : config.targetModules()) {
            if (!target.equals("all-linear")
                    && Parameter.of(model).stream()
                            .noneMatch(each -> config.targets(module(each))
                                    && (module(each).equals(target)
                                            || module(each).endsWith("." + target)))) {
                throw new InvalidInputException("the adapter's target module '" + target
                        + "' is none that can have one; expected some of " + String.join(", ", AdapterConfig.LINEAR));
            }
        }
        for (String saved : config.modulesToSave()) {
            if (Parameter.of(model).stream()
                    .noneMatch(
                            each -> module(each).equals(saved) || module(each).endsWith("." + saved))) {
                throw new InvalidInputException("the adapter's modules_to_save: '" + saved
                        + "' is no module here; there are " + String.join(", ", modules)
                        + (model.tie_word_embeddings() ? " (lm_head is embed_tokens in this model)" : ""));
            }
        }
    }

    /** {@code model.layers.0.self_attn.q_proj} of its weight. */
    private static String module(Parameter parameter) {
        return parameter.name().replaceFirst("\\.weight$", "");
    }

    /** The model with the adapter: that of the base model, perhaps with more tokens. */
    public LlamaConfig model() {
        return model;
    }

    /** What the adapter is. */
    public AdapterConfig config() {
        return config;
    }

    @Override
    public List<Parameter> list() {
        return List.copyOf(list);
    }

    @Override
    public Tensor flat() {
        return flat;
    }

    @Override
    public Tensor view(Parameter parameter) {
        return views.get(parameter.index());
    }

    private Optional<List<Parameter>> of(Parameter parameter) {
        return Optional.ofNullable(ofBase.get(parameter.name()));
    }

    @Override
    public Tensor weight(Parameter parameter) {
        return learned(parameter).map(this::view).orElseGet(() -> base.weight(parameter));
    }

    @Override
    public Optional<Parameter> learned(Parameter parameter) {
        return of(parameter).filter(own -> own.size() == 1).map(List::getFirst);
    }

    @Override
    public Linear linear(Parameter parameter, Gemm gemm) {
        Optional<List<Parameter>> own = of(parameter);
        if (own.isEmpty()) {
            return base.linear(parameter, gemm);
        }
        if (own.get().size() == 1) {
            Parameter copy = own.get().getFirst();
            return new Linear.Plain(copy, Matrix.of(view(copy)), gemm);
        }
        Parameter down = own.get().getFirst();
        Parameter up = own.get().getLast();
        return new Linear.LowRank(
                base.linear(parameter, gemm),
                new Linear.LowRank.Learned(down, Matrix.of(view(down))),
                new Linear.LowRank.Learned(up, Matrix.of(view(up))),
                config.scale(module(parameter)),
                dropout,
                parameter.index(),
                gemm);
    }

    /** What is to be added to a weight, f32 of its shape; empty where there is nothing. The caller's scope frees it. */
    Optional<Tensor> difference(Parameter parameter) {
        return of(parameter).filter(own -> own.size() == 2).map(own -> {
            Tensor up = view(own.getLast()).to(DType.F32.scalarType());
            Tensor down = view(own.getFirst()).to(DType.F32.scalarType());
            return up.mm(down).mul_(new org.bytedeco.pytorch.Scalar(config.scale(module(parameter))));
        });
    }

    @Override
    public void begin(long seed) {
        dropout.begin(seed);
    }

    @Override
    public void end() {
        dropout.end();
    }

    /** Draws A as PEFT does, uniformly from -1/sqrt(in) to 1/sqrt(in); B is zero, and modules that are learned as a whole are those of the base model. */
    public void initialize(long seed) {
        try (PointerScope _ = new PointerScope()) {
            GeneratorOptional generator = new GeneratorOptional(torch.make_generator_cpu(seed));
            for (Parameter parameter : list) {
                if (parameter.name().endsWith(DOWN)) {
                    double bound = 1 / Math.sqrt((double) parameter.shape()[1]);
                    Tensor drawn = torch.zeros(parameter.numel()).uniform_(-bound, bound, generator);
                    view(parameter).copy_(drawn.view(parameter.shape()));
                } else if (!parameter.name().endsWith(UP)) {
                    String name = parameter.name().substring(PREFIX.length());
                    LlamaParameters.copy(view(parameter), base.weight(name));
                }
            }
        }
    }

    /**
     * Copies the weights of an adapter's directory, rounding them to this dtype.
     *
     * @throws InvalidInputException when a tensor is missing, unknown or of another shape
     */
    public void copyFrom(Path directory) {
        Path path = directory.resolve(FILE);
        try (SafeTensors file = SafeTensors.open(path)) {
            Map<String, String> names = new LinkedHashMap<>();
            file.entries().keySet().forEach(name -> names.put(plain(name), name));
            for (Parameter parameter : list) {
                String name = names.remove(parameter.name());
                if (name == null) {
                    throw new InvalidInputException(path + ": tensor '" + parameter.name() + "' is missing");
                }
                List<Long> shape = Arrays.stream(parameter.shape()).boxed().toList();
                if (!file.entries().get(name).shape().equals(shape)) {
                    throw new InvalidInputException(path + ": tensor '" + name + "' has shape "
                            + file.entries().get(name).shape() + ", the base model and " + AdapterConfig.FILE
                            + " ask for " + shape);
                }
                try (PointerScope _ = new PointerScope()) {
                    view(parameter).copy_(file.tensor(name));
                }
            }
            if (!names.isEmpty()) {
                throw new InvalidInputException(path + ": tensor '"
                        + names.values().iterator().next() + "' is none of this adapter's (" + names.size() + " such)");
            }
        }
    }

    /** Some versions of PEFT leave the adapter's name in, and modules that are saved below {@code modules_to_save}. */
    private static String plain(String name) {
        return name.replaceFirst("\\.(lora_[AB])\\.default\\.weight$", ".$1.weight")
                .replaceFirst("\\.modules_to_save(\\.default)?\\.weight$", ".weight");
    }

    /**
     * Writes the adapter's two files into a directory.
     *
     * @param weights by parameter; {@link #view}, or a copy of it
     * @param base the base model's {@link ModelFingerprint}, to be told from another; empty: it is not known
     */
    public void write(Path directory, Function<Parameter, Tensor> weights, Optional<String> base) throws IOException {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        list.forEach(parameter -> tensors.put(parameter.name(), weights.apply(parameter)));
        Map<String, String> metadata = new LinkedHashMap<>(Map.of("format", "pt"));
        base.ifPresent(fingerprint -> metadata.put(ModelFingerprint.KEY, fingerprint));
        SafeTensorsWriter.write(directory.resolve(FILE), tensors, metadata);
        Files.writeString(directory.resolve(AdapterConfig.FILE), config.toJson());
    }

    /** Frees the adapter's memory; the base model's is its owner's. */
    @Override
    public void close() {
        views.forEach(Tensor::releaseReference);
        flat.releaseReference();
    }

    private static Tensor kept(Tensor tensor) {
        tensor.retainReference();
        return tensor;
    }
}
