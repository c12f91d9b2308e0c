package dev.skald.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skald.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Stream;

/**
 * What an adapter is: PEFT's {@code adapter_config.json} (peft/tuners/lora/config.py), as far as plain LoRA goes.
 *
 * @param r the rank of modules that no pattern names
 * @param alpha theirs too
 * @param dropout part of the inputs that is set to zero while it learns
 * @param targetModules names of modules, or ends of them
 * @param targetPattern a regular expression for whole names, in place of {@code targetModules}
 * @param excludeModules as {@code targetModules}
 * @param layers those that get an adapter; empty: all
 * @param rankPattern by the end of a module's name
 * @param alphaPattern by the end of a module's name
 * @param rankStabilized whether alpha is divided by the root of the rank
 * @param modulesToSave modules that are learned as a whole
 * @param base where the base model was; null when not known
 */
public record AdapterConfig(
        int r,
        double alpha,
        double dropout,
        List<String> targetModules,
        Optional<String> targetPattern,
        List<String> excludeModules,
        List<Integer> layers,
        Map<String, Integer> rankPattern,
        Map<String, Double> alphaPattern,
        boolean rankStabilized,
        List<String> modulesToSave,
        String base) {

    /** The file. */
    public static final String FILE = "adapter_config.json";

    /** The linear modules of a decoder layer. */
    public static final List<String> LINEAR =
            List.of("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj");

    private static final Pattern LAYER = Pattern.compile("\\.layers\\.(\\d+)\\.");

    private static final String ALL_LINEAR = "all-linear";

    /** What PEFT has and is not plain LoRA; it may be there when it is off. */
    private static final List<String> OTHER = List.of(
            "use_dora",
            "lora_bias",
            "trainable_token_indices",
            "target_parameters",
            "layer_replication",
            "use_qalora",
            "alora_invocation_tokens",
            "arrow_config",
            "velora_config");

    /** Keeps copies. */
    public AdapterConfig {
        targetModules = List.copyOf(targetModules);
        excludeModules = List.copyOf(excludeModules);
        layers = List.copyOf(layers);
        rankPattern = Map.copyOf(rankPattern);
        alphaPattern = Map.copyOf(alphaPattern);
        modulesToSave = List.copyOf(modulesToSave);
        targetPattern.ifPresent(AdapterConfig::pattern);
    }

    /** The same with modules that are learned as a whole. */
    public AdapterConfig saving(List<String> modules) {
        return new AdapterConfig(
                r,
                alpha,
                dropout,
                targetModules,
                targetPattern,
                excludeModules,
                layers,
                rankPattern,
                alphaPattern,
                rankStabilized,
                Stream.concat(modulesToSave.stream(), modules.stream())
                        .distinct()
                        .toList(),
                base);
    }

    private static Pattern pattern(String regex) {
        try {
            return Pattern.compile(regex);
        } catch (PatternSyntaxException e) {
            throw new InvalidInputException(
                    "target_modules: '" + regex + "' is no regular expression: " + e.getDescription(), e);
        }
    }

    /**
     * Whether a linear module gets an adapter.
     *
     * @param module {@code model.layers.0.self_attn.q_proj}
     */
    boolean targets(String module) {
        boolean named = targetPattern
                .map(regex -> pattern(regex).matcher(module).matches())
                .orElseGet(() -> targetModules.equals(List.of(ALL_LINEAR))
                        ? LINEAR.stream().anyMatch(each -> isAt(module, each))
                        : targetModules.stream().anyMatch(each -> isAt(module, each)));
        return named
                && excludeModules.stream().noneMatch(each -> isAt(module, each))
                && (layers.isEmpty() || layers.contains(layer(module)));
    }

    /** Whether a module is learned as a whole. */
    boolean saves(String module) {
        return modulesToSave.stream().anyMatch(each -> isAt(module, each));
    }

    /** PEFT's rule for names in lists. */
    private static boolean isAt(String module, String name) {
        return module.equals(name) || module.endsWith("." + name);
    }

    private static int layer(String module) {
        Matcher matcher = LAYER.matcher(module);
        return matcher.find() ? Integer.parseInt(matcher.group(1)) : -1;
    }

    /** A module's rank. */
    int rank(String module) {
        return ofPattern(rankPattern, module).orElse(r);
    }

    /** What a module's product is multiplied by. */
    double scale(String module) {
        double rank = rank(module);
        return ofPattern(alphaPattern, module).orElse(alpha) / (rankStabilized ? Math.sqrt(rank) : rank);
    }

    private static <T> Optional<T> ofPattern(Map<String, T> patterns, String module) {
        return patterns.entrySet().stream()
                .filter(each -> pattern("(.*\\.)?(" + each.getKey() + ")")
                        .matcher(module)
                        .matches())
                .map(Map.Entry::getValue)
                .findFirst();
    }

    /**
     * Of an adapter's directory.
     *
     * @throws InvalidInputException when there is none, or it is no plain LoRA
     */
    public static AdapterConfig read(Path directory) {
        Path file = directory.resolve(FILE);
        if (!Files.isRegularFile(file)) {
            throw new InvalidInputException(
                    directory + ": has no " + FILE + "; expected the directory of an adapter as PEFT writes it");
        }
        JsonNode json;
        try {
            json = ConfigReader.JSON.readTree(file.toFile());
        } catch (IOException e) {
            throw new InvalidInputException(file + ": is not JSON: " + e.getMessage(), e);
        }
        Function<String, InvalidInputException> other = key -> new InvalidInputException(
                file + ": " + key + ": found " + json.get(key) + ", but only plain LoRA is read");
        if (!json.path("peft_type").asText("LORA").equals("LORA")) {
            throw other.apply("peft_type");
        }
        for (String key : OTHER) {
            JsonNode value = json.path(key);
            if (value.isValueNode() ? value.asBoolean() : !value.isEmpty()) {
                throw other.apply(key);
            }
        }
        if (!json.path("bias").asText("none").equals("none")) {
            throw other.apply("bias");
        }
        if (json.path("fan_in_fan_out").asBoolean()) {
            throw other.apply("fan_in_fan_out");
        }
        JsonNode targets = json.path("target_modules");
        if (!json.path("r").isInt() || !json.path("lora_alpha").isNumber() || targets.isMissingNode()) {
            throw new InvalidInputException(file + ": expected peft_type, r, lora_alpha and target_modules");
        }
        boolean allLinear = targets.asText("").equals(ALL_LINEAR);
        return new AdapterConfig(
                json.get("r").intValue(),
                json.get("lora_alpha").doubleValue(),
                json.path("lora_dropout").asDouble(0),
                allLinear ? List.of(ALL_LINEAR) : texts(targets),
                targets.isTextual() && !allLinear ? Optional.of(targets.textValue()) : Optional.empty(),
                texts(json.path("exclude_modules")),
                numbers(json.path("layers_to_transform")),
                map(json.path("rank_pattern"), JsonNode::intValue),
                map(json.path("alpha_pattern"), JsonNode::doubleValue),
                json.path("use_rslora").asBoolean(),
                texts(json.path("modules_to_save")),
                json.path("base_model_name_or_path").textValue());
    }

    private static List<String> texts(JsonNode list) {
        List<String> texts = new ArrayList<>();
        list.forEach(each -> texts.add(each.asText()));
        return texts;
    }

    private static List<Integer> numbers(JsonNode list) {
        List<Integer> numbers = new ArrayList<>();
        if (list.isInt()) {
            numbers.add(list.intValue());
        }
        list.forEach(each -> numbers.add(each.intValue()));
        return numbers;
    }

    private static <T> Map<String, T> map(JsonNode object, Function<JsonNode, T> value) {
        Map<String, T> map = new LinkedHashMap<>();
        object.properties().forEach(each -> map.put(each.getKey(), value.apply(each.getValue())));
        return map;
    }

    /** As PEFT writes it. */
    String toJson() {
        ObjectNode json = ConfigReader.JSON.createObjectNode();
        json.putNull("auto_mapping");
        json.put("base_model_name_or_path", base);
        json.put("bias", "none");
        json.put("fan_in_fan_out", false);
        json.put("inference_mode", true);
        json.put("init_lora_weights", true);
        json.putNull("layers_pattern");
        array(
                json,
                "layers_to_transform",
                layers.stream().map(each -> (Object) each).toList());
        number(json, "lora_alpha", alpha);
        json.put("lora_dropout", dropout);
        array(json, "modules_to_save", modulesToSave);
        json.put("peft_type", "LORA");
        json.put("r", r);
        ObjectNode ranks = json.putObject("rank_pattern");
        rankPattern.forEach(ranks::put);
        ObjectNode alphas = json.putObject("alpha_pattern");
        alphaPattern.forEach((key, value) -> number(alphas, key, value));
        json.putNull("revision");
        if (targetPattern.isPresent()) {
            json.put("target_modules", targetPattern.get());
        } else {
            array(json, "target_modules", targetModules);
        }
        array(json, "exclude_modules", excludeModules);
        json.put("task_type", "CAUSAL_LM");
        json.put("use_dora", false);
        json.put("use_rslora", rankStabilized);
        return json.toPrettyString() + "\n";
    }

    private static void number(ObjectNode json, String key, double value) {
        if (value == Math.rint(value) && Math.abs(value) < 1e9) {
            json.put(key, (int) value);
        } else {
            json.put(key, value);
        }
    }

    private static void array(ObjectNode json, String key, List<?> values) {
        if (values.isEmpty()) {
            json.putNull(key);
            return;
        }
        ArrayNode array = json.putArray(key);
        values.forEach(each -> array.addPOJO(each));
    }
}
