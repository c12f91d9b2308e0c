package dev.skald.cli;

import dev.skald.generate.Generator;
import dev.skald.nano.SkaldNano;
import dev.skald.tensor.DType;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The options of every verb that runs a model. */
final class ModelOptions {

    @Option(
            names = "--model",
            paramLabel = "DIR",
            description =
                    "A Hugging Face model directory: config.json, safetensors, tokenizer.json; a .gguf file of llama.cpp; or the output_dir"
                            + " of a training run: its latest checkpoint (default: skald-nano, the small Nordic model that Skald ships).")
    private Path model;

    @Option(
            names = "--adapter",
            paramLabel = "DIR",
            description =
                    "An adapter (LoRA) to put beside the model's weights: a directory as PEFT writes it, or the output_dir of the run that tuned it.")
    private Path adapter;

    @Option(
            names = "--dtype",
            paramLabel = "DTYPE",
            defaultValue = "auto",
            description = "bf16, f32, or auto: as the checkpoint has it (default).")
    private String dtype;

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            defaultValue = "auto",
            description = "cpu, cuda, or auto: the GPU if there is one (default).")
    private String device;

    /** Loads the model; what its generation_config.json asks for without effect is said on {@code err}. */
    Generator load(PrintWriter err) throws IOException {
        Path directory = directory();
        return warned(Generator.load(directory, adapter(), dtype(), device), directory, err);
    }

    private Optional<Path> adapter() {
        return Optional.ofNullable(adapter);
    }

    /** The same for a stated load, see {@link Generator}. */
    Generator load(int sequences, int waiting, PrintWriter err) throws IOException {
        Path directory = directory();
        return warned(Generator.load(directory, adapter(), dtype(), device, sequences, waiting), directory, err);
    }

    /** What the model is called where nobody says it: its directory's name. */
    String name() {
        Path name = model == null ? null : model.toAbsolutePath().normalize().getFileName();
        return name == null ? "skald-nano" : name.toString();
    }

    /** Of the files that the model is loaded from, by their names, sizes and times, and how it is loaded. */
    String fingerprint() throws IOException {
        Fingerprint fingerprint = new Fingerprint().add(dtype).add(device).add(directory());
        if (adapter != null) {
            fingerprint.add("adapter").add(adapter);
        }
        return fingerprint.hex();
    }

    private Optional<DType> dtype() {
        return dtype.equals("auto") ? Optional.empty() : Optional.of(DType.parse(dtype, "--dtype"));
    }

    private Path directory() throws IOException {
        return model == null ? SkaldNano.directory() : model;
    }

    private static Generator warned(Generator generator, Path directory, PrintWriter err) {
        generator
                .ignoredDefaults()
                .forEach(key -> err.println("warning: " + directory.resolve("generation_config.json") + ": " + key
                        + " is not supported and is ignored"));
        err.flush();
        return generator;
    }
}
