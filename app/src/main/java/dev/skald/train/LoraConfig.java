package dev.skald.train;

import dev.skald.InvalidInputException;
import dev.skald.config.Key;
import dev.skald.model.AdapterConfig;
import dev.skald.model.BaseWeights;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The keys of a {@code trainer.yaml} about adapters, and about the precision of a base model that is not learned. */
public record LoraConfig(
        @Key(
                "lora: only small matrices beside those of the model are learned; qlora: the same, the model held in 4 bits; all parameters when not given.")
        String adapter,

        @Key(
                name = "load_in_8bit",
                value = "Hold the model's matrices in 8 bits; with an adapter.",
                defaultValue = "false")
        boolean loadIn8bit,

        @Key(
                name = "load_in_4bit",
                value = "Hold the model's matrices in 4 bits (NF4); with adapter: qlora.",
                defaultValue = "false")
        boolean loadIn4bit,

        @Key(value = "Rank of the adapter's matrices.", defaultValue = "8")
        int loraR,

        @Key(value = "The adapter's product is multiplied by lora_alpha / lora_r.", defaultValue = "8")
        double loraAlpha,

        @Key(value = "Part of the adapter's inputs that is set to zero while training.", defaultValue = "0.0")
        double loraDropout,

        @Key("The modules that get an adapter: names, or one regular expression for whole names.")
        List<String> loraTargetModules,

        @Key(value = "All linear modules but the output layer get an adapter.", defaultValue = "false")
        boolean loraTargetLinear,

        @Key("Modules of those that get none.") List<String> loraExcludeModules,

        @Key("Modules that are learned as a whole: embed_tokens, lm_head.")
        List<String> loraModulesToSave,

        @Key("Other ranks, by module.") Map<String, Integer> loraRankPattern,

        @Key("Other alphas, by module.") Map<String, Double> loraAlphaPattern,

        @Key("The adapter to go on from.") String loraModelDir,

        @Key(value = "Divide lora_alpha by the root of lora_r.", defaultValue = "false")
        boolean peftUseRslora,

        @Key("The layers that get an adapter; all when not given.")
        List<Integer> peftLayersToTransform) {

    /** @throws InvalidInputException when keys contradict each other */
    public LoraConfig {
        loraTargetModules = List.copyOf(loraTargetModules);
        loraExcludeModules = List.copyOf(loraExcludeModules);
        loraModulesToSave = List.copyOf(loraModulesToSave);
        loraRankPattern = Collections.unmodifiableMap(new TreeMap<>(loraRankPattern));
        loraAlphaPattern = Collections.unmodifiableMap(new TreeMap<>(loraAlphaPattern));
        peftLayersToTransform = List.copyOf(peftLayersToTransform);
        if (adapter != null && !adapter.equals("lora") && !adapter.equals("qlora")) {
            throw new InvalidInputException("adapter: found '" + adapter + "', expected lora or qlora");
        }
        if ((loadIn4bit || loadIn8bit) && adapter == null) {
            throw new InvalidInputException("load_in_" + (loadIn4bit ? 4 : 8)
                    + "bit wants adapter: lora or qlora, for only a model that is not learned can be held so");
        }
        if ("qlora".equals(adapter) && (!loadIn4bit || loadIn8bit)) {
            throw new InvalidInputException("adapter qlora wants load_in_4bit: true, and not load_in_8bit");
        }
        if (loadIn4bit && loadIn8bit) {
            throw new InvalidInputException("load_in_4bit contradicts load_in_8bit: give one of them");
        }
        if (adapter != null && !loraTargetLinear && loraTargetModules.isEmpty() && loraModelDir == null) {
            throw new InvalidInputException(
                    "adapter " + adapter + " wants lora_target_modules, or lora_target_linear: true");
        }
        if (loraR < 1 || loraR > 4096) {
            throw new InvalidInputException("lora_r: found " + loraR + ", expected 1 to 4096");
        }
        if (!(loraAlpha > 0)) {
            throw new InvalidInputException("lora_alpha: found " + loraAlpha + ", expected more than 0");
        }
        if (!(loraDropout >= 0 && loraDropout < 1)) {
            throw new InvalidInputException("lora_dropout: found " + loraDropout + ", expected 0 to below 1");
        }
    }

    /**
     * What the adapter is: that of {@code lora_model_dir}, else that of these keys.
     *
     * @param base of the adapter
     */
    AdapterConfig adapterConfig(String base) {
        if (loraModelDir != null) {
            return AdapterConfig.read(Path.of(loraModelDir));
        }
        boolean pattern =
                loraTargetModules.size() == 1 && !loraTargetModules.getFirst().matches("[\\w.-]+");
        Stream<String> linear = loraTargetLinear ? AdapterConfig.LINEAR.stream() : Stream.empty();
        return new AdapterConfig(
                loraR,
                loraAlpha,
                loraDropout,
                pattern
                        ? List.of()
                        : Stream.concat(linear, loraTargetModules.stream())
                                .distinct()
                                .toList(),
                pattern ? Optional.of(loraTargetModules.getFirst()) : Optional.empty(),
                loraExcludeModules,
                peftLayersToTransform,
                loraRankPattern,
                loraAlphaPattern,
                peftUseRslora,
                loraModulesToSave,
                base);
    }

    /** In how many bits the base model is held; empty: as its files have it. */
    Optional<BaseWeights.Bits> bits() {
        if (loadIn4bit) {
            return Optional.of(BaseWeights.Bits.FOUR);
        }
        return loadIn8bit ? Optional.of(BaseWeights.Bits.EIGHT) : Optional.empty();
    }

    /** Whether only an adapter is learned. */
    public boolean isOn() {
        return adapter != null;
    }
}
