package dev.skald.train;

import dev.skald.InvalidInputException;
import dev.skald.kernel.Kernels;
import dev.skald.model.AdapterConfig;
import dev.skald.model.AdapterParameters;
import dev.skald.model.BaseWeights;
import dev.skald.model.LlamaCheckpoint;
import dev.skald.model.LlamaCheckpointWriter;
import dev.skald.model.LlamaConfig;
import dev.skald.model.LlamaParameters;
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
 * @param base the files of the base model; empty where all is learned
 * @param files writes what is learned
 */
record TrainedModel(TrainableWeights weights, Optional<LlamaCheckpoint> base, CheckpointWriter.ModelFiles files)
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
            StartingWeights starting,
            Map<String, Path> companions) {
        return config.lora().isOn()
                ? adapter(config, model, dtype, device, starting, companions)
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

    private static TrainedModel adapter(
            TrainerConfig config,
            LlamaConfig model,
            DType dtype,
            DeviceType device,
            StartingWeights starting,
            Map<String, Path> companions) {
        LlamaCheckpoint base = LlamaCheckpoint.openAs(Path.of(config.baseModel()), dtype, device);
        try {
            AdapterConfig adapter = adapterConfig(config, base.config(), model);
            AdapterParameters parameters = new AdapterParameters(model, adapter, new BaseWeights(base), dtype, device);
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
            return new TrainedModel(parameters, Optional.of(base), (directory, tensors) -> {
                parameters.write(directory, parameter -> tensors.get(parameter.index()));
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
    Preferences.Reference reference(TrainerConfig config, LlamaConfig model, DeviceType device, Kernels kernels) {
        DType dtype = DType.of(weights.flat().scalar_type());
        LlamaCheckpoint files =
                base.orElseGet(() -> LlamaCheckpoint.openAs(Path.of(config.baseModel()), dtype, device));
        List<AutoCloseable> owned = new ArrayList<>();
        if (base.isEmpty()) {
            owned.add(files);
        }
        boolean grown = model.vocab_size() > files.config().vocab_size();
        Weights before;
        if (config.lora().loraModelDir() != null) {
            AdapterParameters adapter =
                    AdapterParameters.load(Path.of(config.lora().loraModelDir()), files, device);
            owned.addFirst(adapter);
            before = adapter;
        } else if (grown) {
            LlamaParameters parameters = new LlamaParameters(model, dtype, device);
            parameters.copyFrom(files.tensors());
            owned.addFirst(parameters);
            before = parameters;
        } else {
            before = new Weights.Fixed(files::tensor);
        }
        return new Preferences.Reference(new TrainableLlama(model, before, device, kernels, false), owned);
    }

    @Override
    public void close() {
        weights.close();
        base.ifPresent(LlamaCheckpoint::close);
    }
}
