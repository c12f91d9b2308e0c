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
        Optional<DType> chosen = dtype.equals("auto") ? Optional.empty() : Optional.of(DType.parse(dtype, "--dtype"));
        Path directory = model == null ? SkaldNano.directory() : model;
        Generator generator = Generator.load(directory, chosen, device);
        generator
                .ignoredDefaults()
                .forEach(key -> err.println("warning: " + directory.resolve("generation_config.json") + ": " + key
                        + " is not supported and is ignored"));
        err.flush();
        return generator;
    }
}
