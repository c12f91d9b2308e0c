package dev.skald.train;

import dev.skald.InvalidInputException;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Where a run's weights come from when it begins. */
sealed interface StartingWeights {

    /** Weights in files that are not safetensors: of PyTorch, TensorFlow, Flax, Meta, llama.cpp, ONNX. */
    Pattern OTHERS = Pattern.compile(
            "(?i).*\\.(bin|pt|pth|ckpt|h5|msgpack|onnx|ot|npz|gguf|ggml|distcp)|.*\\.ckpt\\.index|(pytorch_model|model)\\..*index\\.json");

    /** Files that end so and hold no weights. */
    Pattern NO_WEIGHTS =
            Pattern.compile("(?i)(training_args|optimizer|scheduler|scaler|rng_state.*|tokenizer.*)\\.\\w+");

    /** A checkpoint of the run itself. */
    record Checkpoint(Path directory) implements StartingWeights {}

    /** The base model's. */
    record BaseModel(Path directory) implements StartingWeights {}

    /** None: the base model is a configuration only. */
    record Random(long seed) implements StartingWeights {}

    /**
     * The weights of a run.
     *
     * @param resumed the checkpoint to go on from
     * @throws InvalidInputException when the base model has weights that cannot be read
     */
    static StartingWeights of(Optional<Path> resumed, Path base, long seed) throws IOException {
        if (resumed.isPresent()) {
            return new Checkpoint(resumed.get());
        }
        return areIn(base) ? new BaseModel(base) : new Random(seed);
    }

    /**
     * Whether a directory has weights.
     *
     * @throws InvalidInputException when it has some, but not as safetensors
     */
    static boolean areIn(Path directory) throws IOException {
        if (Files.isRegularFile(directory)) {
            throw new InvalidInputException("base_model " + directory
                    + ": is a file; expected a Hugging Face model directory (a .gguf file is not trained from)");
        }
        List<String> names;
        try (Stream<Path> files = Files.walk(directory, 2)) { // Meta's own lie in original/
            names = files.filter(Files::isRegularFile)
                    .map(file -> directory.relativize(file).toString())
                    .filter(name -> !name.contains(File.separator) || name.startsWith("original" + File.separator))
                    .sorted()
                    .toList();
        }
        if (names.stream().anyMatch(name -> name.endsWith(".safetensors") && !name.contains(File.separator))) {
            return true;
        }
        names.stream()
                .filter(name -> OTHERS.matcher(name).matches()
                        && !NO_WEIGHTS
                                .matcher(Path.of(name).getFileName().toString())
                                .matches())
                .findFirst()
                .ifPresent(other -> {
                    throw new InvalidInputException("base_model " + directory + ": has " + other
                            + ", which is not read; expected weights as .safetensors, or none for random ones");
                });
        return false;
    }

    /** The word for it in trainer_state.json. */
    default String word() {
        return switch (this) {
            case Checkpoint _ -> "checkpoint";
            case BaseModel _ -> "base_model";
            case Random _ -> "random";
        };
    }

    /** For the user. */
    default String describe() {
        return switch (this) {
            case Checkpoint checkpoint -> "of checkpoint " + checkpoint.directory;
            case BaseModel model -> "of base_model " + model.directory;
            case Random random -> "random, seed " + random.seed;
        };
    }
}
