package dev.skald.train;

import dev.skald.InvalidInputException;
import dev.skald.base.Progress;
import dev.skald.kernel.Kernels;
import dev.skald.model.AdapterConfig;
import dev.skald.model.AdapterParameters;
import dev.skald.model.BaseWeights;
import dev.skald.model.LlamaCheckpoint;
import dev.skald.model.LlamaCheckpointWriter;
import dev.skald.model.LlamaConfig;
import dev.skald.model.LlamaParameters;
import dev.skald.model.ModelFingerprint;
import dev.skald.model.TrainableLlama;
import dev.skald.model.TrainableWeights;
import dev.skald.model.Weights;
import dev.skald.tensor.DType;
import dev.skald.tensor.DeviceType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The weights of a run, where they come from, and how they are written: all of a model's, or an adapter's beside those of a base model, which stay
 * mapped from its files. {@link #close} frees them.
 *
 * @param weights what is learned, and what is not
 * @param base the base model; empty where all is learned
 * @param files writes what is learned
 */
record TrainedModel(TrainableWeights weights, Optional<BaseWeights> base, CheckpointWriter.ModelFiles files)
        implements AutoCloseable {

    /**
     * The weights that a run begins with.
     *
     * @param starting where they come from
     * @param companions the files that every checkpoint has a copy of: the tokenizer's, mostly
     */
    static TrainedModel of(
            TrainerConfig config,
            LlamaConfig model,
            DType dtype,
            DeviceType device,
            Kernels kernels,
            StartingWeights starting,
            Map<String, Path> companions) {
        return config.lora().isOn()
                ? adapter(config, model, dtype, base(config, dtype, device, kernels), device, starting, companions)
                : whole(model, dtype, device, starting, companions);
    }

    private static TrainedModel whole(
            LlamaConfig model, DType dtype, DeviceType device, StartingWeights starting, Map<String, Path> companions) {
        LlamaParameters parameters = new LlamaParameters(model, dtype, device);
        switch (starting) {
            case StartingWeights.Checkpoint checkpoint -> copy(checkpoint.directory(), parameters, dtype, device);
            case StartingWeights.BaseModel baseModel -> copy(baseModel.directory(), parameters, dtype, device);
            case StartingWeights.Random random -> parameters.initialize(random.seed());
        }
        return new TrainedModel(
                parameters,
                Optional.empty(),
                (directory, tensors) -> LlamaCheckpointWriter.writeInto(
                        directory, model, tensors, companions, LlamaCheckpointWriter.DEFAULT_SHARD_BYTES));
    }

    private static void copy(Path directory, LlamaParameters parameters, DType dtype, DeviceType device) {
        try (LlamaCheckpoint checkpoint = LlamaCheckpoint.open(directory, Optional.of(dtype), device)) {
            parameters.copyFrom(checkpoint.tensors());
        }
    }

    /** The base model of an adapter, held as the configuration says. */
    private static BaseWeights base(TrainerConfig config, DType dtype, DeviceType device, Kernels kernels) {
        Path directory = Path.of(config.baseModel());
        Optional<BaseWeights.Bits> bits = config.lora().bits();
        if (bits.isEmpty()) {
            return BaseWeights.open(directory, dtype, device);
        }
        if (device != DeviceType.CPU || dtype == DType.F16) {
            throw new InvalidInputException(
                    "load_in_4bit and load_in_8bit are for bf16 and float32 on the CPU; expected them false");
        }
        long elements = LlamaCheckpoint.readConfig(directory).parameterCount();
        try (Progress progress = Progress.ofBytes("quantising", 2 * elements)) {
            return BaseWeights.quantised(
                    directory, bits.get(), dtype, kernels.workers(), each -> progress.addBytes(2 * each.numel()));
        }
    }

    private static TrainedModel adapter(
            TrainerConfig config,
            LlamaConfig model,
            DType dtype,
            BaseWeights base,
            DeviceType device,
            StartingWeights starting,
            Map<String, Path> companions) {
        try {
            AdapterConfig adapter = adapterConfig(config, base.config(), model);
            AdapterParameters parameters = new AdapterParameters(model, adapter, base, dtype, device);
            switch (starting) {
                case StartingWeights.Checkpoint checkpoint -> parameters.copyFrom(checkpoint.directory());
                case StartingWeights.BaseModel _ -> {
                    if (config.lora().loraModelDir() == null) {
                        parameters.initialize(config.seed());
                    } else {
                        parameters.copyFrom(Path.of(config.lora().loraModelDir()));
                    }
                }
                case StartingWeights.Random _ ->
                    throw new InvalidInputException("base_model " + config.baseModel()
                            + ": has no weights; an adapter is learned beside those of a model");
            }
            String fingerprint = ModelFingerprint.of(Path.of(config.baseModel()));
            return new TrainedModel(parameters, Optional.of(base), (directory, tensors) -> {
                parameters.write(directory, parameter -> tensors.get(parameter.index()), Optional.of(fingerprint));
                LlamaCheckpointWriter.writeBeside(directory, model.withDType(dtype), companions);
            });
        } catch (RuntimeException e) {
            base.close();
            throw e;
        }
    }

    /** Tokens that are added are learned with the adapter: it saves the embeddings and the output layer. */
    static AdapterConfig adapterConfig(TrainerConfig config, LlamaConfig base, LlamaConfig model) {
        AdapterConfig adapter = config.lora().adapterConfig(config.baseModel());
        if (model.vocab_size() == base.vocab_size()) {
            return adapter;
        }
        return adapter.saving(
                model.tie_word_embeddings() ? List.of("embed_tokens") : List.of("embed_tokens", "lm_head"));
    }

    /** The model as the run began, which preferences are compared with: the base model, with the adapter and the tokens that the run began with. */
    Reference reference(TrainerConfig config, LlamaConfig model, DeviceType device, Kernels kernels) {
        DType dtype = DType.of(weights.flat().scalar_type());
        boolean grown = model.vocab_size() > stated(config).vocab_size();
        List<AutoCloseable> owned = new ArrayList<>();
        Weights before;
        if (base.isPresent() && (grown || config.lora().loraModelDir() != null)) {
            AdapterParameters adapter;
            if (config.lora().loraModelDir() != null) {
                adapter = AdapterParameters.load(Path.of(config.lora().loraModelDir()), base.get(), dtype, device);
            } else {
                adapter = new AdapterParameters(
                        model, adapterConfig(config, base.get().config(), model), base.get(), dtype, device);
                adapter.initialize(config.seed());
            }
            owned.add(adapter);
            before = adapter;
        } else if (base.isPresent()) {
            before = base.get().fixed();
        } else if (grown) {
            LlamaParameters parameters = new LlamaParameters(model, dtype, device);
            copy(Path.of(config.baseModel()), parameters, dtype, device);
            owned.add(parameters);
            before = parameters;
        } else {
            BaseWeights files = BaseWeights.open(Path.of(config.baseModel()), dtype, device);
            owned.add(files);
            before = files.fixed();
        }
        return new Reference(new TrainableLlama(model, before, device, kernels, false), owned);
    }

    private static LlamaConfig stated(TrainerConfig config) {
        return LlamaCheckpoint.readConfig(Path.of(config.baseModel()));
    }

    @Override
    public void close() {
        weights.close();
        base.ifPresent(BaseWeights::close);
    }
}
